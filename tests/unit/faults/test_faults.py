"""Pause and kill: what they do to a lab, and when their receipt says that they did not bite."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP

import pytest

from brokerlab.core.broker import PartitionState
from brokerlab.core.errors import DeadlineError, InconclusiveError
from brokerlab.core.fault import Scene, Sighting
from brokerlab.engine.workload import Workload
from brokerlab.faults import targets
from brokerlab.faults.kill import KillLeader
from brokerlab.faults.kill_agent import KillAgent
from brokerlab.faults.kill_follower import KillFollower
from brokerlab.faults.kill_last import KillLast
from brokerlab.faults.pause import PauseFollowers
from brokerlab.faults.pause_agent import PauseAgent
from tests.fakes.scenes import FakeAgent, MemoryAdmin, MemoryLab, MemoryNodes, crew

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


def test_of_several_that_share_the_work_one_that_has_some_is_killed_and_the_others_go_on(scene: Scene) -> None:
    workload = scene.crew
    assert isinstance(workload, Workload)
    idle = [agent for agent in workload.of("consumer") if isinstance(agent, FakeAgent)]
    for agent in idle:
        agent.stuck = True
    workload.grow(2)
    facts = KillAgent("consumer", at="midway").hurt(scene)
    assert facts["agents"] == facts["gone"] == ["consumer-one-1", "consumer-two-1"]
    assert [agent.orders for agent in idle] == [["hold midway", "go"]] * 2


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


def alone(leader: int, isr: tuple[int, ...], at_us: int = 0) -> Sighting:
    """A partition with two replicas, on the brokers 1 and 2."""
    return Sighting(at_us, PartitionState("t", 0, leader, 0, (1, 2), isr))


@dataclass
class Shrinking(MemoryLab):
    """A lab in which the observer sees what a kill does to a partition of two replicas."""

    seen: list[Sighting] = field(default_factory=list)

    def kill(self, node: str) -> None:
        super().kill(node)
        if node == "node-2":
            self.seen.append(alone(1, (1,)))


class Two(MemoryAdmin):
    def describe(self, topics: object) -> list[PartitionState]:
        return [alone(1, (1, 2)).state]


def test_a_killed_follower_is_awaited_to_be_out_of_sync_and_comes_back_alone(scene: Scene) -> None:
    seen = [alone(1, (1, 2))]
    scene = replace(scene, lab=Shrinking(seen=seen), admin=Two(), sightings=lambda: seen)
    facts = KillFollower().hurt(scene)
    assert scene.lab.done == ["kill node-2"]
    assert KillFollower().receipt(scene, facts).bit
    scene.lab.kill("node-1")
    KillFollower().heal(scene)
    KillFollower().heal(scene)
    assert scene.lab.states == {"node-1": "gone", "node-2": "running", "node-3": "running"}


def test_a_follower_that_stays_in_sync_is_waited_for_in_vain(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("brokerlab.faults.kill_follower.SHRINK_S", 0.1)
    scene = replace(scene, admin=Two(), sightings=lambda: [alone(1, (1, 2))])
    with pytest.raises(DeadlineError, match="taken out of the in-sync replicas"):
        KillFollower().hurt(scene)


@pytest.mark.parametrize(
    ("isr", "earlier", "acked", "bit"),
    [((1,), 20, 20, True), ((1,), 15, 30, True), ((1,), 15, 20, True), ((1, 2), 15, 20, False), ((1,), 30, 30, False)],
)
def test_the_last_in_sync_must_be_alone_and_have_something(
    scene: Scene, isr: tuple[int, ...], earlier: int, acked: int, bit: bool
) -> None:
    seen = [alone(1, isr)]
    counters = {"acks=1": {"sent": 30, "acked": acked}}
    active = {
        "reader": {"agents": ["consumer-0"], "counters": {}},
        "follower": {"node": "node-2", "counters": {"acks=1": {"sent": 20, "acked": earlier}}},
    }
    scene = replace(scene, admin=Two(), sightings=lambda: seen, counters=lambda: counters, active=active)
    facts = KillLast().hurt(scene)
    seen.append(alone(2, (2,), FAR_FUTURE))
    receipt = KillLast().receipt(scene, facts)
    assert (receipt.bit, receipt.facts["unclean"]) == (bit, ["acks=1"])
    if bit:
        told = f"{acked - earlier} messages had been acknowledged by it alone, {30 - acked} were waiting"
        assert told in receipt.sentence
    KillLast().heal(scene)
    assert scene.lab.done == ["kill node-1", "restart node-1"]


def test_what_the_last_in_sync_alone_has_is_at_stake_variant_by_variant(scene: Scene) -> None:
    now = {
        "one": {"sent": 30, "acked": 25, "failed": 2},  # 5 acknowledged since the follower died, 3 unanswered
        "handed": {"sent": 30, "handed": 30},
        "done before": {"sent": 20, "acked": 20},
    }
    before = {"one": {"acked": 20}, "handed": {"handed": 18}, "done before": {"acked": 20}}
    active = {"follower": {"node": "node-2", "counters": before}}
    topics = dict.fromkeys(now, "t")
    scene = replace(scene, topics=topics, sightings=lambda: [alone(1, (1,))], counters=lambda: now, active=active)
    facts = KillLast().hurt(scene)
    assert facts["at_stake"] == {"one": 8, "handed": 12, "done before": 0}
    assert (facts["acknowledged"]["one"], facts["in_flight"]["one"]) == (5, 3)


def test_a_zombie_is_paused_replaced_and_ended_when_it_has_gone_on(scene: Scene) -> None:
    fault = PauseAgent("consumer", at="delivered", until="committed")
    facts = fault.hurt(scene)
    first, second = scene.crew.former("consumer")
    assert [agent.spec.start for agent in scene.crew.of("consumer")] == [2, 2]
    assert first.signals == [SIGSTOP]
    second.counts["state"], second.code = "fenced", 0
    fault.heal(scene)
    fault.heal(scene)
    assert first.signals == [SIGSTOP, SIGCONT, SIGKILL]
    assert first.orders == ["hold delivered", "hold committed"]
    receipt = fault.receipt(scene, facts)
    assert (receipt.bit, receipt.facts["fenced"], receipt.facts["went_on"]) == (True, ["two"], ["one"])
