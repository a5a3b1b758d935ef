"""How the lab `kubernetes` comes up, is found again, is looked at, and goes down; all of it stands in the cluster.

A namespace that `up` made is deleted by `down`; in one that was there before, only what carries our labels is. What is
there under our names, but not ours, is never touched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from brokerlab import __version__
from brokerlab.core.errors import DeadlineError, LabError
from brokerlab.core.lab import Progress
from brokerlab.core.node import NodeSpec, broker_of
from brokerlab.core.wait import until
from brokerlab.kube import readiness, targets, waiting
from brokerlab.kube.api import Json
from brokerlab.labs.kubernetes import files, nodes, objects, parts, support
from brokerlab.labs.kubernetes.connection import Place
from brokerlab.labs.kubernetes.lab import About, KubernetesLab
from brokerlab.labs.kubernetes.objects import GONE_S, is_ours
from brokerlab.labs.kubernetes.parts import OURS, OUTPOST, SELECTOR, Images
from brokerlab.labs.kubernetes.witness import NONE, Way, chosen, pod

SCRAPED_S = 240.0  # the operator writes a Secret, which the kubelet brings into the pod once a minute or two
# Annotations of the outpost.
WAY, BOOTSTRAP, VERSION = "brokerlab/prometheus", "brokerlab/bootstrap", "brokerlab/version"
KINDS = (
    ("apps/v1", "StatefulSet"),
    ("apps/v1", "Deployment"),
    ("batch/v1", "Job"),
    ("policy/v1", "PodDisruptionBudget"),
    ("networking.k8s.io/v1", "NetworkPolicy"),
    (targets.OPERATOR, "PodMonitor"),
    ("v1", "Service"),
    ("v1", "ConfigMap"),
    ("v1", "Secret"),
)


@dataclass(frozen=True)
class Order:
    """A lab that is wanted. specs: its nodes, or () with the bootstrap address of a broker that is not ours.

    later: the nodes that may be added to it while it is up.
    """

    images: Images
    specs: tuple[NodeSpec, ...] = ()
    later: tuple[NodeSpec, ...] = ()
    bootstrap: str = ""
    with_prometheus: bool = True
    prometheus_url: str = ""


def up(place: Place, order: Order, say: Progress) -> KubernetesLab:
    """Start a lab; returns when every pod is ready. Raises LabError, and then takes down what it had started."""
    way = chosen(place.kube, order.prometheus_url, place.namespace) if order.with_prometheus else NONE
    wanted = _manifests(place, order, way)
    objects.refuse_what_is_not_ours(place, wanted)
    _make_namespace(place, say)
    try:
        objects.start(place, wanted, say)
        if way.kind == "operator":
            _await_scraped(place, way, say)
    except BaseException:
        down(place, say)
        raise
    return KubernetesLab(About(place, order.images, order.specs, order.bootstrap, way))


def _await_scraped(place: Place, way: Way, say: Progress) -> None:
    """A run that is over before its witness has heard of it would have none."""
    say(f"the operator tells the Prometheus of {way.where} of the lab: its new configuration takes a minute to arrive")
    monitor = support.monitor(place.namespace, way.labels)
    try:
        targets.until_up(place.kube, monitor, say, SCRAPED_S, pod(place.kube, way, place.namespace).proxy)
    except DeadlineError as error:
        raise LabError(
            error.message, "or take another witness: --prometheus-url URL; or none: --no-prometheus"
        ) from error


def find(
    place: Place, specs: Sequence[NodeSpec], later: Sequence[NodeSpec] = (), images: Mapping[str, str] | None = None
) -> KubernetesLab | None:
    """The lab that is up there, if one is; its agents have the image that it was started with.

    later: nodes that may have been added. images: as in `Images.nodes`, for those that will be. Raises LabError when it
    was started by another version, whose programs may answer otherwise.
    """
    outpost = place.kube.get("apps/v1", "Deployment", OUTPOST, place.namespace)
    if outpost is None or not is_ours(outpost):
        return None
    noted = outpost["metadata"].get("annotations") or {}
    there = _groups(place)
    if nodes.group(specs) not in there and not noted.get(BOOTSTRAP):
        return None
    if noted.get(VERSION) != __version__:
        started_by = noted.get(VERSION) or "another version"
        raise LabError(
            f"the lab in the namespace {place.namespace} was started by brokerlab {started_by}, this is {__version__}",
            f"take it down: brokerlab lab down --lab kubernetes --namespace {place.namespace}",
        )
    own = Images(outpost["spec"]["template"]["spec"]["containers"][0]["image"], images or {})
    has = tuple(spec for spec in (*specs, *later) if broker_of(spec.name) in there)
    return KubernetesLab(About(place, own, has, noted.get(BOOTSTRAP, ""), Way.parsed(noted.get(WAY, ""))))


def check_free(place: Place, lab: KubernetesLab, bootstrap: str, *, prometheus: bool) -> None:
    """Raise LabError when the lab that is up is not what a run wants, or another run is using it."""
    hint = f"take it down: brokerlab lab down --lab kubernetes --namespace {place.namespace}; or choose another one"
    if lab.bootstrap != bootstrap:
        is_for = lab.bootstrap or "brokers of its own"
        raise LabError(f"the lab in the namespace {place.namespace} is for {is_for}", hint)
    if prometheus and "prometheus" not in lab.capabilities:
        raise LabError("the lab that is up has no Prometheus", f"{hint}; or do without: --no-prometheus")
    jobs = place.kube.list("batch/v1", "Job", place.namespace, labelSelector=SELECTOR)
    if any((job.get("status") or {}).get("active") for job in jobs):
        raise LabError(
            f"another run is using the lab in the namespace {place.namespace}",
            "wait until it has ended; agents whose command was killed end by themselves after a minute",
        )


def down(place: Place, say: Progress) -> bool:
    """Take down whatever there is of a lab in the namespace; returns whether there was anything."""
    namespace = place.kube.get("v1", "Namespace", place.namespace)
    if namespace is None:
        return False
    if is_ours(namespace):
        say(f"deleting the namespace {place.namespace}")
        place.kube.delete("v1", "Namespace", place.namespace)
        waiting.until_gone(place.kube, place.namespace, say, GONE_S)
        return True
    return _delete_ours(place, say)


def exists(place: Place) -> bool:
    """Whether something of a lab is there, though it may have no pods."""
    namespace = place.kube.get("v1", "Namespace", place.namespace)
    if namespace is None:
        return False
    kinds = [kind for kind in KINDS if place.kube.has(*kind)]
    return is_ours(namespace) or any(place.kube.list(*kind, place.namespace, labelSelector=SELECTOR) for kind in kinds)


@dataclass(frozen=True)
class PodStatus:
    """One pod of the lab. state: ready, or why not. machine: the cluster's node that it runs on."""

    name: str
    component: str
    state: str
    machine: str
    image: str


def status(place: Place) -> tuple[PodStatus, ...]:
    return tuple(_of(pod) for pod in sorted(place.pods(), key=lambda pod: str(pod["metadata"]["name"])))


def _of(pod: Json) -> PodStatus:
    meta, spec = pod["metadata"], pod["spec"]
    component, state = meta["labels"][parts.COMPONENT], readiness.pod_lacking(pod) or "ready"
    return PodStatus(meta["name"], component, state, spec.get("nodeName", ""), spec["containers"][0]["image"])


# ---------------------------------------------------------------- inside


def _manifests(place: Place, order: Order, way: Way) -> list[Json]:
    known = (*order.specs, *order.later)
    found = [*support.manifests(order.images, files.passwords(known)), *files.secrets(known, place.namespace)]
    for each in found:
        if each["kind"] == "Deployment":
            each["metadata"]["annotations"] = {WAY: str(way), BOOTSTRAP: order.bootstrap, VERSION: __version__}
    if order.specs:
        found += nodes.manifests(order.specs, place.namespace, order.images)
    if way.own:
        found += support.prometheus(place.namespace, order.images)
    if place.kube.has(targets.OPERATOR, "PodMonitor"):
        found.append(support.monitor(place.namespace, way.labels))
    return found


def _make_namespace(place: Place, say: Progress) -> None:
    found = place.kube.get("v1", "Namespace", place.namespace)
    if found is not None and (found.get("status") or {}).get("phase") == "Terminating":
        waiting.until_gone(place.kube, place.namespace, say, GONE_S)
        found = None
    if found is None:
        say(f"creating the namespace {place.namespace}")
        meta = {"name": place.namespace, "labels": OURS}
        place.kube.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": meta})


def _groups(place: Place) -> set[str]:
    """The brokers that have nodes there."""
    found = place.kube.list("apps/v1", "StatefulSet", place.namespace, labelSelector=SELECTOR)
    return {str(each["metadata"]["name"]) for each in found}


def _delete_ours(place: Place, say: Progress) -> bool:
    kube = place.kube
    gone = False
    for kind in [kind for kind in KINDS if kube.has(*kind)]:
        for each in kube.list(*kind, place.namespace, labelSelector=SELECTOR):
            say(f"deleting {waiting.name_of(each)}")
            gone |= kube.delete(*kind, each["metadata"]["name"], place.namespace)
    what = f"the lab's pods in {place.namespace} to be gone"
    until(lambda: not _pods(place), what, deadline=GONE_S, every=waiting.EVERY)
    return gone


def _pods(place: Place) -> list[Any]:
    return place.kube.list("v1", "Pod", place.namespace, labelSelector=SELECTOR)
