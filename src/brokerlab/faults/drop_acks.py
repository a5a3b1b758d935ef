"""Acknowledgements withheld: what a client asks arrives and is carried out, and the answer never comes back.

The link to the leader throws away all that the leader says; the connections stay, so that only a time-out tells the
client. It then tries again, and can't know that the first try was carried out: "the two generals' problem".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from brokerlab.core.fault import Receipt, Scene
from brokerlab.core.links import Party
from brokerlab.faults import linked


@dataclass(frozen=True)
class DropAcks:
    """Throw away every answer of the leader."""

    party: Party = "clients"

    @property
    def needs(self) -> frozenset[str]:
        return linked.needs(self.party)

    def hurt(self, scene: Scene) -> Mapping[str, Any]:
        return linked.hurt(scene, "down", "drop", 1, self.party)

    def heal(self, scene: Scene) -> None:
        linked.heal(scene, "down", "drop", self.party)

    def receipt(self, scene: Scene, facts: Mapping[str, Any]) -> Receipt:
        withheld = linked.done(scene, "down", "dropped", facts)
        sentence = (
            f"{withheld:,} bytes of {facts['node']}'s answers never reached {linked.ONE[self.party]}, while requests "
            "went through"
            if withheld
            else f"{facts['node']} had nothing to answer while its answers were to be withheld"
        )
        return Receipt("drop-acks", withheld > 0, sentence, {**facts, "withheld_bytes": withheld})
