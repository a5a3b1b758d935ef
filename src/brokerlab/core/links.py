"""The network between a broker's nodes and others, as something that can be hurt: links to a node, two ways each.

By one link clients reach a node, by another the broker's other nodes; links are told apart by `name`. What is hurt
stays hurt until it is healed by the same name with the amount 0. Counters only ever grow, so that what a fault did is
the difference of two looks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol

Way = Literal["up", "down"]
"""up: to the node (requests); down: from the node (acknowledgements, messages)."""

Party = Literal["clients", "replicas"]
"""Who reaches a node by a link. A lab has the links of replicas only if its nodes were started with them."""

REPLICAS: Party = "replicas"
"""Also the name of a node's port at which the lab's link for the broker's other nodes listens."""


def name(node: str, party: Party = "clients") -> str:
    """The name of a link; that of the clients has the node's."""
    return node if party == "clients" else f"{node}/{party}"


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

    def trouble(self, link: str, way: Way, what: Trouble, amount: int) -> None:
        """Hurt one way of the link of that name, or heal that with the amount 0; returns when it is in force."""

    def traffic(self, link: str, way: Way) -> Mapping[str, int]:
        """`COUNTERS` of one way of the link of that name, since the lab was started."""
