"""Pause and kill: what they do to a lab, and when their receipt says that they did not bite."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from brokerlab.core.errors import DeadlineError, InconclusiveError
from brokerlab.core.protocols import PartitionState, Scene, Sighting
from brokerlab.faults import targets
from brokerlab.faults.kill import KillLeader
from brokerlab.faults.kill_agent import KillAgent
from brokerlab.faults.pause import PauseFollowers
from tests.fakes.scenes import MemoryAdmin, MemoryLab, MemoryNodes, crew

FAR_FUTURE = 1 << 60


def sighting(leader: int, at_us: int = 0, topic: str = "t") -> Sighting:
    return Sighting(at_us, PartitionState(topic, 0, leader, 0, (1, 2, 3), (1, 2, 3)))


@pytest.fixture
def seen() -> list[Sighting]:
    """What the observer has seen so far."""
    return [sighting(1)]


@pytest.fixture
def scene(seen: list[Sighting], tmp_path: Path) -> Scene:
    counters = {"acks=1": {"sent": 30, "acked": 30}, "acks=all": {"sent": 30, "acked": 10}}
    agents = crew(tmp_path, ("consumer", "producer"))
    lab = MemoryLab()
    return Scene(lab, MemoryNodes(), MemoryAdmin(), {"acks=1": "t"}, lambda: counters, lambda: seen, {}, agents)


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


def test_an_agent_of_every_variant_is_held_killed_and_replaced(scene: Scene) -> None:
    fault = KillAgent("consumer", at="midway")
    facts = fault.hurt(scene)
    assert facts["agents"] == facts["gone"] == ["consumer-one-0", "consumer-two-0"]
    assert [agent.orders for agent in scene.crew.of("consumer")] == [["hold midway"]] * 2
    assert fault.receipt(scene, facts).bit
    fault.heal(scene)
    fault.heal(scene)
    assert [agent.spec.process for agent in scene.crew.of("consumer")] == ["consumer-one-0.2", "consumer-two-0.2"]
    assert [agent.exit_code() for agent in scene.crew.of("producer")] == [None, None]


def test_an_agent_that_never_comes_to_the_point_is_not_killed_and_goes_on(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("brokerlab.engine.workload.HOLD_S", 0.1)
    fault = KillAgent("consumer", at="midway")
    scene.crew.of("consumer")[1].stuck = True
    with pytest.raises(DeadlineError, match="to stand at 'midway'"):
        fault.hurt(scene)
    fault.heal(scene)
    assert [agent.orders[-1] for agent in scene.crew.of("consumer")] == ["go", "go"]
    assert [agent.spec.start for agent in scene.crew.of("consumer")] == [1, 1]


def test_a_kill_that_an_agent_survives_did_not_bite(scene: Scene) -> None:
    fault = KillAgent("consumer", at="midway")
    facts = {**fault.hurt(scene), "gone": ["consumer-one-0"]}
    receipt = fault.receipt(scene, facts)
    assert not receipt.bit
    assert "gone were consumer-one-0" in receipt.sentence
