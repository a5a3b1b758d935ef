"""Waiting until things in the cluster are ready, telling what is awaited; and, when they don't get ready, why.

A pod that does not get ready is shown with its own reason, its last events and its last log lines. A pod that cannot
get ready any more (its image is refused, it keeps crashing) ends the wait at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from brokerlab.core import wait
from brokerlab.core.errors import DeadlineError, LabError
from brokerlab.core.lab import Progress
from brokerlab.kube import readiness
from brokerlab.kube.api import Json, Kube

EVERY = 1.0  # seconds between two looks: pods take seconds, and the API server is asked for lists
EVENTS, LINES, PODS = 5, 10, 3  # how much of what went wrong is shown
_ALIKE = {"ErrImagePull": "ImagePullBackOff"}  # they take turns


def until_ready(kube: Kube, look: Callable[[], Sequence[Json]], say: Progress, deadline: float) -> None:
    """Wait until every object that `look` finds is ready. `look` must find at least one.

    Raises LabError when one cannot get ready any more, DeadlineError after `deadline` seconds; both say why.
    """
    told_before: dict[str, str] = {}

    def all_ready() -> bool:
        things = look()
        now = {name_of(thing): _progress(kube, thing) if readiness.lacking(thing) else "" for thing in things}
        for name in (name for name, state in now.items() if told_before.get(name) != state):
            say(f"waiting for {name} ({now[name]})" if now[name] else f"{name} is ready")
        told_before.update(now)
        return bool(now) and not any(now.values())

    try:
        wait.until(all_ready, "the cluster", deadline=deadline, every=EVERY, seen=lambda: "")
    except DeadlineError as error:
        unready = [thing for thing in look() if readiness.lacking(thing)]
        what = _listed({name_of(thing): readiness.lacking(thing) for thing in unready}) or "anything to appear"
        raise DeadlineError(f"waited {deadline:.0f} s for {what}", told(kube, pods_of(kube, unready))) from error


def until_gone(kube: Kube, namespace: str, say: Progress, deadline: float) -> None:
    """Wait until the namespace is gone. Raises DeadlineError with what holds it: its own conditions say that."""
    said = False

    def gone() -> bool:
        nonlocal said
        if not said:
            say(f"waiting for the namespace {namespace} to be gone")
            said = True
        return kube.get("v1", "Namespace", namespace) is None

    try:
        wait.until(gone, f"the namespace {namespace} to be gone", deadline=deadline, every=EVERY, seen=lambda: "")
    except DeadlineError as error:
        raise DeadlineError(error.message, stuck(kube.get("v1", "Namespace", namespace) or {})) from error


def until_deleted(kube: Kube, things: Sequence[tuple[str, ...]], deadline: float) -> None:
    """Wait until none of these (apiVersion, kind, name[, namespace]) is left. Raises DeadlineError with what is."""
    left: list[str] = []

    def deleted() -> bool:
        left[:] = [thing[2] for thing in things if kube.get(*thing) is not None]
        return not left

    wait.until(deleted, "what was deleted to be gone", deadline=deadline, every=EVERY, seen=lambda: ", ".join(left))


def stuck(namespace: Json) -> str:
    """What a namespace in Terminating waits for, in the API server's words (NamespaceFinalizersRemaining, ...)."""
    conditions = (namespace.get("status") or {}).get("conditions") or ()
    held = [str(each["message"]) for each in conditions if each.get("status") == "True" and each.get("message")]
    return "; ".join(held) or "see `kubectl get namespace -o yaml`"


def pods_of(kube: Kube, things: Sequence[Json]) -> list[Json]:
    """The pods of workloads, found by their selectors; of a Deployment only those of its latest revision."""
    pods = []
    for thing in things:
        labels = ((thing.get("spec") or {}).get("selector") or {}).get("matchLabels") or {}
        if labels:
            namespace, selector = thing["metadata"]["namespace"], _selector(labels)
            latest = _latest_replica_set(kube, namespace, selector) if thing["kind"] == "Deployment" else selector
            pods += kube.list("v1", "Pod", namespace, labelSelector=latest)
    return [pod for pod in pods if not pod["metadata"].get("deletionTimestamp")]


def _latest_replica_set(kube: Kube, namespace: str, selector: str) -> str:
    """The selector of the newest replica set's pods: those of an older one may be broken, and are on their way out."""
    sets = kube.list("apps/v1", "ReplicaSet", namespace, labelSelector=selector)
    newest = max(sets, key=_revision, default={})
    labels = ((newest.get("spec") or {}).get("selector") or {}).get("matchLabels") or {}
    return _selector(labels) or selector


def _revision(replica_set: Json) -> int:
    annotations = replica_set["metadata"].get("annotations") or {}
    return int(annotations.get("deployment.kubernetes.io/revision", 0))


def _selector(labels: Json) -> str:
    return ",".join(f"{key}={value}" for key, value in labels.items())


def told(kube: Kube, pods: Sequence[Json]) -> str:
    """The reasons, events and last log lines of the first few pods that are not ready, as indented text."""
    unready = [pod for pod in pods if readiness.pod_lacking(pod)]
    return "\n".join(_told(kube, pod) for pod in unready[:PODS])


def name_of(thing: Json) -> str:
    return f"{thing['kind'].lower()}/{thing['metadata']['name']}"


def _progress(kube: Kube, thing: Json) -> str:
    """What it lacks, and what its pods are at. Raises LabError when one of them can't get ready any more."""
    pods = pods_of(kube, [thing])
    for pod in pods:
        why = readiness.hopeless(pod)
        if why:
            raise LabError(f"the pod {pod['metadata']['name']} can't get ready: {why}", told(kube, [pod]))
    words = {_brief(readiness.pod_lacking(pod)) for pod in pods}
    at = sorted({_ALIKE.get(word, word) for word in words} - {""})
    return ": ".join(filter(None, (readiness.lacking(thing), ", ".join(at))))


def _brief(why: str) -> str:
    """That the cluster has no room for a pod is told whole: waiting alone does not make any."""
    return why if why.startswith(readiness.UNSCHEDULABLE) else why.partition(":")[0]


def _told(kube: Kube, pod: Json) -> str:
    name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
    events = kube.list("v1", "Event", namespace, fieldSelector=f"involvedObject.name={name}")[-EVENTS:]
    lines = [f"pod {name}: {readiness.pod_lacking(pod)}"]
    lines += [f"  event {each.get('reason', '')}: {str(each.get('message', '')).strip()}" for each in events]
    return "\n".join([*lines, *(f"  log {line}" for line in _log(kube, pod))])


def _log(kube: Kube, pod: Json) -> list[str]:
    """The last lines of the container that is not ready; of its previous life when the present one has said nothing."""
    path = kube.resource("v1", "Pod").url(pod["metadata"]["namespace"], pod["metadata"]["name"]) + "/log"
    which = readiness.unready_container(pod)
    for more in ({}, {"previous": "true"}):
        try:
            text = kube.call("get", path, query={"container": which, "tailLines": str(LINES), **more})
        except LabError:  # no container has started: there is no log
            continue
        if text.strip():
            return text.splitlines()
    return []


def _listed(missing: dict[str, str]) -> str:
    return ", ".join(f"{name} ({why})" for name, why in sorted(missing.items()))
