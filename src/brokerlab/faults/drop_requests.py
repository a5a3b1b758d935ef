"""Requests swallowed: what a client sends to the leader arrives nowhere, and nothing tells it so.

As on a route that leads into nothing: the connection stays open, what is written to it is gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from brokerlab.core.fault import Receipt, Scene
from brokerlab.core.links import Party
from brokerlab.faults import linked


@dataclass(frozen=True)
class DropRequests:
    """Throw away all that clients, or the other replicas, send to the leader."""

    party: Party = "clients"

    @property
    def needs(self) -> frozenset[str]:
        return linked.needs(self.party)

    def hurt(self, scene: Scene) -> Mapping[str, Any]:
        return linked.hurt(scene, "up", "drop", 1, self.party)

    def heal(self, scene: Scene) -> None:
        linked.heal(scene, "up", "drop", self.party)

    def receipt(self, scene: Scene, facts: Mapping[str, Any]) -> Receipt:
        swallowed = linked.done(scene, "up", "dropped", facts)
        sentence = (
            f"{swallowed:,} bytes of {linked.traffic('up', facts)} vanished, and the connections stayed open"
            if swallowed
            else f"there were no {linked.traffic('up', facts)} that could have vanished"
        )
        return Receipt("drop-requests", swallowed > 0, sentence, {**facts, "swallowed_bytes": swallowed})
