"""The faults of the network: what each does to the leader's link, and that its receipt counts what it did."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from brokerlab.core.fault import Fault, Scene
from brokerlab.core.links import Way
from brokerlab.faults.corrupt import Corrupt
from brokerlab.faults.cut import Cut
from brokerlab.faults.delay import Delay
from brokerlab.faults.drop_acks import DropAcks
from brokerlab.faults.drop_requests import DropRequests
from brokerlab.faults.limit import Limit
from tests.fakes.scenes import MemoryAdmin, MemoryLab, MemoryLinks, MemoryNodes, crew

FAULTS: list[tuple[Fault, tuple[str, Way, str], int]] = [
    (DropAcks(), ("node-2", "down", "drop"), 1),
    (DropRequests(), ("node-2", "up", "drop"), 1),
    (Delay(ms=100), ("node-2", "down", "delay"), 100),
    (Delay(ms=50, way="up"), ("node-2", "up", "delay"), 50),
    (Limit(bytes_per_s=1000), ("node-2", "up", "limit"), 1000),
    (Cut(), ("node-2", "up", "cut"), 1),
    (Cut(party="replicas"), ("node-2/replicas", "up", "cut"), 1),
    (DropAcks(party="replicas"), ("node-2/replicas", "down", "drop"), 1),
    (DropRequests(party="replicas"), ("node-2/replicas", "up", "drop"), 1),
    (Delay(ms=100, party="replicas"), ("node-2/replicas", "down", "delay"), 100),
    (Limit(bytes_per_s=1000, way="down", party="replicas"), ("node-2/replicas", "down", "limit"), 1000),
    (Corrupt(parcels=2), ("node-2", "up", "flip"), 2),
]
every = pytest.mark.parametrize(("fault", "where", "amount"), FAULTS, ids=lambda value: type(value).__name__)


@pytest.fixture
def lab() -> MemoryLab:
    return MemoryLab()


@pytest.fixture
def scene(lab: MemoryLab, tmp_path: Path) -> Scene:
    return Scene(lab, MemoryNodes(), MemoryAdmin(leader=2), {"v": "t"}, dict, list, {}, crew(tmp_path))


@every
def test_the_leaders_link_alone_is_hurt_and_every_link_is_healed(
    scene: Scene, lab: MemoryLab, fault: Fault, where: tuple[str, Way, str], amount: int
) -> None:
    assert fault.needs == {"replica links" if where[0].endswith("replicas") else "links"}
    fault.hurt(scene)
    assert lab.network.wrong == {where: amount}
    fault.heal(scene)
    fault.heal(scene)
    assert set(lab.network.wrong.values()) == {0}
    assert where in lab.network.wrong


@every
def test_the_receipt_counts_what_was_done_since(
    scene: Scene, lab: MemoryLab, fault: Fault, where: tuple[str, Way, str], amount: int
) -> None:
    fault.hurt(scene)
    lab.network.traffic(where[0], where[1])
    fault.heal(scene)
    receipt = fault.receipt(scene, fault.hurt(scene))
    assert receipt.bit
    assert "node-2" in receipt.sentence
    assert "100" in receipt.sentence  # not the 100 of before as well


@pytest.mark.parametrize(("batches", "bit"), [(1, False), (2, True)])
def test_a_bit_is_to_be_turned_in_a_batch_of_every_producer(
    scene: Scene, lab: MemoryLab, tmp_path: Path, batches: int, bit: bool
) -> None:
    lab.network = MemoryLinks(flows=batches)
    scene = replace(scene, crew=crew(tmp_path, ("producer",)))  # one a variant, of two
    receipt = Corrupt().receipt(scene, Corrupt().hurt(scene))
    assert (receipt.bit, receipt.facts["batches"]) == (bit, batches)


@every
def test_without_traffic_it_did_not_bite(
    scene: Scene, lab: MemoryLab, fault: Fault, where: tuple[str, Way, str], amount: int
) -> None:
    lab.network = MemoryLinks(flows=0)
    assert not fault.receipt(scene, fault.hurt(scene)).bit
