"""Kill the last in-sync replica: SIGKILL the leader of partitions whose other replicas are dead already.

Nobody who has all that was acknowledged is left. Either the partitions wait for it, or whoever returns first leads them
(`unclean.leader.election.enable`). Healing starts it again, with its data.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from brokerlab.core.fault import Receipt, Scene
from brokerlab.faults import targets


@dataclass(frozen=True)
class KillLast:
    """Kill the leader, which is the only replica in sync."""

    needs: frozenset[str] = frozenset({"kill", "restart"})

    def hurt(self, scene: Scene) -> Mapping[str, Any]:
        states = [sighting.state for sighting in targets.latest(scene)]
        node = targets.leader(scene)
        number = scene.broker.node_id(node)
        alone = all(state.isr == (number,) for state in states)
        counters = scene.counters()
        acknowledged = targets.answered_since(scene, counters)
        in_flight = {variant: targets.unanswered(counts) for variant, counts in counters.items()}
        at_us = time.time_ns() // 1000
        scene.lab.kill(node)
        return {
            "node": node,
            "at_us": at_us,
            "state": scene.lab.state(node),
            "alone": alone,
            "acknowledged": acknowledged,
            "in_flight": in_flight,
            "at_stake": {variant: acknowledged[variant] + in_flight[variant] for variant in counters},
        }

    def heal(self, scene: Scene) -> None:
        names = targets.by_id(scene)
        for number in sorted({sighting.state.replicas[0] for sighting in targets.latest(scene)}):
            if scene.lab.state(names[number]) == "gone":
                scene.lab.restart(names[number])

    def receipt(self, scene: Scene, facts: Mapping[str, Any]) -> Receipt:
        node, killed = facts["node"], scene.broker.node_id(facts["node"])
        stale = {
            s.state.topic for s in scene.sightings() if s.at_us > facts["at_us"] and s.state.leader not in (-1, killed)
        }
        unclean = sorted(variant for variant, topic in scene.topics.items() if topic in stale)
        acknowledged, open_ = sum(facts["acknowledged"].values()), sum(facts["in_flight"].values())
        bit = facts["state"] == "gone" and facts["alone"] and acknowledged + open_ > 0
        sentence = (
            f"{node}, the only replica in sync, was killed: {acknowledged:,} messages had been acknowledged by it "
            f"alone, {open_:,} were waiting for that; a stale one leads {' and '.join(unclean) or 'nothing'}"
            if bit
            else f"{node} is {facts['state']}, alone in sync: {facts['alone']}; at stake: {acknowledged + open_}"
        )
        return Receipt("kill last", bit, sentence, {**facts, "unclean": unclean})
