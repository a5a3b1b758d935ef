"""The course of one variant in time: what was sent, claimed and received in each bin of a grid, and how long it took.

Chunk by chunk, like everything about a ledger: besides one time an id (8 bytes) it needs a few megabytes, however many
messages there were. Quantiles come from counts in buckets that are 2 % wide: a drawn one is at most that much too high.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from brokerlab.core.words import Outcome
from brokerlab.ledger.facts import Facts
from brokerlab.ledger.ids import Integers, chunks, members
from brokerlab.ledger.ledger import Ledger, Rows

Reals: TypeAlias = NDArray[np.float64]
Extent: TypeAlias = tuple[int, int]

BINS = 150
QUANTILES = {"p50": 0.50, "p99": 0.99}
_WIDTHS_US = tuple(round(step * 10**power) for power in range(4, 11) for step in (1, 2, 2.5, 5))
_NEVER = np.iinfo(np.int64).max
_BUCKET = np.log(1.02)
_BUCKETS = int(np.log(2**42) / _BUCKET) + 2  # 2^42 microseconds are 50 days


@dataclass(frozen=True)
class Grid:
    """Equal bins of time, from `start_us` (microseconds since the epoch) on."""

    start_us: int
    width_us: int
    bins: int

    @property
    def end_us(self) -> int:
        return self.start_us + self.bins * self.width_us

    def of(self, at: Integers) -> Integers:
        """The bin of each time; what is outside counts in the first or the last."""
        found: Integers = np.clip((at - self.start_us) // self.width_us, 0, self.bins - 1)
        return found


@dataclass(frozen=True, eq=False)
class Series:
    """Counts a bin. claimed: acked, or with acks=0 handed over. received: ids, when they were processed first.

    behind: at the end of each bin, ids sent so far that were not received so far: the lag, and in the end the loss.
    answer_ms, arrival_ms: p50 and p99 from sending to the acknowledgement, and to the first reader, of what was sent in
    the bin; NaN without any.
    """

    grid: Grid
    sent: Integers
    claimed: Integers
    received: Integers
    answer_ms: Mapping[str, Reals]
    arrival_ms: Mapping[str, Reals]

    @property
    def behind(self) -> Integers:
        found: Integers = np.cumsum(self.sent) - np.cumsum(self.received)
        return found


def extent(ledger: Ledger) -> Extent | None:
    """The first and the last time of which the ledger tells; None when nothing was sent."""
    times: list[int] = []
    for _, rows in _sends(ledger):
        sent = rows[rows["outcome"] != Outcome.UNUSED]
        if len(sent):
            times += [int(sent["sent_at"].min()), int((sent["sent_at"] + sent["latency"]).max())]
    if not times:
        return None
    read = [int(consumer.deliveries["at"].max()) for consumer in ledger.consumers if len(consumer.deliveries)]
    return min(times), max(times + read)


def grid(extents: Sequence[Extent], most: int = BINS) -> Grid:
    """At most so many bins of a round width, over all of these extents."""
    first, last = min(start for start, _ in extents), max(end for _, end in extents)
    span = last - first + 1
    width = next((width for width in _WIDTHS_US if -(-span // width) <= most), -(-span // most))
    return Grid(first, width, -(-span // width))


def series(facts: Facts, over: Grid) -> Series:
    first = _first_read(facts)
    sent, claimed, received = (np.zeros(over.bins, np.int64) for _ in range(3))
    answers, arrivals = _Durations(over.bins), _Durations(over.bins)
    for base, rows in _sends(facts.ledger):
        bins, known = over.of(rows["sent_at"]), rows["outcome"] != Outcome.UNUSED
        _count(sent, bins[known])
        told = (rows["outcome"] == Outcome.ACKED) | (rows["outcome"] == Outcome.HANDED)
        _count(claimed, over.of(rows["sent_at"] + rows["latency"])[told])
        acked = rows["outcome"] == Outcome.ACKED
        answers.add(bins[acked], rows["latency"][acked])
        read = first[base : base + len(rows)]
        came = known & (read != _NEVER)
        _count(received, over.of(read)[came])
        arrivals.add(bins[came], read[came] - rows["sent_at"][came])
    return Series(over, sent, claimed, received, answers.quantiles_ms(), arrivals.quantiles_ms())


def _sends(ledger: Ledger) -> Iterator[tuple[int, Rows]]:
    """(id of the first row, rows), chunk by chunk."""
    for base, sends in zip(ledger.base, ledger.sends, strict=False):
        at = int(base)
        for rows in chunks(sends):
            yield at, rows
            at += len(rows)


def _first_read(facts: Facts) -> Integers:
    """When each id was processed first; never: `_NEVER`."""
    first = np.full(facts.ids.size, _NEVER, np.int64)
    sent = facts.sent
    for consumer in facts.ledger.consumers:
        for rows in map(facts.standing, chunks(consumer.deliveries[: consumer.processed])):
            ids = facts.ids.of(rows)
            known = members(ids, sent)
            np.minimum.at(first, ids[known], rows["at"][known])
    return first


def _count(into: Integers, bins: Integers) -> None:
    into += np.bincount(bins, minlength=len(into))


class _Durations:
    """How many durations of which length there were in each bin; buckets grow by 2 % each."""

    def __init__(self, bins: int) -> None:
        self._counts = np.zeros((bins, _BUCKETS), np.int64)

    def add(self, bins: Integers, micros: Integers) -> None:
        buckets = np.ceil(np.log(np.maximum(micros, 1)) / _BUCKET).astype(np.int64)
        flat = bins * _BUCKETS + np.minimum(buckets, _BUCKETS - 1)
        self._counts += np.bincount(flat, minlength=self._counts.size).reshape(self._counts.shape)

    def quantiles_ms(self) -> dict[str, Reals]:
        """Nearest rank, as the upper end of its bucket."""
        total = self._counts.sum(axis=1)
        so_far = np.cumsum(self._counts, axis=1)
        found = {}
        for name, quantile in QUANTILES.items():
            rank = np.ceil(quantile * total)[:, None]
            bucket = (so_far >= rank).argmax(axis=1)
            found[name] = np.where(total > 0, np.exp(bucket * _BUCKET) / 1000, np.nan)
        return found
