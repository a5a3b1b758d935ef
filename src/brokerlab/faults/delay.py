"""Delay: one way of the link to the leader takes so many milliseconds longer, as between two data centres."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from brokerlab.core.fault import Receipt, Scene
from brokerlab.core.links import Party, Way
from brokerlab.faults import linked


@dataclass(frozen=True)
class Delay:
    """Delay one way of the link to the leader; the order stays.

    ms: milliseconds. way: down delays acknowledgements, up requests.
    """

    ms: int
    way: Way = "down"
    party: Party = "clients"

    @property
    def needs(self) -> frozenset[str]:
        return linked.needs(self.party)

    def hurt(self, scene: Scene) -> Mapping[str, Any]:
        return linked.hurt(scene, self.way, "delay", self.ms, self.party)

    def heal(self, scene: Scene) -> None:
        linked.heal(scene, self.way, "delay", self.party)

    def receipt(self, scene: Scene, facts: Mapping[str, Any]) -> Receipt:
        late = linked.done(scene, self.way, "delayed", facts)
        what = linked.traffic(self.way, facts)
        sentence = (
            f"{late:,} bytes of {what} came {self.ms} ms later"
            if late
            else f"there were no {what} that could have been delayed"
        )
        return Receipt("delay", late > 0, sentence, {**facts, "delayed_bytes": late})
