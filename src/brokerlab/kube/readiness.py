"""When an object of the cluster is ready, and why it is not yet: pure functions of its JSON.

Workloads are judged as `kubectl rollout status` does (the generation observed, all replicas updated and available);
custom resources of the Prometheus operator by their condition Available.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

Json = Mapping[str, Any]
MANY_RESTARTS = 3
UNSCHEDULABLE = "Unschedulable"
_REFUSED = re.compile(
    r"not found|denied|unauthorized|authentication required|invalid reference|NotFound", re.IGNORECASE
)


def lacking(thing: Json) -> str:
    """What the object still lacks to be ready; "" when it is."""
    status, kind = thing.get("status") or {}, thing["kind"]
    if kind in _OBSERVED and status.get("observedGeneration", 0) < (thing["metadata"].get("generation") or 0):
        return "not looked at by its controller yet"
    rule = _RULES.get(kind)
    return rule(thing.get("spec") or {}, status) if rule else ""


def pod_lacking(pod: Json) -> str:
    """Why a pod is not ready, in kubelet's words ("ImagePullBackOff: ..."); "" when it is, or has completed."""
    status = pod.get("status") or {}
    if status.get("phase") == "Succeeded" or _condition(status, "Ready").get("status") == "True":
        return ""
    for state in (container.get("state") or {} for container in _containers(status)):
        for word in ("waiting", "terminated"):
            about = state.get(word) or {}
            if about.get("reason") not in (None, "PodInitializing", "Completed"):
                return _with(about["reason"], about.get("message", ""))
    scheduled = _condition(status, "PodScheduled")
    if scheduled.get("status") == "False":
        message = scheduled.get("message", "").partition(". ")[0]  # not whom it might have displaced
        return _with(scheduled.get("reason", UNSCHEDULABLE), message)
    return "running, but not ready" if status.get("phase") == "Running" else str(status.get("phase", "Pending")).lower()


def unready_container(pod: Json) -> str:
    """The name of the first container that is not ready, nor has done its work; of the first one when all are."""
    for container in _containers(pod.get("status") or {}):
        ended = (container.get("state") or {}).get("terminated") or {}
        if not container.get("ready") and ended.get("reason") != "Completed":
            return str(container["name"])
    return str(pod["spec"]["containers"][0]["name"])


def hopeless(pod: Json) -> str:
    """Why waiting longer for this pod makes no sense: its image is refused, or it keeps crashing; "" when it may."""
    status = pod.get("status") or {}
    for container in _containers(status):
        waiting = (container.get("state") or {}).get("waiting") or {}
        reason, message = waiting.get("reason", ""), waiting.get("message", "")
        if reason in {"InvalidImageName", "ErrImageNeverPull"}:
            return _with(reason, message)
        if reason in {"ErrImagePull", "ImagePullBackOff"} and _REFUSED.search(message):
            return f"the image {container.get('image', '')} can't be pulled: {_first_line(message)}"
        if reason == "CrashLoopBackOff" and container.get("restartCount", 0) >= MANY_RESTARTS:
            return f"container {container.get('name', '')} crashed {container['restartCount']} times"
    return ""


def _deployment(spec: Json, status: Json) -> str:
    wanted, updated = spec.get("replicas", 1), status.get("updatedReplicas", 0)
    older = status.get("replicas", 0) - updated  # they count as available, too
    missing = _counted(wanted, min(updated, status.get("availableReplicas", 0)))
    return missing or (f"{older} of the revision before still there" if older > 0 else "")


def _stateful_set(spec: Json, status: Json) -> str:
    wanted = spec.get("replicas", 1)
    return _counted(wanted, min(status.get("updatedReplicas", 0), status.get("readyReplicas", 0)))


def _daemon_set(_spec: Json, status: Json) -> str:
    ready = min(status.get("updatedNumberScheduled", 0), status.get("numberAvailable", 0))
    return _counted(status.get("desiredNumberScheduled", 0), ready)


def _job(spec: Json, status: Json) -> str:
    return _counted(spec.get("completions", 1), status.get("succeeded", 0))


def _available(_spec: Json, status: Json) -> str:
    condition = _condition(status, "Available")
    if condition.get("status") == "True":
        return ""
    return _with(condition.get("reason", "not started yet"), condition.get("message", ""))


_RULES: Mapping[str, Callable[[Json, Json], str]] = {
    "Deployment": _deployment,
    "StatefulSet": _stateful_set,
    "DaemonSet": _daemon_set,
    "Job": _job,
    "Prometheus": _available,
    "Alertmanager": _available,
}
_OBSERVED = frozenset({"Deployment", "StatefulSet", "DaemonSet"})
WAITED_FOR = frozenset(_RULES)
"""The kinds that have something to wait for; all others are ready when the API server has taken them."""


def _counted(wanted: int, have: int) -> str:
    return "" if have >= wanted else f"{have} of {wanted} ready"


def _condition(status: Json, kind: str) -> Json:
    return next((each for each in status.get("conditions") or () if each.get("type") == kind), {})


def _containers(status: Json) -> list[Json]:
    """The states of its containers, in the order in which they start."""
    return [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]


def _with(reason: str, message: str) -> str:
    return f"{reason}: {_first_line(message)}" if message else reason


def _first_line(message: str) -> str:
    return (message.strip().splitlines() or [""])[0]
