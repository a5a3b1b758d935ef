"""Which partition, and which key, a message gets.

Without keys, whole batches go to one partition each in turn, so that the client's record batches are full. With keys,
each message's key is drawn from its sequence number and the seed (the same in every run), and its partition is the
CRC-32 of the key modulo their number: librdkafka's own `consistent` partitioner, computed here so that batches can
be built a partition at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from brokerlab.core.load import Load


@dataclass(frozen=True, eq=False)
class Parcel:
    """Messages of one partition, in order; `keys` is None when they have none."""

    seqs: NDArray[np.uint32]
    partition: int
    keys: list[bytes] | None


class Spread:
    """Cuts runs of sequence numbers into parcels."""

    def __init__(self, load: Load, first: int = 0) -> None:
        self._load = load
        self._turn = first
        self._keys = [f"key-{number}".encode() for number in range(load.keys)]
        self._homes = np.array([crc32(key) % load.partitions for key in self._keys], np.int64)

    def parcels(self, first: int, count: int) -> Iterator[Parcel]:
        seqs = np.arange(first, first + count, dtype=np.uint32)
        if not self._keys:
            yield Parcel(seqs, self._turn % self._load.partitions, None)
            self._turn += 1
            return
        drawn = draw(seqs, self._load.seed, self._load.keys)
        homes = self._homes[drawn]
        for partition in np.unique(homes):
            here = homes == partition
            yield Parcel(seqs[here], int(partition), [self._keys[number] for number in drawn[here]])


def draw(seqs: NDArray[np.uint32], seed: int, keys: int) -> NDArray[np.int64]:
    """A key number for each message: the finaliser of MurmurHash3 (Appleby) over seq and seed, modulo `keys`."""
    mixed = seqs ^ np.uint32(seed * 0x9E3779B1 & 0xFFFFFFFF)
    mixed = (mixed ^ (mixed >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    mixed = (mixed ^ (mixed >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return ((mixed ^ (mixed >> np.uint32(16))) % np.uint32(keys)).astype(np.int64)
