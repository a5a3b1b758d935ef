"""Pause and kill: what they do to a lab, and when their receipt says that they did not bite."""

from __future__ import annotations

from dataclasses import replace

import pytest

from brokerlab.core.errors import InconclusiveError
from brokerlab.core.protocols import PartitionState, Scene, Sighting
from brokerlab.faults import targets
from brokerlab.faults.kill import KillLeader
from brokerlab.faults.pause import PauseFollowers
from tests.fakes.scenes import MemoryAdmin, MemoryLab, MemoryNodes

FAR_FUTURE = 1 << 60


def sighting(leader: int, at_us: int = 0, topic: str = "t") -> Sighting:
    return Sighting(at_us, PartitionState(topic, 0, leader, 0, (1, 2, 3), (1, 2, 3)))


@pytest.fixture
def seen() -> list[Sighting]:
    """What the observer has seen so far."""
    return [sighting(1)]


@pytest.fixture
def scene(seen: list[Sighting]) -> Scene:
    counters = {"acks=1": {"sent": 30, "acked": 30}, "acks=all": {"sent": 30, "acked": 10}}
    return Scene(MemoryLab(), MemoryNodes(), MemoryAdmin(), {"acks=1": "t"}, lambda: counters, lambda: seen, {})


def test_pause_stops_the_followers_and_heals_them(scene: Scene) -> None:
    fault = PauseFollowers()
    facts = fault.hurt(scene)
    assert scene.lab.states == {"node-1": "running", "node-2": "paused", "node-3": "paused"}
    assert fault.receipt(scene, facts).bit
    fault.heal(scene)
    fault.heal(scene)
    assert set(scene.lab.states.values()) == {"running"}
    assert scene.lab.done.count("resume node-2") == 1


def test_a_pause_that_a_node_ignores_did_not_bite(scene: Scene) -> None:
    scene = replace(scene, lab=MemoryLab(stubborn=frozenset({"node-3"})))
    receipt = PauseFollowers().receipt(scene, PauseFollowers().hurt(scene))
    assert not receipt.bit
    assert "of node-2 and node-3, stopped were node-2" in receipt.sentence


def test_kill_takes_the_leader_and_heals_by_restarting_it(scene: Scene, seen: list[Sighting]) -> None:
    facts = KillLeader().hurt(scene)
    seen.append(sighting(2, FAR_FUTURE))
    assert scene.lab.done == ["kill node-1"]
    receipt = KillLeader().receipt(scene, facts)
    assert receipt.bit, receipt.sentence
    assert "20 messages were in flight or on it alone" in receipt.sentence
    assert receipt.facts["new_leaders"] == ["node-2"]
    KillLeader().heal(scene)
    KillLeader().heal(scene)
    assert scene.lab.done == ["kill node-1", "restart node-1"]


def test_a_kill_without_a_new_leader_did_not_bite(scene: Scene, seen: list[Sighting]) -> None:
    facts = KillLeader().hurt(scene)
    seen.append(sighting(-1, FAR_FUTURE))
    receipt = KillLeader().receipt(scene, facts)
    assert not receipt.bit
    assert "not every partition was seen to get a new leader" in receipt.sentence


def test_a_kill_after_which_one_partition_of_two_moved_did_not_bite(scene: Scene, seen: list[Sighting]) -> None:
    seen.append(sighting(1, topic="u"))
    facts = KillLeader().hurt(scene)
    seen.append(sighting(2, FAR_FUTURE))
    assert not KillLeader().receipt(scene, facts).bit
    seen.append(sighting(3, FAR_FUTURE, topic="u"))
    assert KillLeader().receipt(scene, facts).bit


def test_a_kill_with_nothing_to_lose_did_not_bite(scene: Scene, seen: list[Sighting]) -> None:
    scene = replace(scene, counters=lambda: {"acks=1": {"sent": 30, "acked": 30}})
    facts = KillLeader().hurt(scene)
    seen.append(sighting(2, FAR_FUTURE))
    receipt = KillLeader().receipt(scene, facts)
    assert not receipt.bit
    assert "nothing to lose" in receipt.sentence


def test_a_kill_that_the_node_survives_did_not_bite(scene: Scene) -> None:
    scene = replace(scene, lab=MemoryLab(stubborn=frozenset({"node-1"})))
    receipt = KillLeader().receipt(scene, KillLeader().hurt(scene))
    assert not receipt.bit
    assert "node-1 is running" in receipt.sentence


def test_what_was_sent_since_the_first_active_fault_is_at_stake(scene: Scene) -> None:
    active = {"pause": {"counters": {"acks=1": {"sent": 5}}}, "later": {"counters": {"acks=1": {"sent": 29}}}}
    assert targets.at_stake(replace(scene, active=active)) == {"acks=1": 25, "acks=all": 30}
    assert targets.at_stake(scene) == {"acks=1": 0, "acks=all": 20}


def test_partitions_led_by_two_brokers_cannot_be_met_by_one_fault(scene: Scene) -> None:
    class Split(MemoryAdmin):
        def describe(self, topics: object) -> list[PartitionState]:
            return [sighting(1).state, sighting(2).state]

    with pytest.raises(InconclusiveError, match="led by several brokers"):
        PauseFollowers().hurt(replace(scene, admin=Split()))
