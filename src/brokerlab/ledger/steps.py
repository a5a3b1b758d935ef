"""Where consumers did not go on to the next offset: starts above 0, jumps forward, and steps back."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from brokerlab.ledger.ids import Integers, chunks
from brokerlab.ledger.ledger import Ledger, Rows

STEP = np.dtype(
    [
        ("before", "<i8"),  # the last offset that this consumer was given in this partition; -1: none
        ("offset", "<i8"),
        ("at", "<i8"),
        ("seq", "<u4"),
        ("producer", "<u2"),
        ("partition", "<i2"),
    ]
)


def steps(ledger: Ledger) -> Rows:
    """A `STEP` row for every delivery whose offset is not the one after its predecessor's, by consumer start."""
    found = [part for consumer in ledger.consumers for part in _of_consumer(consumer.deliveries)]
    return np.concatenate(found) if found else np.zeros(0, STEP)


def groups(keys: Integers) -> Iterator[tuple[int, Integers]]:
    """(key, indices of its rows in their order), for every distinct key."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    cuts = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
    for indices in np.split(order, cuts):
        if len(indices):
            yield int(keys[indices[0]]), indices


def _of_consumer(deliveries: Rows) -> Iterator[Rows]:
    last: dict[int, int] = {}
    for chunk in chunks(deliveries):
        for partition, indices in groups(chunk["partition"]):
            offsets = chunk["offset"][indices]
            before = np.empty_like(offsets)
            before[0], before[1:] = last.get(partition, -1), offsets[:-1]
            last[partition] = int(offsets[-1])
            odd = offsets != before + 1
            yield _rows(chunk[indices[odd]], before[odd])


def _rows(deliveries: Rows, before: Integers) -> Rows:
    found = np.zeros(len(deliveries), STEP)
    found["before"] = before
    for name in ("offset", "at", "seq", "producer", "partition"):
        found[name] = deliveries[name]
    return found
