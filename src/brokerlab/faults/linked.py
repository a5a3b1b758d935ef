"""What the faults of the network have in common: they hurt one way of a link to the leader, and count what it did.

party: from whom the leader is cut off: clients, or the other replicas, which then get nothing to replicate, although
clients reach the leader and them.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from brokerlab.core import links
from brokerlab.core.fault import Scene
from brokerlab.core.links import Party, Trouble, Way
from brokerlab.faults import targets

WHO: Mapping[Party, str] = {"clients": "clients", "replicas": "the other replicas"}
ONE: Mapping[Party, str] = {"clients": "a client", "replicas": "another replica"}
_NEEDS: Mapping[Party, str] = {"clients": "links", "replicas": "replica links"}


def needs(party: Party) -> frozenset[str]:
    return frozenset({_NEEDS[party]})


def hurt(scene: Scene, way: Way, what: Trouble, amount: int, party: Party) -> Mapping[str, Any]:
    """Hurt the leader's link. The facts hold its counters from before."""
    node = targets.leader(scene)
    link = links.name(node, party)
    before = dict(scene.lab.links().traffic(link, way))
    at_us = time.time_ns() // 1000
    scene.lab.links().trouble(link, way, what, amount)
    return {"node": node, "party": party, "before": before, "at_us": at_us}


def heal(scene: Scene, way: Way, what: Trouble, party: Party) -> None:
    """Heal that of every link: who leads may have changed."""
    for node in scene.lab.nodes(scene.broker.name):
        scene.lab.links().trouble(links.name(node, party), way, what, 0)


def done(scene: Scene, way: Way, counter: str, facts: Mapping[str, Any]) -> int:
    """How far that counter has come since the hurt."""
    now = scene.lab.links().traffic(links.name(facts["node"], facts["party"]), way)
    return now[counter] - int(facts["before"][counter])


def traffic(way: Way, facts: Mapping[str, Any]) -> str:
    """What goes that way, in words."""
    who = WHO[facts["party"]]
    return f"requests of {who} to {facts['node']}" if way == "up" else f"answers of {facts['node']} to {who}"
