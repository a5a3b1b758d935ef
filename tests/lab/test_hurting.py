"""What can be done to a running lab, and undone: kill, pause, resume, restart, heal; and what it is watched by."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest

from brokerlab.brokers.kafka import BROKER
from brokerlab.core import message
from brokerlab.core.broker import Admin, Sender
from brokerlab.core.errors import InconclusiveError, UsageError
from brokerlab.core.fault import Scene
from brokerlab.core.wait import until
from brokerlab.core.words import Outcome
from brokerlab.engine.observer import Observer
from brokerlab.faults.disk_full import DiskFull
from brokerlab.labs.external import ExternalLab
from brokerlab.labs.local import ports, processes, state
from brokerlab.labs.local.lab import LocalLab
from brokerlab.labs.local.status import status
from tests.fakes.scenes import crew

pytestmark = pytest.mark.lab


@pytest.fixture
def admin(lab: LocalLab) -> Iterator[Admin]:
    admin = BROKER.admin(lab.endpoint("client"), {})
    yield admin
    admin.close()


@pytest.fixture
def target() -> Iterator[str]:
    """host:port of a page with one counter."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(b"lab_test_total 42\n")

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def asked(url: str, query: str) -> list[dict[str, object]]:
    with urllib.request.urlopen(f"{url}/api/v1/query?query={quote(query)}", timeout=5) as answer:
        found: list[dict[str, object]] = json.load(answer)["data"]["result"]
    return found


def test_what_up_promises(lab: LocalLab) -> None:
    assert lab.nodes() == ("kafka-1", "kafka-2", "kafka-3")
    assert [lab.state(node) for node in lab.nodes()] == ["running"] * 3
    assert lab.capabilities == {"agents", "kill", "pause", "restart", "logs", "prometheus", "links", "disk"}
    assert all(ports.listens(int(address.rpartition(":")[2])) for address in lab.endpoint("client").split(","))
    until(lambda: "Kafka Server started" in lab.logs("kafka-1", 1000), "its log to say so", deadline=30)


def test_a_lab_is_found_by_whoever_looks_for_it(lab: LocalLab) -> None:
    found = LocalLab.find()
    assert found
    assert (found.nodes(), found.endpoint("client")) == (lab.nodes(), lab.endpoint("client"))
    assert found.prometheus() == lab.prometheus()
    assert status().state == "up"


def test_killed_and_restarted_with_its_data(lab: LocalLab, admin: Admin) -> None:
    admin.create({"kept": {}}, 1, [1, 2, 3])
    lab.kill("kafka-1")
    assert lab.state("kafka-1") == "gone"
    assert status().state == "damaged"
    # [] of a node that has not heard of the topic yet
    until(lambda: {state.leader for state in admin.describe(["kept"])} & {2, 3}, "another leader", deadline=30)
    lab.restart("kafka-1")
    assert lab.state("kafka-1") == "running"
    until(lambda: [state.isr for state in admin.describe(["kept"])] == [(1, 2, 3)], "the whole ISR", deadline=30)
    admin.delete(["kept"])


def test_paused_and_resumed(lab: LocalLab) -> None:
    lab.pause("kafka-2")
    assert lab.state("kafka-2") == "paused"
    lab.resume("kafka-2")
    assert lab.state("kafka-2") == "running"


def test_heal_makes_a_damaged_lab_whole(lab: LocalLab, admin: Admin) -> None:
    lab.kill("kafka-2")
    lab.pause("kafka-3")
    said: list[str] = []
    lab.heal(said.append)
    assert [lab.state(node) for node in lab.nodes()] == ["running"] * 3
    assert said == ["starting kafka-2, which was gone", "resuming kafka-3, which was paused"]
    admin.await_ready(3, 60)


def test_a_client_that_goes_by_the_links_can_be_cut_off_alone(lab: LocalLab) -> None:
    near, far = (BROKER.admin(lab.endpoint(port), {}) for port in (BROKER.port, BROKER.link))
    try:
        assert len(far.describe(["__consumer_offsets"])) == 1
        for node in lab.nodes():
            lab.links().trouble(node, "down", "drop", 1)
        with pytest.raises(InconclusiveError):
            far.describe(["__consumer_offsets"])
        assert len(near.describe(["__consumer_offsets"])) == 1
        until(lambda: lab.links().traffic("kafka-1", "down")["dropped"], "an answer to be dropped", deadline=30)
        for node in lab.nodes():
            lab.links().trouble(node, "down", "drop", 0)
        assert len(far.describe(["__consumer_offsets"])) == 1
    finally:
        near.close()
        far.close()


def test_a_leader_with_a_full_disk_gives_up_and_comes_back_with_what_it_had(
    lab: LocalLab, admin: Admin, tmp_path: Path
) -> None:
    topic, fault = "filled", DiskFull()
    admin.create({topic: {}}, 1, [1, 2, 3])
    sender = BROKER.sender(lab.endpoint("client"), topic, {"acks": "all"})  # one by the leader alone may be lost
    observer = Observer(BROKER.admin(lab.endpoint("client"), {}), [topic], lambda *_: None)
    try:
        send(sender, range(100))
        scene = Scene(lab, BROKER, admin, {"v": topic}, dict, observer.sightings, {}, crew(tmp_path))
        facts = fault.hurt(scene)
        send(sender, range(100, 200))  # the one that takes over acknowledges them
        until(lambda: {state.leader for state in admin.describe([topic])} & {2, 3}, "another leader", deadline=30)
        until(lambda: lab.state("kafka-1") == "gone", "the broker to end itself", deadline=30)
        fault.heal(scene)
        until(lambda: [state.isr for state in admin.describe([topic])] == [(1, 2, 3)], "the whole ISR", deadline=30)
        until(lambda: {0, 1} <= epochs(observer), "the epochs of both leaders", deadline=30)
        receipt = fault.receipt(scene, facts)
        assert receipt.bit, receipt.sentence
        assert "kafka-1 could write no further record" in receipt.sentence
        until(lambda: admin.ends([topic]).get((topic, 0), 0) >= 200, "what was acknowledged", deadline=30)
    finally:
        observer.close()
        sender.close()
        admin.delete([topic])


def epochs(observer: Observer) -> set[int]:
    return {sighting.state.epoch for sighting in observer.sightings() if sighting.state.leader != -1}


def send(sender: Sender, seqs: range) -> None:
    """Send them, and wait until each is acknowledged."""
    sender.send(message.build(1, 0, np.array(seqs, np.uint32), 1000, 1), 0, None)
    acked = 0

    def answered() -> bool:
        nonlocal acked
        acked += int((sender.poll(0.1).outcome == Outcome.ACKED).sum())
        return acked == len(seqs)

    until(answered, "every message to be acknowledged", deadline=60)


def test_links_that_died_are_healed(lab: LocalLab) -> None:
    processes.kill([state.load("local").processes["links"]])  # type: ignore[union-attr]  # the lab is up
    said: list[str] = []
    found = LocalLab.find()
    assert found
    found.heal(said.append)
    assert said == ["starting the links, which were gone"]
    assert found.links().traffic("kafka-1", "up")["cut"] == 0


def test_an_unknown_node_is_a_sentence(lab: LocalLab) -> None:
    with pytest.raises(UsageError, match="there is no node 'kafka-4'"):
        lab.kill("kafka-4")


def test_prometheus_scrapes_what_it_is_told_to_until_it_is_told_not_to(lab: LocalLab, target: str) -> None:
    url = lab.prometheus()
    assert url
    lab.scrape("a-job", target, {"scenario": "acks"})
    query = 'lab_test_total{job="a-job",scenario="acks"}'
    (row,) = until(lambda: asked(url, query), "Prometheus to scrape the page", deadline=20)
    assert row["value"][1] == "42"  # type: ignore[index]  # JSON has no types
    lab.scrape("a-job", None, {})
    until(lambda: not asked(url, query), "Prometheus to forget the page", deadline=30)


def test_a_cluster_that_is_not_ours_is_used_and_watched_but_not_hurt(lab: LocalLab, admin: Admin) -> None:
    external = ExternalLab.up(lab.endpoint("client"), say=lambda _: None)
    try:
        assert external.capabilities == {"agents", "prometheus"}
        assert asked(str(external.prometheus()), "vector(1)")
        theirs = BROKER.admin(external.endpoint("client"), {})
        theirs.await_ready(3, 30)
        theirs.close()
    finally:
        assert ExternalLab.down(lambda _: None)
    assert [lab.state(node) for node in lab.nodes()] == ["running"] * 3
