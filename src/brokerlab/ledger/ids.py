"""Global ids and positions, chunk by chunk: how rows become integers that a set of ids (a bitmap) is indexed by.

The id of (producer, seq) is `base[producer] + seq`; a position is one integer of a partition and an offset. Everything
works on chunks of rows, so that ten million messages never need more than a few megabytes besides the bitmaps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from brokerlab.ledger.ledger import Rows

Bitmap: TypeAlias = NDArray[np.bool_]
Integers: TypeAlias = NDArray[np.int64]

CHUNK = 1 << 18
_OFFSET_BITS = 48
_OFFSETS = (1 << _OFFSET_BITS) - 1


def chunks(rows: Rows) -> Iterator[Rows]:
    for at in range(0, len(rows), CHUNK):
        yield rows[at : at + CHUNK]


def positions(rows: Rows) -> Integers:
    """(partition, offset) as one integer that sorts like the pair."""
    found: Integers = (rows["partition"].astype(np.int64) << _OFFSET_BITS) | (rows["offset"] & _OFFSETS)
    return found


def pack(partition: int, offset: int) -> int:
    """The position of one (partition, offset)."""
    return (partition << _OFFSET_BITS) | (offset & _OFFSETS)


def unpack(position: int) -> tuple[int, int]:
    """(partition, offset) of one position."""
    return int(position) >> _OFFSET_BITS, int(position) & _OFFSETS


@dataclass(frozen=True, eq=False)
class Ids:
    """The ids of one ledger. base: the id of each producer's sequence number 0, and at the end the number of ids."""

    base: Integers

    @property
    def size(self) -> int:
        return int(self.base[-1])

    def of(self, rows: Rows) -> Integers:
        """The id of each row; -1 for a row whose producer or sequence number this ledger does not have."""
        if not self.size:
            return np.full(len(rows), -1, np.int64)
        last = len(self.base) - 2
        producer = rows["producer"].astype(np.int64)
        inside = np.minimum(producer, last)
        found: Integers = self.base[inside] + rows["seq"]
        found[(producer > last) | (found >= self.base[inside + 1])] = -1
        return found

    def name(self, identity: int) -> tuple[int, int]:
        """(producer, seq) of one id."""
        producer = int(np.searchsorted(self.base, identity, side="right")) - 1
        return producer, int(identity - self.base[producer])


class Repeats:
    """Tells which rows repeat an id: fed with chunks, it marks all rows of an id but one. Linear, nothing is sorted."""

    def __init__(self, size: int) -> None:
        self.seen: Bitmap = np.zeros(size, np.bool_)
        self._slot = np.empty(size, np.int32)  # never read before it was written

    def among(self, ids: Integers) -> Bitmap:
        mine = np.arange(len(ids), dtype=np.int32)
        self._slot[ids] = mine
        repeated: Bitmap = (self._slot[ids] != mine) | self.seen[ids]
        self.seen[ids] = True
        return repeated


def members(ids: Integers, bitmap: Bitmap) -> Bitmap:
    """Which of these ids are in the set; -1, which is nobody's id, never is."""
    if not len(bitmap):
        return np.zeros(len(ids), np.bool_)
    found: Bitmap = (ids >= 0) & bitmap[ids]
    return found


def as_bitmap(ids: Integers, size: int) -> Bitmap:
    """The set of these ids, without those that are nobody's."""
    found = np.zeros(size, np.bool_)
    found[ids[ids >= 0]] = True
    return found


def first_few(bitmap: Bitmap, most: int) -> list[int]:
    """The lowest ids of a bitmap, at most so many, without listing them all."""
    found: list[int] = []
    for at in range(0, len(bitmap), CHUNK):
        found += [at + int(i) for i in np.flatnonzero(bitmap[at : at + CHUNK])[: most - len(found)]]
        if len(found) == most:
            break
    return found
