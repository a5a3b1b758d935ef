"""Where messages went that are nowhere now: each id that was sent and, after a complete audit, never appeared.

in the broker: a node that died had it in its files. in the client: it failed for sure (refused, or given up before it
was transmitted), or its program ended before the client had said anything of it. on the wire: the client let go of it
(it was handed to the socket, or given up), and no broker ever had it. When no dead node's files were read, broker and
wire can't be told apart: elsewhere.
"""

from __future__ import annotations

import numpy as np

from brokerlab.ledger.facts import Facts
from brokerlab.ledger.ids import Bitmap

CLIENT, WIRE, BROKER, ELSEWHERE = "gone_in_client", "gone_on_wire", "gone_in_broker", "gone_elsewhere"


def gone(facts: Facts) -> dict[str, Bitmap]:
    """Disjoint sets of ids; together all that was sent and is nowhere."""
    nowhere = facts.sent & ~facts.appeared & facts.audit_complete
    inside = facts.failed | facts.unanswered
    if facts.remained is None:
        nothing = np.zeros_like(nowhere)
        return {CLIENT: nowhere & inside, WIRE: nothing, BROKER: nothing, ELSEWHERE: nowhere & ~inside}
    arrived = nowhere & facts.remained
    rest = nowhere & ~arrived
    return {CLIENT: rest & inside, WIRE: rest & ~inside, BROKER: arrived, ELSEWHERE: np.zeros_like(nowhere)}
