"""`brokerlab lab`: brokers of our own, here or in a cluster, and Prometheus beside them: up, down, status, logs."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from brokerlab.cli import clusters, labs, options, terminal, tree
from brokerlab.cli import lab_kubernetes as inside
from brokerlab.core.errors import UsageError

if TYPE_CHECKING:
    from brokerlab.core.broker import Broker
    from brokerlab.labs.local.lab import LocalLab
    from brokerlab.labs.local.status import LabStatus, ProcessStatus

BROKER = "kafka"
NODES = 3

app = tree.group(
    "Brokers of our own, on this machine or in a cluster, and Prometheus.",
    """
brokerlab lab up             three brokers and Prometheus, in a few seconds
brokerlab lab status --json
brokerlab lab logs kafka-1 --lines 100
brokerlab lab down           ends them all; their data are discarded
brokerlab lab up --lab kubernetes --context minikube
""",
)

Node = Annotated[str, typer.Argument(metavar="NODE", help="kafka-1, kafka-2, ...: see `brokerlab lab status`.")]
ReplicaLinks = Annotated[
    bool, typer.Option("--replica-links", help="Brokers reach each other by links, which faults can cut (local lab).")
]
Lines = Annotated[int, typer.Option("--lines", "-n", min=1, metavar="N", help="So many of the last lines.")]


@app.command()
def up(
    lab: options.OwnLabOption = "local",
    java: options.Java = None,
    prometheus: options.Prometheus = True,
    replica_links: ReplicaLinks = False,
    context: clusters.Context = None,
    namespace: inside.Namespace = inside.NAMESPACE,
    image: inside.Image = None,
    registry: inside.Registry = None,
    broker_image: inside.BrokerImage = None,
    postgres_image: inside.PostgresImage = None,
    prometheus_url: inside.PrometheusUrl = None,
    prometheus_image: inside.PrometheusImage = None,
    yes: options.Yes = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Start the lab, or make one that runs whole again. It stays until `brokerlab lab down`."""
    say = _nothing if quiet else terminal.say
    if lab == "kubernetes":
        images = (broker_image, postgres_image, prometheus_url, prometheus_image)
        wanted = inside.Wanted(context, namespace, image, registry, *images, prometheus=prometheus, yes=yes)
        inside.up(_broker(), NODES, wanted, say)
        inside.show(wanted, json=json)
        return
    from brokerlab.labs.local.status import status

    here = labs.Where(java=str(java) if java else None, prometheus=prometheus, between=replica_links)
    found, new = labs.local(_broker(), NODES, here, say)
    if replica_links and "replica links" not in found.capabilities:
        raise UsageError("the lab that is up has no links between its brokers", labs.DOWN)
    if not new:
        say("a lab was up already")
    _show(status(), json=json)


@app.command()
def down(
    lab: options.OwnLabOption = "local",
    context: clusters.Context = None,
    namespace: inside.Namespace = inside.NAMESPACE,
    yes: options.Yes = False,
    quiet: options.Quiet = False,
) -> None:
    """Take down the lab, or what is left of one. Data are discarded."""
    from brokerlab.labs.external import ExternalLab
    from brokerlab.labs.local.lab import LocalLab

    say = _nothing if quiet else terminal.say
    if lab == "kubernetes":
        found = [inside.down(inside.Wanted(context, namespace, yes=yes), say)]
    else:
        found = [LocalLab.down(say), ExternalLab.down(say)]
    if not any(found):
        say("no lab is up")


@app.command(name="status")
def status_(
    lab: options.OwnLabOption = "local",
    context: clusters.Context = None,
    namespace: inside.Namespace = inside.NAMESPACE,
    json: options.Json = False,
) -> None:
    """Show what runs: nodes, ports, memory, Prometheus."""
    if lab == "kubernetes":
        inside.show(inside.Wanted(context, namespace), json=json)
        return
    from brokerlab.labs.local.status import status

    _show(status(), json=json)


@app.command()
def logs(
    node: Node,
    lines: Lines = 40,
    lab: options.OwnLabOption = "local",
    context: clusters.Context = None,
    namespace: inside.Namespace = inside.NAMESPACE,
) -> None:
    """Print the end of a node's log."""
    from brokerlab.core.errors import UsageError

    if lab == "kubernetes":
        typer.echo(inside.logs(_broker(), NODES, inside.Wanted(context, namespace), node, lines))
        return
    found = _found()
    if found is None:
        raise UsageError("no lab is up", "brokerlab lab up")
    typer.echo(found.logs(node, lines))


def _nothing(_sentence: str) -> None:
    """Progress when --quiet was said."""


def _broker() -> Broker:
    from brokerlab import catalog

    return catalog.broker(BROKER)


def _found() -> LocalLab | None:
    from brokerlab.labs.local.lab import LocalLab

    return LocalLab.find()


def _show(found: LabStatus, *, json: bool) -> None:
    if json:
        terminal.print_json(asdict(found))
        return
    rows = [_row(process) for process in found.processes]
    terminal.print_rows(("process", "state", "pid", "address", "memory", "age"), rows, empty="no lab is up")
    if found.state in ("damaged", "incomplete"):
        terminal.say(f"the lab is {found.state}: `brokerlab lab up` makes it whole")
    if found.prometheus:
        typer.echo(f"Prometheus: {found.prometheus}")


def _row(one: ProcessStatus) -> tuple[str, ...]:
    from brokerlab.labs.local.ports import HOST

    address = ", ".join(f"{name} {HOST}:{port}" for name, port in one.ports.items())
    return (one.name, one.state, str(one.pid), address, f"{one.memory} MiB", f"{one.age} s")
