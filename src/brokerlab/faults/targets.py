"""Which nodes and agents a fault is meant for, said by their part in the experiment: the leader, the followers, ..."""

from __future__ import annotations

from collections.abc import Mapping

from brokerlab.core.agent import Agent
from brokerlab.core.broker import PartitionState
from brokerlab.core.errors import InconclusiveError
from brokerlab.core.fault import Scene, Sighting
from brokerlab.core.words import ANSWERS, CONFIRMED


def states(scene: Scene) -> list[PartitionState]:
    return scene.admin.describe(sorted(scene.topics.values()))


def by_id(scene: Scene) -> dict[int, str]:
    """Broker id -> the lab's name of the node."""
    return {scene.broker.node_id(node): node for node in scene.lab.nodes(scene.broker.name)}


def latest(scene: Scene) -> list[Sighting]:
    """What the observer saw last of each partition."""
    return list({(sighting.state.topic, sighting.state.partition): sighting for sighting in scene.sightings()}.values())


def leader(scene: Scene) -> str:
    """The one node that leads every partition of the experiment."""
    leaders = {state.leader for state in states(scene)}
    if len(leaders) != 1 or -1 in leaders:
        raise InconclusiveError(
            f"the partitions are led by several brokers ({sorted(leaders)}), so one fault can't meet them all",
            "run the scenario again on a healthy lab: brokerlab lab status",
        )
    return by_id(scene)[leaders.pop()]


def followers(scene: Scene) -> tuple[str, ...]:
    first = leader(scene)
    names = by_id(scene)
    replicas = {replica for state in states(scene) for replica in state.replicas}
    return tuple(names[replica] for replica in sorted(replicas) if names[replica] != first)


def at_stake(scene: Scene) -> dict[str, int]:
    """By variant: messages sent that have no outcome yet, or that were sent since the first fault that still lasts."""
    now = scene.counters()
    since: Mapping[str, Mapping[str, int]] = next((facts["counters"] for facts in scene.active.values()), now)
    return {
        variant: max(unanswered(counters), counters.get("sent", 0) - since.get(variant, {}).get("sent", 0))
        for variant, counters in now.items()
    }


def first_of_each_variant(scene: Scene, role: str) -> list[Agent]:
    found: dict[str, Agent] = {}
    for agent in scene.crew.of(role):
        found.setdefault(agent.spec.variant, agent)
    return list(found.values())


def counters(agent: Agent) -> dict[str, int]:
    """An agent's counters as it told them last."""
    return {name: value for name, value in agent.progress().items() if isinstance(value, int)}


def unanswered(counters: Mapping[str, int]) -> int:
    return counters.get("sent", 0) - sum(counters.get(word, 0) for word in ANSWERS)


def answered_since(scene: Scene, now: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """By variant: messages acknowledged since a node was hurt last, of those hurts that still last; `now` in all."""
    hurts = [facts["counters"] for facts in scene.active.values() if "node" in facts or "nodes" in facts]
    since: Mapping[str, Mapping[str, int]] = hurts[-1] if hurts else now
    return {
        variant: sum(counters.get(word, 0) - since.get(variant, {}).get(word, 0) for word in CONFIRMED)
        for variant, counters in now.items()
    }
