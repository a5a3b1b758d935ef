"""torn transaction: committed, and only a part of it was received.

A committed transaction of which at least one id was processed, and at least one was not and never will be (nothing more
can become of it: it is in no log, or the group is past it). All or nothing is what KIP-98 promises for the log; a
transaction of which nothing arrived at all is lost or missed, not torn. Counted in transactions.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from brokerlab.core.verdict import Finding
from brokerlab.core.words import TransactionOutcome, Word
from brokerlab.ledger.facts import Facts
from brokerlab.ledger.findings import EXAMPLES, refs


def check(facts: Facts) -> Finding:
    torn = list(_torn(facts))
    return Finding(Word.TORN_TRANSACTION, len(torn), "transactions", refs(facts, torn[:EXAMPLES]))


def _torn(facts: Facts) -> Iterator[int]:
    """The first id that never arrives, of every torn transaction."""
    if not any(len(rows) for rows in facts.ledger.transactions):
        return
    received, gone = facts.received, facts.sent & facts.settled & ~facts.received
    for producer, rows in enumerate(facts.ledger.transactions):
        for row in rows[rows["outcome"] == TransactionOutcome.COMMITTED]:
            ids = facts.span(producer, row)
            if received[ids].any() and gone[ids].any():
                yield ids.start + int(np.argmax(gone[ids]))
