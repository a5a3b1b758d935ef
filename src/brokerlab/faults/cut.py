"""Cut: each connection of clients, or of the other replicas, to the leader is reset, new ones as well, until healed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from brokerlab.core.fault import Receipt, Scene
from brokerlab.core.links import Party
from brokerlab.faults import linked


@dataclass(frozen=True)
class Cut:
    """Reset all connections of one party to the leader; the other party, and the controllers, go on seeing it."""

    party: Party = "clients"

    @property
    def needs(self) -> frozenset[str]:
        return linked.needs(self.party)

    def hurt(self, scene: Scene) -> Mapping[str, Any]:
        return linked.hurt(scene, "up", "cut", 1, self.party)

    def heal(self, scene: Scene) -> None:
        linked.heal(scene, "up", "cut", self.party)

    def receipt(self, scene: Scene, facts: Mapping[str, Any]) -> Receipt:
        cut = linked.done(scene, "up", "cut", facts)
        sentence = (
            f"{cut:,} connections of {linked.WHO[self.party]} to {facts['node']} were reset; nobody else's were"
            if cut
            else f"{facts['node']} had no connection of {linked.WHO[self.party]} that could have been cut"
        )
        return Receipt("cut", cut > 0, sentence, {**facts, "connections": cut})
