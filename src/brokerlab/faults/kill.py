"""Kill: SIGKILL the leader, as when a machine loses its power; healing starts it again, with its data.

The receipt wants three things: the process was gone, the partitions got another leader, and there was something to
lose: messages in flight, or acknowledged by the leader alone.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from brokerlab.core.fault import Receipt, Scene, Sighting
from brokerlab.faults import targets


@dataclass(frozen=True)
class KillLeader:
    """Kill the node that leads every partition of the experiment, as the observer saw them last."""

    needs: frozenset[str] = frozenset({"kill", "restart"})

    def hurt(self, scene: Scene) -> Mapping[str, Any]:
        before = {(s.state.topic, s.state.partition): s.state for s in scene.sightings()}
        node = targets.by_id(scene)[{state.leader for state in before.values()}.pop()]
        at_stake = targets.at_stake(scene)
        at_us = time.time_ns() // 1000
        scene.lab.kill(node)
        return {
            "node": node,
            "at_us": at_us,
            "state": scene.lab.state(node),
            "at_stake": at_stake,
            "partitions": len(before),
        }

    def heal(self, scene: Scene) -> None:
        for node in scene.lab.nodes():
            if scene.lab.state(node) == "gone":
                scene.lab.restart(node)

    def receipt(self, scene: Scene, facts: Mapping[str, Any]) -> Receipt:
        killed = scene.broker.node_id(facts["node"])
        successors = _successors(scene.sightings(), killed, facts["at_us"])
        stake = sum(facts["at_stake"].values())
        took = (max((s.at_us for s in successors.values()), default=0) - facts["at_us"]) / 1e6
        names = targets.by_id(scene)
        new = sorted({names[s.state.leader] for s in successors.values()})
        moved = len(successors) == facts["partitions"] > 0
        bit = facts["state"] == "gone" and moved and stake > 0
        sentence = (
            f"{facts['node']}, leader of all {facts['partitions']} partitions, was killed while {stake:,} messages "
            f"were in flight or on it alone; {' and '.join(new)} took over after {took:.1f} s"
            if bit
            else _why_not(facts, moved)
        )
        return Receipt("kill", bit, sentence, {**facts, "new_leaders": new, "fail_over_s": took if moved else None})


def _successors(sightings: Sequence[Sighting], killed: int, since_us: int) -> dict[tuple[str, int], Sighting]:
    """By partition: the first sighting after the kill that shows another leader."""
    found: dict[tuple[str, int], Sighting] = {}
    for sighting in sightings:
        state = sighting.state
        if sighting.at_us > since_us and state.leader not in (-1, killed):
            found.setdefault((state.topic, state.partition), sighting)
    return found


def _why_not(facts: Mapping[str, Any], moved: bool) -> str:
    if facts["state"] != "gone":
        return f"the kill did not bite: {facts['node']} is {facts['state']}"
    if not moved:
        return f"{facts['node']} was killed, but not every partition was seen to get a new leader"
    return f"{facts['node']} was killed, but nothing was in flight or on it alone: there was nothing to lose"
