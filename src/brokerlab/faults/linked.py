"""What the faults of the network have in common: they hurt one way of the link to the leader, and count what it did."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from brokerlab.core.fault import Scene
from brokerlab.core.links import Trouble, Way
from brokerlab.faults import targets

NEEDS = frozenset({"links"})
TOWARDS = {"up": "requests to", "down": "answers of"}


def hurt(scene: Scene, way: Way, what: Trouble, amount: int) -> Mapping[str, Any]:
    """Hurt the leader's link. The facts hold its counters from before."""
    node, links = targets.leader(scene), scene.lab.links()
    before = dict(links.traffic(node, way))
    at_us = time.time_ns() // 1000
    links.trouble(node, way, what, amount)
    return {"node": node, "before": before, "at_us": at_us}


def heal(scene: Scene, way: Way, what: Trouble) -> None:
    """Heal that of every link: who leads may have changed."""
    for node in scene.lab.nodes(scene.broker.name):
        scene.lab.links().trouble(node, way, what, 0)


def done(scene: Scene, way: Way, counter: str, facts: Mapping[str, Any]) -> int:
    """How far that counter has come since the hurt."""
    now = scene.lab.links().traffic(facts["node"], way)
    return now[counter] - int(facts["before"][counter])
