"""`brokerlab scenario run acks --lab kubernetes` on a real cluster: three Kafka pods, agents as Jobs, a Prometheus pod.

On the node that CI starts, the images are made of what this machine has; another cluster needs some that it can pull,
named by BROKERLAB_IMAGE (ours: docs/kubernetes-lab.md), BROKERLAB_BROKER_IMAGE and BROKERLAB_PROMETHEUS_IMAGE.
"""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from brokerlab.brokers.kafka import BROKER
from brokerlab.core.errors import LabError
from brokerlab.kube.api import Kube
from brokerlab.labs.kubernetes import life, nodes, support
from brokerlab.labs.kubernetes.connection import Place
from brokerlab.labs.kubernetes.parts import Images

pytestmark = pytest.mark.cluster


@pytest.fixture
def place(kube: Kube, ours: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """A namespace of the test's own, which is gone afterwards, and the folders and images that commands use."""
    place = Place(kube, f"brokerlab-lab-{uuid.uuid4().hex[:8]}")
    for name, value in {
        "STATE": str(tmp_path / "state"),
        "RUNS": str(tmp_path / "runs"),
        "NAMESPACE": place.namespace,
        "IMAGE": ours.agents,
        "BROKER_IMAGE": ours.node,
        "PROMETHEUS_IMAGE": ours.prometheus,
    }.items():
        monkeypatch.setenv(f"BROKERLAB_{name}", value)
    yield place
    life.down(place, lambda _: None)


def brokerlab(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "brokerlab", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=400)


def test_the_main_job_has_the_local_labs_verdict_and_leaves_nothing(place: Place) -> None:
    run = ("scenario", "run", "acks", "--lab", "kubernetes", "--yes", "--messages", "1000", "--json")
    ran = brokerlab(*run, "--keep")
    assert ran.returncode == 0, ran.stderr + ran.stdout
    told = json.loads(ran.stdout)
    by_name = {variant["variant"]: variant for variant in told["variants"]}
    assert told["verdict"] == "held"
    assert by_name["acks=0"]["lost"] > 0
    assert by_name["acks=1"]["lost"] > 0
    assert by_name["acks=all"]["lost"] == 0
    assert by_name["acks=all+idempotence"]["lost"] == by_name["acks=all+idempotence"]["duplicated"] == 0
    for variant in by_name.values():
        assert variant["testimonies"]
        assert all(each["agrees"] for each in variant["testimonies"])
        assert all(each["balanced"] for each in variant["identities"])
    again = brokerlab("scenario", "check", "last", "--json")
    assert (again.returncode, json.loads(again.stdout)) == (0, told)
    assert place.kube.list("batch/v1", "Job", place.namespace) == []

    status = brokerlab("lab", "status", "--lab", "kubernetes", "--json")
    pods = {each["name"]: each["state"] for each in json.loads(status.stdout)["pods"]}
    assert {name for name in pods if name.startswith("kafka-")} == {"kafka-1", "kafka-2", "kafka-3"}
    assert set(pods.values()) == {"ready"}
    log = brokerlab("lab", "logs", "kafka-1", "--lab", "kubernetes", "--lines", "5")
    assert len(log.stdout.splitlines()) == 5
    down = brokerlab("lab", "down", "--lab", "kubernetes", "--yes")
    assert down.returncode == 0, down.stderr
    assert place.kube.get("v1", "Namespace", place.namespace) is None
    assert "no lab is up" in brokerlab("lab", "down", "--lab", "kubernetes", "--yes").stderr


def test_an_image_that_can_not_be_had_is_a_sentence_and_nothing_stays(place: Place) -> None:
    up = brokerlab("lab", "up", "--lab", "kubernetes", "--yes", "--image", "Not/A/Name:1")
    assert up.returncode == 4, up.stderr
    assert "InvalidImageName" in up.stderr
    assert "Traceback" not in up.stderr
    assert place.kube.get("v1", "Namespace", place.namespace) is None


def test_what_is_not_ours_is_left_alone(place: Place, ours: Images) -> None:
    kube, name = place.kube, place.namespace
    kube.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    try:
        mine = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kafka", "namespace": name}, "data": {}}
        kube.apply(mine)
        order = life.Order(ours, BROKER.nodes(3))
        with pytest.raises(LabError, match="has a ConfigMap kafka that is not ours"):
            life.up(place, order, lambda _: None)
        assert not life.down(place, lambda _: None)
        assert kube.get("v1", "ConfigMap", "kafka", name) is not None
    finally:
        kube.delete("v1", "Namespace", name)


def test_every_object_is_accepted_by_the_api_server(place: Place, ours: Images, definitions: None) -> None:
    wanted = [
        *support.manifests(ours),
        *support.prometheus(place.namespace, ours),
        *nodes.manifests(BROKER.nodes(3), place.namespace, ours),
        support.monitor(),
        support.job("agent-1", "agent", "run-1", ours),
    ]
    place.kube.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": place.namespace}})
    try:
        for manifest in wanted:
            applied = place.kube.apply(manifest, place.namespace, dry_run=True)
            assert applied["metadata"]["name"] == manifest["metadata"]["name"]
    finally:
        place.kube.delete("v1", "Namespace", place.namespace)
