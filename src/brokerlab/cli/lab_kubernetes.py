"""The lab `kubernetes` on the command line: its options, and what `lab` and `scenario run` do with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from brokerlab.cli import clusters, terminal

if TYPE_CHECKING:
    from brokerlab.core.broker import Broker
    from brokerlab.core.lab import Lab, Progress
    from brokerlab.core.node import NodeSpec
    from brokerlab.labs.kubernetes.connection import Place
    from brokerlab.labs.kubernetes.lab import KubernetesLab
    from brokerlab.labs.kubernetes.life import Order
    from brokerlab.labs.kubernetes.parts import Images

NAMESPACE = "brokerlab"
READY_S = 90.0
UP = "brokerlab lab up --lab kubernetes"

Namespace = Annotated[
    str, typer.Option("--namespace", envvar="BROKERLAB_NAMESPACE", help="Lab kubernetes: where its pods are.")
]
Image = Annotated[
    str | None,
    typer.Option(
        "--image", envvar="BROKERLAB_IMAGE", help="Lab kubernetes: our agents' image.", show_default="built here"
    ),
]
Registry = Annotated[
    str | None,
    typer.Option("--registry", metavar="HOST/PATH", help="Lab kubernetes: push the image that is built there."),
]
BrokerImage = Annotated[
    str | None,
    typer.Option(
        "--broker-image",
        envvar="BROKERLAB_BROKER_IMAGE",
        help="Lab kubernetes: the broker's image.",
        show_default="its own",
    ),
]
PostgresImage = Annotated[
    str | None,
    typer.Option(
        "--postgres-image",
        envvar="BROKERLAB_POSTGRES_IMAGE",
        help="Lab kubernetes: for scenarios with a database.",
        show_default="postgres",
    ),
]
PrometheusUrl = Annotated[
    str | None,
    typer.Option("--prometheus-url", metavar="URL", help="Lab kubernetes: a Prometheus that scrapes the cluster."),
]
PrometheusImage = Annotated[
    str | None,
    typer.Option(
        "--prometheus-image",
        envvar="BROKERLAB_PROMETHEUS_IMAGE",
        help="Lab kubernetes: for a cluster without Prometheus.",
        show_default="prom/prometheus",
    ),
]


@dataclass(frozen=True)
class Wanted:
    """What was said about the lab on the command line. bootstrap: of a broker that is not ours."""

    context: str | None = None
    namespace: str = NAMESPACE
    image: str | None = None
    registry: str | None = None
    broker_image: str | None = None
    postgres_image: str | None = None
    prometheus_url: str | None = None
    prometheus_image: str | None = None
    bootstrap: str | None = None
    prometheus: bool = True
    yes: bool = False


@contextmanager
def ready(broker: Broker, nodes: int, wanted: Wanted, say: Progress, *, keep: bool) -> Iterator[Lab]:
    """The lab that is up there, or one that is started for this run and taken down afterwards unless it is kept."""
    from brokerlab.labs.kubernetes import life

    place = _changed(wanted)
    lab = life.find(place, broker.nodes(nodes), _later(broker), _node_images(broker, wanted))
    started = lab is None
    try:
        if lab is not None:
            life.check_free(place, lab, wanted.bootstrap or "", prometheus=wanted.prometheus)
        else:
            life.down(place, say)  # what a start that was killed has left
            lab = life.up(place, _order(broker, nodes, wanted, place, say), say)
        lab.heal()
        if not wanted.bootstrap:
            _await_whole(broker, lab, nodes)
        yield lab
    finally:
        if lab is not None:
            lab.close()
        if started and not keep:
            life.down(place, say)


def up(broker: Broker, nodes: int, wanted: Wanted, say: Progress) -> None:
    """Start the lab, or make the one that is up whole again."""
    with ready(broker, nodes, wanted, say, keep=True):
        say(f"the lab is up in the namespace {wanted.namespace}")


def down(wanted: Wanted, say: Progress) -> bool:
    from brokerlab.labs.kubernetes import life

    place = _seen(wanted)
    if not life.status(place) and not life.exists(place):
        return False
    return life.down(_changed(wanted), say)


def show(wanted: Wanted, *, json: bool) -> None:
    """Print the lab's pods."""
    from brokerlab.labs.kubernetes import life

    found = life.status(_seen(wanted))
    if json:
        terminal.print_json({"namespace": wanted.namespace, "pods": [asdict(pod) for pod in found]})
        return
    rows = [(pod.name, pod.component, pod.state, pod.machine, pod.image) for pod in found]
    terminal.print_rows(("pod", "part", "state", "machine", "image"), rows, empty="no lab is up there")


def logs(broker: Broker, nodes: int, wanted: Wanted, node: str, lines: int) -> str:
    from brokerlab.core.errors import UsageError
    from brokerlab.labs.kubernetes import life

    lab = life.find(_seen(wanted), broker.nodes(nodes), _later(broker))
    if lab is None:
        raise UsageError(f"no lab is up in the namespace {wanted.namespace}", UP)
    return lab.logs(node, lines)


def _seen(wanted: Wanted) -> Place:
    """To look at."""
    from brokerlab.labs.kubernetes.connection import Place

    return Place(clusters.reading(wanted.context), wanted.namespace)


def _changed(wanted: Wanted) -> Place:
    """To change; asks first where the cluster is no minikube."""
    from brokerlab.labs.kubernetes.connection import Place

    what = f"Change the namespace '{wanted.namespace}'"
    return Place(clusters.changing(wanted.context, what, yes=wanted.yes), wanted.namespace)


def _order(broker: Broker, nodes: int, wanted: Wanted, place: Place, say: Progress) -> Order:
    from brokerlab.labs.external import checked
    from brokerlab.labs.kubernetes.life import Order

    return Order(
        images=_images(broker, wanted, place, say),
        specs=() if wanted.bootstrap else broker.nodes(nodes),
        later=() if wanted.bootstrap else _later(broker),
        bootstrap=checked(wanted.bootstrap) if wanted.bootstrap else "",
        with_prometheus=wanted.prometheus,
        prometheus_url=wanted.prometheus_url or "",
    )


def _later(broker: Broker) -> tuple[NodeSpec, ...]:
    """The nodes of all other brokers, one each: scenarios have them added."""
    from brokerlab import catalog

    others = [catalog.broker(name) for name in catalog.broker_names() if name != broker.name]
    return tuple(node for other in others for node in other.nodes(1))


def _node_images(broker: Broker, wanted: Wanted) -> dict[str, str]:
    named = {broker.name: wanted.broker_image, "postgres": wanted.postgres_image}
    return {name: image for name, image in named.items() if image}


def _images(broker: Broker, wanted: Wanted, place: Place, say: Progress) -> Images:
    from brokerlab.kube import kubeconfig
    from brokerlab.labs.kubernetes import image
    from brokerlab.labs.kubernetes.parts import Images

    context = place.kube.context
    ours = wanted.image or image.provide(context, kubeconfig.chosen(context).minikube, wanted.registry, say)
    more = {"prometheus": wanted.prometheus_image} if wanted.prometheus_image else {}
    return Images(ours, _node_images(broker, wanted), **more)


def _await_whole(broker: Broker, lab: KubernetesLab, nodes: int) -> None:
    from brokerlab.core.errors import DeadlineError, LabError

    admin = lab.admin(broker, {})
    try:
        admin.await_ready(nodes, READY_S)
    except DeadlineError as error:
        raise LabError(error.message, "brokerlab lab status --lab kubernetes") from error
    finally:
        admin.close()
