"""From a bitmap of ids to a finding: how many, and the first few of them by name."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from brokerlab.core.verdict import Finding, MessageRef
from brokerlab.core.words import Outcome, Word
from brokerlab.ledger.facts import Facts
from brokerlab.ledger.ids import Bitmap, first_few, unpack
from brokerlab.ledger.ledger import Rows
from brokerlab.ledger.sightings import NOWHERE

EXAMPLES = 5


def of_ids(facts: Facts, word: Word, ids: Bitmap) -> Finding:
    return Finding(word, int(np.count_nonzero(ids)), examples=refs(facts, first_few(ids, EXAMPLES)))


def of_rows(word: Word, rows: Rows, unit: str) -> Finding:
    """Of rows that name a producer, a sequence number and a position."""
    return Finding(word, len(rows), unit, tuple(row_ref(row) for row in rows[:EXAMPLES]))


def refs(facts: Facts, ids: Iterable[int]) -> tuple[MessageRef, ...]:
    return tuple(ref(facts, identity) for identity in ids)


def ref(facts: Facts, identity: int) -> MessageRef:
    """As its producer knows it: where and when it was acknowledged; where it was seen first, when nobody told it."""
    producer, seq = facts.ids.name(identity)
    row = facts.ledger.sends[producer][seq]
    sent, partition, offset = int(row["sent_at"]), int(row["partition"]), int(row["offset"])
    if facts.ledger.piped:  # that place is in another log
        partition, offset = -1, -1
    if offset < 0 and facts.seen.home[identity] != NOWHERE:
        partition, offset = unpack(facts.seen.home[identity])
    answered = row["outcome"] not in (Outcome.SENT, Outcome.UNUSED)
    return MessageRef(producer, seq, partition, offset, sent + int(row["latency"]) if answered else 0, sent)


def row_ref(row: np.void) -> MessageRef:
    names = row.dtype.names or ()
    producer, seq, partition, offset = (int(row[name]) for name in ("producer", "seq", "partition", "offset"))
    return MessageRef(producer, seq, partition, offset, int(row["at"]) if "at" in names else 0)
