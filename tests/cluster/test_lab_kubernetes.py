"""`brokerlab scenario run acks --lab kubernetes` on a real cluster: three Kafka pods, agents as Jobs, a Prometheus pod.

On the node that CI starts, the images are made of what this machine has; another cluster needs some that it can pull,
named by BROKERLAB_IMAGE (ours: docs/kubernetes-lab.md), BROKERLAB_BROKER_IMAGE, BROKERLAB_POSTGRES_IMAGE and
BROKERLAB_PROMETHEUS_IMAGE.
"""

from __future__ import annotations

import base64
import contextlib
import json
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from brokerlab.brokers.kafka import BROKER
from brokerlab.brokers.postgres import BROKER as POSTGRES
from brokerlab.brokers.postgres import STORE
from brokerlab.core.errors import InconclusiveError, LabError
from brokerlab.core.store import Kept
from brokerlab.kube import kubeconfig
from brokerlab.labs.kubernetes import files, life, nodes, support
from brokerlab.labs.kubernetes.connection import Place
from brokerlab.labs.kubernetes.lab import KubernetesLab
from brokerlab.labs.kubernetes.parts import Images

pytestmark = pytest.mark.cluster


@contextlib.contextmanager
def placed(context: kubeconfig.Context, ours: Images, folder: Path) -> Iterator[Place]:
    """A namespace of the test's own, which is gone afterwards, and the folders and images that commands use."""
    place = Place(kubeconfig.connect(context), f"brokerlab-lab-{uuid.uuid4().hex[:8]}")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "STATE": str(folder / "state"),
            "RUNS": str(folder / "runs"),
            "NAMESPACE": place.namespace,
            "IMAGE": ours.agents,
            "BROKER_IMAGE": ours.nodes.get("kafka", ""),
            "POSTGRES_IMAGE": ours.nodes.get("postgres", ""),
            "PROMETHEUS_IMAGE": ours.prometheus,
        }.items():
            patch.setenv(f"BROKERLAB_{name}", value)
        try:
            yield place
        finally:
            life.down(place, lambda _: None)


@pytest.fixture
def place(context: kubeconfig.Context, ours: Images, tmp_path: Path) -> Iterator[Place]:
    with placed(context, ours, tmp_path) as found:
        yield found


@pytest.fixture(scope="module")
def lab(context: kubeconfig.Context, ours: Images, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One that is up, for all tests that run something in it."""
    with placed(context, ours, tmp_path_factory.mktemp("lab")) as found:
        up = brokerlab("lab", "up", "--lab", "kubernetes", "--yes")
        assert up.returncode == 0, up.stderr
        yield found


def brokerlab(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "brokerlab", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=400)


def up_there(place: Place) -> KubernetesLab:
    found = life.find(place, BROKER.nodes(3), POSTGRES.nodes(1))
    assert found is not None
    return found


def run(*arguments: str) -> dict[str, dict[str, Any]]:
    """Run a scenario in the lab that is up; its variants, each with balanced books and a witness that agrees."""
    ran = brokerlab("scenario", "run", *arguments, "--lab", "kubernetes", "--yes", "--json")
    assert ran.returncode == 0, ran.stderr + ran.stdout
    told = json.loads(ran.stdout)
    assert told["verdict"] == "held"
    for variant in told["variants"]:
        assert variant["testimonies"]
        assert all(each["agrees"] for each in variant["testimonies"])
        assert all(each["balanced"] for each in variant["identities"])
    again = brokerlab("scenario", "check", "last", "--json")
    assert (again.returncode, json.loads(again.stdout)) == (0, told)
    return {variant["variant"]: variant for variant in told["variants"]}


def test_the_main_job_has_the_local_labs_verdict(lab: Place) -> None:
    by_name = run("acks", "--messages", "1000")
    assert by_name["acks=0"]["lost"] > 0
    assert by_name["acks=1"]["lost"] > 0
    assert by_name["acks=all"]["lost"] == 0
    assert by_name["acks=all+idempotence"]["lost"] == by_name["acks=all+idempotence"]["duplicated"] == 0
    assert by_name["acks=1"]["counts"]["gone_in_broker"] == by_name["acks=1"]["lost"]
    assert lab.kube.list("batch/v1", "Job", lab.namespace) == []


def test_a_network_that_is_hurt_between_clients_and_the_leader(lab: Place) -> None:
    by_name = run("retries", "--only", "retries", "--only", "retries+idempotence", "--messages", "1000")
    assert by_name["retries"]["duplicated"] > 0
    assert by_name["retries+idempotence"]["duplicated"] == 0
    assert [variant["lost"] for variant in by_name.values()] == [0, 0]


def test_many_agents_share_the_work_and_one_is_killed(lab: Place) -> None:
    """Each message is accounted for, whoever of them sent it and whoever read it."""
    many = ("--producers", "4", "--consumers", "4", "--partitions", "8", "--messages", "1502")
    counts = run("consumer-crash", "--only", "commit after", *many)["commit after"]["counts"]
    assert counts["sent"] == counts["acked"] == counts["logged"] == counts["received"] == 1502
    assert counts["delivered"] > 1502


def test_a_table_as_a_queue_with_a_postgres_that_is_added_to_the_lab(lab: Place) -> None:
    """Workers join and one is killed, effects are in the database, and a second group has a copy of its own."""
    assert lab.kube.get("apps/v1", "StatefulSet", "postgres", lab.namespace) is None
    shared = run("database", "--quick", "--only", "SKIP LOCKED")["SKIP LOCKED"]
    counts, second = shared["counts"], shared["group"]
    assert counts["sent"] == counts["acked"] == counts["received"] == counts["effects"]
    assert shared["findings"]["redelivered"]["count"] > 0
    assert 0 < second["read_since"] == second["since"] < counts["sent"]
    assert second["read_before"] == 0
    assert lab.kube.list("batch/v1", "Job", lab.namespace) == []


def test_the_databases_password_is_in_its_secret_alone(lab: Place) -> None:
    (secret,) = (each["data"] for each in lab.kube.list("v1", "Secret", lab.namespace) if len(each["data"]) == 2)
    password = base64.b64decode(secret["postgres-1.pgpass"]).decode().strip().rpartition(":")[2]
    assert len(password) >= 32
    kinds = (("v1", "Pod"), ("v1", "ConfigMap"), ("v1", "Event"), ("apps/v1", "StatefulSet"), ("apps/v1", "Deployment"))
    told = json.dumps([lab.kube.list(*kind, lab.namespace) for kind in kinds])
    log = brokerlab("lab", "logs", "postgres-1", "--lab", "kubernetes", "--lines", "1000")
    assert "ready to accept connections" in log.stdout
    assert password not in told + log.stdout


def test_a_killed_database_comes_back_with_what_it_had(lab: Place) -> None:
    """By SIGKILL of its process, as a broker's, and more than once; its tables are there again each time."""
    with contextlib.closing(up_there(lab)) as found:
        tables = found.tables(STORE)
        tables.create(["killed"])
        try:
            for _ in range(2):
                found.kill("postgres-1")
                assert found.state("postgres-1") == "gone"
                found.restart("postgres-1")
                assert found.state("postgres-1") == "running"
                assert tables.kept("killed") == Kept(effects=[], changes=[])
        finally:
            tables.drop(["killed"])
        with pytest.raises(InconclusiveError, match="does not exist"):
            tables.kept("killed")


def test_a_lab_is_looked_at_and_taken_down(lab: Place) -> None:
    status = brokerlab("lab", "status", "--lab", "kubernetes", "--json")
    pods = {each["name"]: each["state"] for each in json.loads(status.stdout)["pods"]}
    assert {"kafka-1", "kafka-2", "kafka-3", "postgres-1"} <= pods.keys()
    assert set(pods.values()) == {"ready"}
    log = brokerlab("lab", "logs", "kafka-1", "--lab", "kubernetes", "--lines", "5")
    assert len(log.stdout.splitlines()) == 5
    down = brokerlab("lab", "down", "--lab", "kubernetes", "--yes")
    assert down.returncode == 0, down.stderr
    assert lab.kube.get("v1", "Namespace", lab.namespace) is None
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
        *support.manifests(ours, files.passwords(POSTGRES.nodes(1))),
        *support.prometheus(place.namespace, ours),
        *nodes.manifests(BROKER.nodes(3), place.namespace, ours),
        *nodes.manifests(POSTGRES.nodes(1), place.namespace, ours),
        *files.secrets(POSTGRES.nodes(1), place.namespace),
        support.monitor(place.namespace, {}),
        support.job("agent-1", "agent", "run-1", ours, files.passwords(POSTGRES.nodes(1))),
    ]
    place.kube.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": place.namespace}})
    try:
        for manifest in wanted:
            applied = place.kube.apply(manifest, place.namespace, dry_run=True)
            assert applied["metadata"]["name"] == manifest["metadata"]["name"]
    finally:
        place.kube.delete("v1", "Namespace", place.namespace)
