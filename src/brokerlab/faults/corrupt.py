"""Corrupt: one bit of a batch of messages is turned over on its way to the leader.

TCP's checksum of 16 bits misses about one such error in 65,536; record batches carry a CRC-32C of their own, by which
the broker notices: it refuses that batch (CORRUPT_MESSAGE), and takes those behind it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from brokerlab.core.fault import Receipt, Scene
from brokerlab.faults import linked


@dataclass(frozen=True)
class Corrupt:
    """Turn over one bit of the next batches on their way to the leader.

    parcels: of so many, for each connection. It is to meet every producer, each of which has a connection of its own:
    else a variant that was spared would pass.
    """

    parcels: int = 1
    needs: frozenset[str] = linked.needs("clients")

    def hurt(self, scene: Scene) -> Mapping[str, Any]:
        return linked.hurt(scene, "up", "flip", self.parcels, "clients")

    def heal(self, scene: Scene) -> None:
        linked.heal(scene, "up", "flip", "clients")

    def receipt(self, scene: Scene, facts: Mapping[str, Any]) -> Receipt:
        turned, connections = linked.done(scene, "up", "flipped", facts), len(scene.crew.of("producer"))
        bit = turned >= max(1, connections)
        sentence = (
            f"one bit was turned over in each of {turned} batches on their way to {facts['node']}"
            if bit
            else f"only {turned} batches on their way to {facts['node']} had a bit turned over, so not one of each of "
            f"{connections} producers: theirs were too small, or there were none"
        )
        return Receipt("corrupt", bit, sentence, {**facts, "batches": turned})
