"""The lab `kubernetes` as a user meets it: what is asked first, what is printed, what wrong requests get."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from brokerlab.kube import waiting
from brokerlab.kube.api import Kube
from brokerlab.labs.kubernetes import life
from brokerlab.labs.kubernetes.connection import Place
from brokerlab.labs.kubernetes.parts import Images
from tests.cli.conftest import Run
from tests.fakes.kube_api import KubeApi, ready_deployment, serving

INSIDE = ("--lab", "kubernetes")


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[KubeApi]:
    monkeypatch.setattr(waiting, "EVERY", 0.01)
    with serving(KubeApi()) as server:
        monkeypatch.setenv("KUBECONFIG", str(server.kubeconfig(tmp_path)))
        yield server


@pytest.fixture
def up(api: KubeApi) -> Kube:
    """A lab for a broker that is not ours: it has no nodes that would have to run."""
    from brokerlab.kube import kubeconfig

    api.becomes["Deployment"] = ready_deployment
    kube = kubeconfig.connect(kubeconfig.chosen(None))
    order = life.Order(Images("ours:1"), bootstrap="mine:9092", with_prometheus=False)
    life.up(Place(kube, "brokerlab"), order, lambda _: None)
    return kube


def pod(api: KubeApi, name: str) -> None:
    labels = {"app.kubernetes.io/managed-by": "brokerlab", "app.kubernetes.io/part-of": "brokerlab-lab"}
    meta = {
        "name": name,
        "namespace": "brokerlab",
        "labels": {**labels, "app.kubernetes.io/component": "kafka"},
    }
    spec = {"nodeName": "machine-1", "containers": [{"name": "node", "image": "apache/kafka:1"}]}
    status = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    api.add({"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec, "status": status})


def test_status_shows_the_pods(brokerlab: Run, api: KubeApi) -> None:
    pod(api, "kafka-1")
    ran = brokerlab("lab", "status", *INSIDE)
    assert ran.code == 0
    assert [word in ran.out for word in ("kafka-1", "ready", "machine-1", "apache/kafka:1")] == [True] * 4
    told = json.loads(brokerlab("lab", "status", *INSIDE, "--json").out)
    assert told["pods"][0] == {
        "name": "kafka-1",
        "component": "kafka",
        "state": "ready",
        "machine": "machine-1",
        "image": "apache/kafka:1",
    }


def test_without_a_lab_there_is_nothing_to_do(brokerlab: Run, api: KubeApi) -> None:
    assert "no lab is up" in brokerlab("lab", "status", *INSIDE).err
    down = brokerlab("lab", "down", *INSIDE)
    assert (down.code, "no lab is up" in down.err) == (0, True)
    logs = brokerlab("lab", "logs", "kafka-1", *INSIDE)
    assert (logs.code, "brokerlab lab up --lab kubernetes" in logs.err) == (2, True)
    assert not [each for each in api.requests if not each.startswith("GET")]


def test_down_leaves_nothing(brokerlab: Run, api: KubeApi, up: Kube) -> None:
    assert brokerlab("lab", "down", *INSIDE).code == 0
    assert api.objects == {}


def test_a_cluster_that_is_no_minikube_is_asked_about(
    brokerlab: Run, api: KubeApi, up: Kube, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(api.kubeconfig(tmp_path, minikube=False, name="company")))
    refused = brokerlab("lab", "down", *INSIDE)
    assert (refused.code, "say --yes" in refused.err) == (2, True)
    assert api.has("apps/v1", "Deployment", "outpost", "brokerlab")
    assert brokerlab("lab", "down", *INSIDE, "--yes").code == 0
    assert api.objects == {}


def test_an_image_that_can_not_get_there_is_a_sentence(
    brokerlab: Run, api: KubeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(api.kubeconfig(tmp_path, minikube=False, name="company")))
    ran = brokerlab("scenario", "run", "acks", *INSIDE, "--yes")
    assert (ran.code, ran.out) == (2, "")
    assert "--registry HOST/PATH" in ran.err
    assert api.objects == {}


def test_an_unknown_context_is_a_sentence(brokerlab: Run, api: KubeApi) -> None:
    ran = brokerlab("lab", "up", *INSIDE, "--context", "nowhere")
    assert (ran.code, "the kubeconfig has no context 'nowhere'" in ran.err) == (2, True)


def test_a_cluster_that_does_not_answer_is_a_sentence(
    brokerlab: Run, api: KubeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.url = "http://127.0.0.1:1"
    monkeypatch.setenv("KUBECONFIG", str(api.kubeconfig(tmp_path)))
    ran = brokerlab("lab", "up", *INSIDE, "--image", "ours:1")
    assert ran.code == 4
    assert "does not answer: connection refused" in ran.err


@pytest.mark.parametrize("scenario", ["outbox", "database", "idempotent-consumer"])
def test_what_needs_postgres_beside_a_broker_of_yours_is_skipped_before_anything_is_asked_of_the_cluster(
    brokerlab: Run, api: KubeApi, scenario: str
) -> None:
    own = (*INSIDE, "--bootstrap", "mine:9092")
    ran = brokerlab("scenario", "run", scenario, *own, "--json", "--html", "page.html")
    told = json.loads(ran.out)
    assert (ran.code, told["verdict"], api.requests) == (3, "skipped", [])
    (reason,) = told["reasons"]
    assert reason.startswith(
        "beside a broker of yours the lab kubernetes can't have postgres, which the scenario needs"
    )
    assert reason.partition("have ")[2] in Path("page.html").read_text()
    assert [run["state"] for run in json.loads(brokerlab("runs", "list", "--json").out)] == ["skipped"]
