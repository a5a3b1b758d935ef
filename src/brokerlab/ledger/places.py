"""Every place that was acknowledged, against the log: whether the very message stands there of which it was said.

Who is told that a message is safe is told where: an offset that a log gives to no other message as long as it keeps the
first. So after a complete audit each such place is one of three: its message stands there (kept), although its
transaction may have been aborted; its message is in the log no more, and the place is empty or another's (gone: what
`lost` and `vanished` count); or its message is in the log, but elsewhere (misplaced).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from brokerlab.core.words import Outcome
from brokerlab.ledger.ids import Ids, Integers, as_bitmap, chunks, positions
from brokerlab.ledger.ledger import Ledger, Rows
from brokerlab.ledger.sightings import STRAY, Sightings, as_strays


@dataclass(frozen=True, eq=False)
class Places:
    """How many places were told, and of how many the message stands there, or nowhere. misplaced: the others, `STRAY`
    rows, whose position is the one that was told."""

    told: int
    kept: int
    gone: int
    misplaced: Rows


def acknowledged(ledger: Ledger, ids: Ids, seen: Sightings) -> Places:
    """In one pass over the sends, and one over what was passed on. The log itself is not read again."""
    logged = seen.logged | as_bitmap(seen.log_withdrawn["id"], ids.size)
    told = kept = gone = 0
    misplaced = [np.zeros(0, STRAY)]
    for named, places in _answers(ledger, ids):
        there = seen.standing(named, places)
        rest = as_strays(named[~there], places[~there])
        rest = rest[~np.isin(rest, seen.log_withdrawn)] if len(rest) else rest
        wrong = rest[logged[rest["id"]]]
        told += len(named)
        kept += len(named) - len(rest)
        gone += len(rest) - len(wrong)
        misplaced.append(wrong)
    return Places(told, kept, gone, np.concatenate(misplaced))


def _answers(ledger: Ledger, ids: Ids) -> Iterator[tuple[Integers, Integers]]:
    """(ids, positions) of all that was acknowledged to stand in the log that was audited, chunk by chunk."""
    for base, rows in zip(ids.base, () if ledger.piped else ledger.sends, strict=False):
        first = base
        for chunk in chunks(rows):
            placed = np.flatnonzero((chunk["outcome"] == Outcome.ACKED) & (chunk["offset"] >= 0))
            yield first + placed, positions(chunk[placed])
            first += len(chunk)
    for publisher in ledger.publishers:
        for chunk in chunks(publisher.rows):
            answers = chunk[chunk["offset"] >= 0]
            named = ids.of(answers)
            yield named[named >= 0], positions(answers[named >= 0])
