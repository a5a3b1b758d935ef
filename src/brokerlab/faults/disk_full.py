"""Disk full: the leader can write no further record, as when its disk has no room left; what it has stays readable.

The kernel's own limit of a process (RLIMIT_FSIZE) refuses what goes beyond the largest log of the experiment: the write
fails with EFBIG where a full disk says ENOSPC, at the same place, and the broker takes both for the same: it takes the
log folder offline, and one without any other ends (KafkaStorageException; KIP-112). No disk has to be filled for it.
Healing gives it room, and starts it again.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from brokerlab.core.errors import InconclusiveError
from brokerlab.core.fault import Receipt, Scene
from brokerlab.faults import targets


@dataclass(frozen=True)
class DiskFull:
    """Let the logs of the leader grow no more."""

    needs: frozenset[str] = frozenset({"disk", "restart"})

    def hurt(self, scene: Scene) -> Mapping[str, Any]:
        node, at_us = targets.leader(scene), time.time_ns() // 1000
        size = _largest(scene, node)
        scene.lab.limit_files(node, size)
        return {"node": node, "at_us": at_us, "bytes": size}

    def heal(self, scene: Scene) -> None:
        for node in scene.lab.nodes(scene.broker.name):
            if scene.lab.state(node) == "gone":
                scene.lab.restart(node)
            else:
                scene.lab.limit_files(node, None)

    def receipt(self, scene: Scene, facts: Mapping[str, Any]) -> Receipt:
        node, number = facts["node"], scene.broker.node_id(facts["node"])
        later = [sighting for sighting in scene.sightings() if sighting.at_us > facts["at_us"]]
        moved = next((sighting for sighting in later if sighting.state.leader not in (-1, number)), None)
        if not moved:
            return Receipt("disk-full", False, f"{node} went on leading: it was to write nothing", facts)
        new, took = targets.by_id(scene)[moved.state.leader], (moved.at_us - facts["at_us"]) / 1e6
        sentence = f"{node} could write no further record, and gave up; {new} led after {took:.1f} s"
        return Receipt("disk-full", True, sentence, {**facts, "new_leaders": [new], "fail_over_s": took})


def _largest(scene: Scene, node: str) -> int:
    """The size of the largest log of the experiment's topics on that node."""
    data = scene.lab.data(node)
    logs = [log for topic in scene.topics.values() for log in scene.broker.files(data, topic)] if data else []
    if not logs:
        raise InconclusiveError(f"{node} has no log of the experiment's topics whose growth could be stopped")
    return max(log.stat().st_size for log in logs)
