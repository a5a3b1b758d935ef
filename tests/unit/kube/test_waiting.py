"""Waiting for workloads: what is awaited is told, and what does not get ready is shown with events and log."""

from __future__ import annotations

from typing import Any

import pytest

from brokerlab.core.errors import DeadlineError, LabError
from brokerlab.kube import readiness, waiting
from brokerlab.kube.api import Kube
from tests.fakes.kube_api import KubeApi, ready_deployment

Json = dict[str, Any]


def deployment(name: str = "web", **status: Any) -> Json:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "shop", "generation": 1},
        "spec": {"replicas": 2, "selector": {"matchLabels": {"app": name}}},
        "status": {"observedGeneration": 1, **status},
    }


def pod(name: str, *states: Json, labels: Json | None = None, **more: Any) -> Json:
    statuses = [{"name": "app", "image": "shop:1", "state": state, **more} for state in states]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "shop", "labels": labels or {"app": "web"}},
        "status": {"phase": "Pending", "containerStatuses": statuses},
    }


def waiting_for(reason: str, message: str = "") -> Json:
    return {"waiting": {"reason": reason, "message": message}}


def look(kube: Kube) -> Any:
    return lambda: kube.list("apps/v1", "Deployment", "shop")


def daemon_set(**status: int) -> Json:
    return {"kind": "DaemonSet", "metadata": {}, "status": status}


@pytest.mark.parametrize(
    ("thing", "lacks"),
    [
        (deployment(updatedReplicas=2, availableReplicas=2), ""),
        (deployment(updatedReplicas=2, availableReplicas=1), "1 of 2 ready"),
        (deployment(updatedReplicas=1, availableReplicas=2), "1 of 2 ready"),
        (deployment(replicas=3, updatedReplicas=2, availableReplicas=2), "1 of the revision before still there"),
        (
            deployment(observedGeneration=0, updatedReplicas=2, availableReplicas=2),
            "not looked at by its controller yet",
        ),
        (
            {"kind": "StatefulSet", "metadata": {}, "spec": {"replicas": 3}, "status": {"updatedReplicas": 3}},
            "0 of 3 ready",
        ),
        (daemon_set(desiredNumberScheduled=1, updatedNumberScheduled=1, numberAvailable=1), ""),
        (daemon_set(desiredNumberScheduled=1, updatedNumberScheduled=0, numberAvailable=1), "0 of 1 ready"),
        (
            {"kind": "Job", "metadata": {"generation": 1}, "spec": {"completions": 2}, "status": {"succeeded": 1}},
            "1 of 2 ready",
        ),
        ({"kind": "Job", "metadata": {"generation": 1}, "spec": {}, "status": {"succeeded": 1}}, ""),
        ({"kind": "Prometheus", "metadata": {}}, "not started yet"),
        (
            {
                "kind": "Prometheus",
                "metadata": {},
                "status": {
                    "conditions": [{"type": "Available", "status": "False", "reason": "NoPodReady", "message": "x\ny"}]
                },
            },
            "NoPodReady: x",
        ),
        (
            {"kind": "Prometheus", "metadata": {}, "status": {"conditions": [{"type": "Available", "status": "True"}]}},
            "",
        ),
        ({"kind": "ConfigMap", "metadata": {"generation": 7}}, ""),
    ],
)
def test_what_a_thing_lacks(thing: Json, lacks: str) -> None:
    assert readiness.lacking(thing) == lacks


@pytest.mark.parametrize(
    ("status", "lacks"),
    [
        ({"phase": "Succeeded"}, ""),
        ({"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}, ""),
        ({"phase": "Running", "conditions": [{"type": "Ready", "status": "False"}]}, "running, but not ready"),
        ({"phase": "Pending"}, "pending"),
        (
            {
                "conditions": [
                    {
                        "type": "PodScheduled",
                        "status": "False",
                        "reason": "Unschedulable",
                        "message": "0/1 nodes are available: 1 Insufficient memory. preemption: 0/1 nodes",
                    }
                ]
            },
            "Unschedulable: 0/1 nodes are available: 1 Insufficient memory",
        ),
        (
            {"initContainerStatuses": [{"state": waiting_for("CrashLoopBackOff", "back-off")}]},
            "CrashLoopBackOff: back-off",
        ),
        ({"containerStatuses": [{"state": {"terminated": {"reason": "OOMKilled"}}}]}, "OOMKilled"),
        (
            {
                "initContainerStatuses": [{"state": {"terminated": {"reason": "Completed"}}}],
                "containerStatuses": [{"state": waiting_for("PodInitializing")}],
                "phase": "Pending",
            },
            "pending",
        ),
    ],
)
def test_what_a_pod_lacks(status: Json, lacks: str) -> None:
    assert readiness.pod_lacking({"status": status}) == lacks


@pytest.mark.parametrize(
    ("state", "restarts", "hopeless"),
    [
        (
            waiting_for("ImagePullBackOff", 'Back-off pulling image "shop:1": ErrImagePull: shop:1: not found'),
            0,
            "can't be pulled",
        ),
        (waiting_for("ErrImagePull", "dial tcp: i/o timeout"), 0, ""),
        (waiting_for("ErrImagePull", "pull access denied"), 0, "the image shop:1 can't be pulled: pull access denied"),
        (waiting_for("ErrImageNeverPull", "not present"), 0, "ErrImageNeverPull: not present"),
        (waiting_for("InvalidImageName"), 0, "InvalidImageName"),
        (waiting_for("CrashLoopBackOff"), 2, ""),
        (waiting_for("CrashLoopBackOff"), 3, "container app crashed 3 times"),
        (waiting_for("ContainerCreating"), 0, ""),
        ({"running": {}}, 9, ""),
    ],
)
def test_when_waiting_longer_makes_no_sense(state: Json, restarts: int, hopeless: str) -> None:
    said = readiness.hopeless(pod("web-1", state, restartCount=restarts))
    assert hopeless in said
    assert bool(said) == bool(hopeless)


def test_it_waits_until_all_are_ready_and_tells_what_for(api: KubeApi, kube: Kube, monkeypatch) -> None:
    looks = []

    def later(thing: Json) -> None:
        looks.append(thing)
        if len(looks) > 3:
            ready_deployment(thing)

    api.add(deployment())
    api.becomes["Deployment"] = later
    said: list[str] = []
    waiting.until_ready(kube, look(kube), said.append, deadline=20)
    assert said == ["waiting for deployment/web (0 of 2 ready)", "deployment/web is ready"]


def test_that_there_is_no_room_for_a_pod_is_told_while_it_is_awaited(api: KubeApi, kube: Kube) -> None:
    full = {"type": "PodScheduled", "status": "False", "message": "0/1 nodes are available: 1 Insufficient memory"}
    api.add(deployment())
    api.add(
        {
            **pod("web-1"),
            "spec": {"containers": [{"name": "app"}]},
            "status": {"phase": "Pending", "conditions": [full]},
        }
    )
    said: list[str] = []
    with pytest.raises(DeadlineError, match="0 of 2 ready"):
        waiting.until_ready(kube, look(kube), said.append, deadline=0.1)
    room = "Unschedulable: 0/1 nodes are available: 1 Insufficient memory"
    assert said == [f"waiting for deployment/web (0 of 2 ready: {room})"]


def test_nothing_to_wait_for_is_not_readiness(kube: Kube) -> None:
    with pytest.raises(DeadlineError, match="for anything to appear"):
        waiting.until_ready(kube, look(kube), lambda _: None, deadline=0.1)


def test_a_pod_that_never_gets_ready_is_shown_with_its_events_and_its_log(api: KubeApi, kube: Kube) -> None:
    api.add(deployment())
    api.add(pod("web-1", {"running": {}}))
    api.objects["/api/v1/namespaces/shop/pods/web-1"]["status"]["phase"] = "Running"
    api.add(pod("other-1", {"running": {}}, labels={"app": "other"}))
    for number in range(7):
        about = {"involvedObject": {"name": "web-1"}, "reason": "Unhealthy", "message": f"probe failed {number}\n"}
        meta = {"name": f"e{number}", "namespace": "shop"}
        api.add({"apiVersion": "v1", "kind": "Event", "metadata": meta, **about})
    api.texts["/api/v1/namespaces/shop/pods/web-1/log"] = "listening\nno database\n"
    with pytest.raises(DeadlineError) as caught:
        waiting.until_ready(kube, look(kube), lambda _: None, deadline=0.1)
    assert caught.value.message == "waited 0 s for deployment/web (0 of 2 ready)"
    assert caught.value.hint.splitlines() == [
        "pod web-1: running, but not ready",
        *(f"  event Unhealthy: probe failed {number}" for number in range(2, 7)),
        "  log listening",
        "  log no database",
    ]
    assert "GET /api/v1/namespaces/shop/pods/web-1/log?container=app&tailLines=10" in api.requests


def test_the_log_is_that_of_the_container_which_is_not_ready() -> None:
    """Without a name the API server refuses the log of a pod with several."""
    done = {"name": "prepare", "ready": False, "state": {"terminated": {"reason": "Completed"}}}
    ready, crashing = {"name": "web", "ready": True}, {"name": "sidecar", "ready": False, "state": {"waiting": {}}}
    whole = {"containers": [{"name": "web"}, {"name": "sidecar"}]}
    status = {"initContainerStatuses": [done], "containerStatuses": [ready, crashing]}
    assert readiness.unready_container({"spec": whole, "status": status}) == "sidecar"
    assert readiness.unready_container({"spec": whole}) == "web"


def test_an_image_that_is_refused_ends_the_wait_at_once(api: KubeApi, kube: Kube) -> None:
    api.add(deployment())
    api.add(pod("web-1", waiting_for("ErrImagePull", "shop:1: not found")))
    with pytest.raises(LabError, match="the pod web-1 can't get ready: the image shop:1 can't be pulled") as caught:
        waiting.until_ready(kube, look(kube), lambda _: None, deadline=60)
    assert not isinstance(caught.value, DeadlineError)


def test_the_broken_pods_of_an_older_revision_do_not_end_the_wait(api: KubeApi, kube: Kube, monkeypatch) -> None:
    """The image of the first try was refused, the second try's pod is on its way."""
    api.add(deployment())
    for revision in ("9", "10"):
        labels = {"app": "web", "pod-template-hash": revision}
        meta = {"name": f"web-{revision}", "namespace": "shop", "labels": labels}
        meta["annotations"] = {"deployment.kubernetes.io/revision": revision}
        spec = {"selector": {"matchLabels": labels}}
        api.add({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": meta, "spec": spec})
        state = waiting_for("ErrImagePull", "not found") if revision == "9" else waiting_for("ContainerCreating")
        api.add(pod(f"web-{revision}-x", state, labels=labels))
    with pytest.raises(DeadlineError) as caught:
        waiting.until_ready(kube, look(kube), lambda _: None, deadline=0.1)
    assert "web-10-x: ContainerCreating" in caught.value.hint
    assert "web-9-x" not in caught.value.hint


def test_a_namespace_stuck_in_terminating_says_what_holds_it(api: KubeApi, kube: Kube) -> None:
    held = {
        "type": "NamespaceFinalizersRemaining",
        "status": "True",
        "message": "Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances",
    }
    status = {"phase": "Terminating", "conditions": [held, {"type": "Other", "status": "False", "message": "no"}]}
    api.add({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}, "status": status})
    with pytest.raises(DeadlineError, match="the namespace shop to be gone") as caught:
        waiting.until_gone(kube, "shop", lambda _: None, deadline=0.1)
    assert caught.value.hint == held["message"]
