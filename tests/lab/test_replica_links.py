"""Links between brokers on a real lab: a leader is cut off from its followers, and clients still reach all of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from brokerlab.brokers.kafka import BROKER
from brokerlab.brokers.kafka.nodes import CONFIG
from brokerlab.core import links, message
from brokerlab.core.broker import Admin, Sender
from brokerlab.core.fault import Fault, Scene
from brokerlab.core.node import NodeSpec
from brokerlab.core.wait import elapse, until
from brokerlab.core.words import Outcome
from brokerlab.faults.cut import Cut
from brokerlab.faults.drop_acks import DropAcks
from brokerlab.labs.local.lab import LocalLab
from tests.fakes.scenes import crew

pytestmark = pytest.mark.lab
# The ISR shrinks within the test; and nobody is taken for dead, however busy the machine: nobody dies here.
OURS = {
    "replica.lag.time.max.ms=30000": "replica.lag.time.max.ms=1500",
    "broker.session.timeout.ms=2000": "broker.session.timeout.ms=30000",
}


def changed(spec: NodeSpec) -> NodeSpec:
    settings = spec.files[CONFIG]
    for theirs, ours in OURS.items():
        assert theirs in settings
        settings = settings.replace(theirs, ours)
    return replace(spec, files={CONFIG: settings})


@pytest.fixture
def lab(home: Path) -> Iterator[LocalLab]:
    lab = LocalLab.up([changed(spec) for spec in BROKER.nodes(3, between=True)], with_prometheus=False)
    yield lab
    LocalLab.down()


@pytest.fixture
def admin(lab: LocalLab) -> Iterator[Admin]:
    admin = BROKER.admin(lab.endpoint("client"), {})
    admin.await_ready(3, 60)
    yield admin
    admin.close()


def answered(sender: Sender, seqs: range) -> int:
    """Of these messages, how many are acknowledged within a while; all of them are sent."""
    sender.send(message.build(1, 0, np.array(seqs, np.uint32), 100, 1), 0, None)
    acked = 0

    def all_of_them() -> bool:
        nonlocal acked
        acked += int((sender.poll(0.05).outcome == Outcome.ACKED).sum())
        return acked == len(seqs)

    until(all_of_them, "every message to be acknowledged", deadline=30)
    return acked


def test_a_leader_is_cut_off_from_its_followers_alone(lab: LocalLab, admin: Admin, tmp_path: Path) -> None:
    assert "replica links" in lab.capabilities
    admin.create({"t": {"min.insync.replicas": "2"}}, 1, [1, 2, 3])
    one, all_ = (BROKER.sender(lab.endpoint("client"), "t", {"acks": acks}) for acks in ("1", "all"))
    scene = Scene(lab, BROKER, admin, {"v": "t"}, dict, list, {}, crew(tmp_path))
    try:
        answered(all_, range(10))
        assert lab.links().traffic(links.name("kafka-1", "replicas"), "down")["passed"] > 0
        _cut_off(scene, Cut(party="replicas"), one, all_, admin)
        _cut_off(scene, DropAcks(party="replicas"), one, all_, admin)
    finally:
        one.close()
        all_.close()


def _cut_off(scene: Scene, fault: Fault, one: Sender, all_: Sender, admin: Admin) -> None:
    """Who asks the leader alone is acknowledged, nothing of it is replicated, and acks=all waits, then is refused."""
    before = _end(admin)
    facts = fault.hurt(scene)
    answered(one, range(10))
    assert _end(admin) == before, "a high watermark that moved was replicated to"
    all_.send(message.build(1, 0, np.array([0], np.uint32), 100, 1), 0, None)
    until(lambda: _isr(admin) == [(1,)], "the ISR to shrink to the leader", deadline=30)
    elapse(0.2, "an acknowledgement that must not come")
    assert not len(all_.poll(0).outcome)
    until(lambda: _leader(admin) == [1], "the controllers to see it, and clients", deadline=30)
    fault.heal(scene)
    until(lambda: _isr(admin) == [(1, 2, 3)], "the ISR to be whole", deadline=30)
    until(lambda: len(all_.poll(0.05).outcome), "the refused message to be acknowledged", deadline=30)
    receipt = fault.receipt(scene, facts)
    assert receipt.bit, receipt.sentence
    assert "kafka-1" in receipt.sentence


def _isr(admin: Admin) -> list[tuple[int, ...]]:
    return [state.isr for state in admin.describe(["t"])]


def _leader(admin: Admin) -> list[int]:
    return [state.leader for state in admin.describe(["t"])]


def _end(admin: Admin) -> int:
    """As soon as the leader tells it."""
    return until(lambda: admin.ends(["t"]), "the leader to tell its end", deadline=30)["t", 0]
