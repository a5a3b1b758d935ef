"""What became of the transactions that processors wrote in: how each ended, and whether its records are all or nothing.

A processor writes down what it is about to pass on and where that was acknowledged, and when a transaction has ended,
how. What it passed on behind the last end is a transaction that never ended as far as it could tell: it died in it, or
was shut out.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from brokerlab.core.words import TransactionOutcome
from brokerlab.ledger.facts import Facts
from brokerlab.ledger.ids import Integers, chunks, members, positions
from brokerlab.ledger.ledger import Publisher, Rows


def counts(facts: Facts) -> dict[str, int]:
    """By how they ended; nothing where nobody wrote in transactions."""
    ended = [rows for rows in map(_ends, facts.ledger.publishers) if rows is not None]
    if not ended:
        return {}
    outcomes = np.concatenate([rows["outcome"] for rows in ended])
    return {
        "transactions_committed": int(np.count_nonzero(outcomes == TransactionOutcome.COMMITTED)),
        "transactions_aborted": int(np.count_nonzero(outcomes == TransactionOutcome.ABORTED)),
        "transactions_open": int(np.count_nonzero(outcomes == 0)),
    }


def torn(facts: Facts) -> Iterator[int]:
    """Of every transaction of which one record is committed and another is not: the first id of the others."""
    for publisher in facts.ledger.publishers:
        ends = _ends(publisher)
        if ends is not None and len(ends):
            yield from _torn(facts, publisher.rows, ends["end"])


def _ends(publisher: Publisher) -> Rows | None:
    """`TRANSACTION` rows, with one of no outcome for what never ended."""
    found = publisher.transactions
    if found is None or len(publisher.rows) <= (found["end"][-1] if len(found) else 0):
        return found
    unended = np.zeros(1, found.dtype)
    unended["end"] = len(publisher.rows)
    return np.concatenate([found, unended])


def _torn(facts: Facts, rows: Rows, ends: Integers) -> Iterator[int]:
    committed, other = np.zeros(len(ends), np.bool_), np.full(len(ends), -1, np.int64)
    first, sent = 0, facts.sent
    for chunk in chunks(rows):
        named = facts.ids.of(chunk)
        told = np.flatnonzero((chunk["offset"] >= 0) & members(named, sent))
        which = np.searchsorted(ends, first + told, side="right")
        there = facts.seen.standing(named[told], positions(chunk[told]))
        committed[which[there]] = True
        missing, absent = which[~there], named[told[~there]]
        new = other[missing] < 0
        other[missing[new][::-1]] = absent[new][::-1]  # of repeated indices numpy keeps the last
        first += len(chunk)
    yield from other[committed & (other >= 0)].tolist()
