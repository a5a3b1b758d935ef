"""The network between clients and a broker's nodes, as something that can be hurt: one link a node, two ways.

What is hurt stays hurt until it is healed by the same name with the amount 0. Counters only ever grow, so that what a
fault did is the difference of two looks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol

Way = Literal["up", "down"]
"""up: from the clients to the node (requests); down: from the node to the clients (acknowledgements, messages)."""

Trouble = Literal["drop", "delay", "limit", "flip", "cut"]
"""What can be wrong with one way of a link, by an amount:

drop (1): bytes are taken and thrown away, and the connection stays. When healed, a connection that lost bytes is reset,
for what follows would make no sense to its reader. · delay (milliseconds): bytes come later, in order. · limit (bytes a
second). · flip (n): in each of the next n parcels of messages of each connection one bit is turned over. · cut (1):
every connection is reset, and each new one, until it is healed; it makes no difference which way.
"""

COUNTERS = ("passed", "dropped", "delayed", "limited", "flipped", "cut")
"""By way: bytes that were passed on, dropped, delayed, slowed down; parcels with a turned bit; connections reset."""


class Links(Protocol):
    """A lab's links. Thread-safe."""

    def trouble(self, node: str, way: Way, what: Trouble, amount: int) -> None:
        """Hurt one way of the link to `node`, or heal that with the amount 0; returns when it is in force."""

    def traffic(self, node: str, way: Way) -> Mapping[str, int]:
        """`COUNTERS` of one way of the link to `node`, since the lab was started."""
