"""Limit: one way of the link to the leader carries only so many bytes a second."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from brokerlab.core.fault import Receipt, Scene
from brokerlab.core.links import Party, Way
from brokerlab.faults import linked


@dataclass(frozen=True)
class Limit:
    """Let one way of the link to the leader carry so many bytes a second."""

    bytes_per_s: int
    way: Way = "up"
    party: Party = "clients"

    @property
    def needs(self) -> frozenset[str]:
        return linked.needs(self.party)

    def hurt(self, scene: Scene) -> Mapping[str, Any]:
        return linked.hurt(scene, self.way, "limit", self.bytes_per_s, self.party)

    def heal(self, scene: Scene) -> None:
        linked.heal(scene, self.way, "limit", self.party)

    def receipt(self, scene: Scene, facts: Mapping[str, Any]) -> Receipt:
        slowed = linked.done(scene, self.way, "limited", facts)
        what = linked.traffic(self.way, facts)
        sentence = (
            f"{slowed:,} bytes of {what} came at {self.bytes_per_s:,} bytes a second"
            if slowed
            else f"there were no {what} that could have been slowed down"
        )
        return Receipt("limit", slowed > 0, sentence, {**facts, "slowed_bytes": slowed})
