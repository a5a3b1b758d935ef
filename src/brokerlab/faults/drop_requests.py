"""Requests swallowed: what a client sends to the leader arrives nowhere, and nothing tells it so.

As on a route that leads into nothing: the connection stays open, what is written to it is gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from brokerlab.core.fault import Receipt, Scene
from brokerlab.faults import linked


@dataclass(frozen=True)
class DropRequests:
    """Throw away all that clients send to the leader."""

    needs: frozenset[str] = linked.NEEDS

    def hurt(self, scene: Scene) -> Mapping[str, Any]:
        return linked.hurt(scene, "up", "drop", 1)

    def heal(self, scene: Scene) -> None:
        linked.heal(scene, "up", "drop")

    def receipt(self, scene: Scene, facts: Mapping[str, Any]) -> Receipt:
        swallowed = linked.done(scene, "up", "dropped", facts)
        sentence = (
            f"{swallowed:,} bytes on their way to {facts['node']} vanished, and the connections stayed open"
            if swallowed
            else f"nothing was on its way to {facts['node']} while requests were to vanish"
        )
        return Receipt("drop-requests", swallowed > 0, sentence, {**facts, "swallowed_bytes": swallowed})
