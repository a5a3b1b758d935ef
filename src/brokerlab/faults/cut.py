"""Cut: every connection between clients and the leader is reset, and each new one, until it is healed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from brokerlab.core.fault import Receipt, Scene
from brokerlab.faults import linked


@dataclass(frozen=True)
class Cut:
    """Reset all connections to the leader; the other brokers go on seeing it."""

    needs: frozenset[str] = linked.NEEDS

    def hurt(self, scene: Scene) -> Mapping[str, Any]:
        return linked.hurt(scene, "up", "cut", 1)

    def heal(self, scene: Scene) -> None:
        linked.heal(scene, "up", "cut")

    def receipt(self, scene: Scene, facts: Mapping[str, Any]) -> Receipt:
        cut = linked.done(scene, "up", "cut", facts)
        sentence = (
            f"{cut:,} connections of clients to {facts['node']} were reset; the other brokers went on seeing it"
            if cut
            else f"no client had a connection to {facts['node']} that could have been cut"
        )
        return Receipt("cut", cut > 0, sentence, {**facts, "connections": cut})
