"""misplaced: acknowledged at one place, yet the log has it only elsewhere.

An answer that named a (partition, offset) where, after a complete audit, the message of which it was said does not
stand, although the log has it. A second send explains it, of which the confirmed copy was cut off and the other one
stayed: so whoever permits both loss and copies permits this. Else a broker (or a ledger) contradicts itself. Counted in
places: who passed a message on twice was told two. Jepsen's kafka workload: `inconsistent-offsets` (sends and polls
disagree on what an offset holds); kgo-verifier: `Bad read at offset`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from brokerlab.core.verdict import Finding, MessageRef
from brokerlab.core.words import Word
from brokerlab.ledger.facts import Facts
from brokerlab.ledger.findings import EXAMPLES, ref
from brokerlab.ledger.ids import unpack


def check(facts: Facts) -> Finding:
    if not facts.audit_complete:
        return Finding(Word.MISPLACED, 0, "places")
    rows = facts.places.misplaced
    return Finding(Word.MISPLACED, len(rows), "places", tuple(_told(facts, row) for row in rows[:EXAMPLES]))


def _told(facts: Facts, row: np.void) -> MessageRef:
    """With the place that was told."""
    partition, offset = unpack(row["position"])
    return replace(ref(facts, int(row["id"])), partition=partition, offset=offset)
