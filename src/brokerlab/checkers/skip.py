"""skip: a consumer jumped over records.

A delivery further ahead than the next offset, when between the two stand audited records that no member of the group
had been given up to that moment. A consumer's first delivery in a partition counts from the partition's beginning. No
skip: offsets without a record (transaction markers, KIP-98), records of transactions that did not commit, and what
another member had been given before a rebalance. Jepsen's kafka workload: `poll-skip`. Counted in jumps.
"""

from __future__ import annotations

import numpy as np

from brokerlab.core.verdict import Finding
from brokerlab.core.words import Word
from brokerlab.ledger.facts import Facts
from brokerlab.ledger.findings import of_rows
from brokerlab.ledger.ids import Bitmap, Integers, chunks
from brokerlab.ledger.ledger import Ledger, Rows
from brokerlab.ledger.steps import STEP

_NEVER = np.iinfo(np.int64).max


def check(facts: Facts) -> Finding:
    jumps = facts.steps[facts.steps["offset"] > facts.steps["before"]]
    skips = [_skips(facts, jumps[jumps["partition"] == p]) for p in np.unique(jumps["partition"])]
    return of_rows(Word.SKIP, np.concatenate([np.zeros(0, STEP), *skips]), "jumps")


def _skips(facts: Facts, jumps: Rows) -> Rows:
    """The jumps of one partition that were skips. Looks at the offsets jumped over, and at no others."""
    partition, low, high = jumps["partition"][0], int(jumps["before"].min()) + 1, int(jumps["offset"].max())
    there = _there(facts, partition, low, high)
    over = [slice(int(jump["before"]) + 1 - low, int(jump["offset"]) - low) for jump in jumps]
    suspects = np.array([there[gap].any() for gap in over], np.bool_)
    if not suspects.any():
        return jumps[suspects]
    given = _given(facts.ledger, partition, low, high)
    for i in np.flatnonzero(suspects):
        suspects[i] = (there[over[i]] & (given[over[i]] > jumps["at"][i])).any()
    return jumps[suspects]


def _there(facts: Facts, partition: int, low: int, high: int) -> Bitmap:
    """By offset from `low`: whether the log holds a record there that a consumer is to be given."""
    found = np.zeros(high - low, np.bool_)
    for chunk in chunks(facts.ledger.audit.rows):
        rows = facts.standing(_within(chunk, partition, low, high))
        found[rows["offset"] - low] = True
    return found


def _given(ledger: Ledger, partition: int, low: int, high: int) -> Integers:
    """By offset from `low`: when a member of the group was first given what stands there."""
    found = np.full(high - low, _NEVER, np.int64)
    for consumer in ledger.consumers:
        for chunk in chunks(consumer.deliveries):
            rows = _within(chunk, partition, low, high)[::-1]  # the earliest is written last, and stays
            rows = rows[rows["at"] < found[rows["offset"] - low]]
            found[rows["offset"] - low] = rows["at"]
    return found


def _within(rows: Rows, partition: int, low: int, high: int) -> Rows:
    found: Rows = rows[(rows["partition"] == partition) & (rows["offset"] >= low) & (rows["offset"] < high)]
    return found
