"""Kill the follower: SIGKILL the other replica of the experiment's partitions, and wait until it is no longer in sync.

For partitions with two replicas. From then on the leader is all that there is of the in-sync replicas, and what it
acknowledges, it alone has: the one that died is stale when it returns. Healing starts it again, with its data.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from brokerlab.core.fault import Receipt, Scene
from brokerlab.core.wait import until
from brokerlab.faults import targets

SHRINK_S = 30


@dataclass(frozen=True)
class KillFollower:
    """Kill the one follower of every partition, and wait until the leader alone is in sync."""

    needs: frozenset[str] = frozenset({"kill", "restart"})

    def hurt(self, scene: Scene) -> Mapping[str, Any]:
        (node,) = targets.followers(scene)
        number = scene.broker.node_id(node)
        at_us = time.time_ns() // 1000
        scene.lab.kill(node)

        def in_sync() -> list[tuple[int, ...]]:
            return sorted({sighting.state.isr for sighting in targets.latest(scene)})

        what = f"{node} to be taken out of the in-sync replicas"
        until(lambda: all(number not in isr for isr in in_sync()), what, deadline=SHRINK_S, seen=lambda: str(in_sync()))
        took = (time.time_ns() // 1000 - at_us) / 1e6
        return {"node": node, "at_us": at_us, "state": scene.lab.state(node), "took_s": took}

    def heal(self, scene: Scene) -> None:
        """Every follower that is gone; a leader that is gone as well is somebody else's affair."""
        names = targets.by_id(scene)
        for number in sorted({n for sighting in targets.latest(scene) for n in sighting.state.replicas[1:]}):
            if scene.lab.state(names[number]) == "gone":
                scene.lab.restart(names[number])

    def receipt(self, scene: Scene, facts: Mapping[str, Any]) -> Receipt:
        bit = facts["state"] == "gone"
        sentence = (
            f"{facts['node']}, the follower, was killed; {facts['took_s']:.1f} s later the leader alone was in sync"
            if bit
            else f"the kill did not bite: {facts['node']} is {facts['state']}"
        )
        return Receipt("kill follower", bit, sentence, facts)
