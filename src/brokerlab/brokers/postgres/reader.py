"""A table read as a log: in the order of offsets, from a position on; nothing is deleted.

So several groups can read one table, each with positions of its own. Offsets that a rolled back INSERT took stay empty,
and the end of the table is its sequence's: a reader that got less than it asked for is at the end as it was before.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from brokerlab.brokers.postgres import tables
from brokerlab.brokers.postgres.client import connect
from brokerlab.core.broker import Received
from brokerlab.core.errors import DeadlineError
from brokerlab.core.wait import until

if TYPE_CHECKING:
    from brokerlab.brokers.postgres.client import Link

POLL_S = 0.01
READ = "SELECT msg_id, value FROM {table} WHERE msg_id >= %s ORDER BY msg_id LIMIT %s"
COMMIT = """
INSERT INTO brokerlab.positions VALUES (%s, %s, %s, %s)
ON CONFLICT (topic, "group", partition) DO UPDATE SET position = excluded.position
"""


class LogReader:
    """A `Receiver`. group "": an auditor's, which commits nothing."""

    def __init__(self, link: Link, topic: str, positions: Mapping[int, int], group: str = "") -> None:
        self._link, self._topic, self._group = link, topic, group
        self._positions, self._committed = dict(positions), dict(positions)

    def receive(self, most: int, timeout: float) -> Received:
        return polled(lambda: self._read(most), timeout)

    def _read(self, most: int) -> Received:
        for partition, position in self._positions.items():
            end = tables.end(self._link, self._topic, partition)
            if position >= end:
                continue
            rows = self._link.execute(tables.statement(READ, self._topic, partition), (position, most)).fetchall()
            self._positions[partition] = rows[-1][0] + 1 if len(rows) == most else max(end, position)
            if rows:
                self._positions[partition] = max(self._positions[partition], rows[-1][0] + 1)
                return received(partition, rows)
        return NOTHING

    def commit(self) -> Mapping[int, int]:
        new = {at: position for at, position in self._positions.items() if self._committed.get(at) != position}
        if new and self._group:
            with self._link.cursor() as cursor:
                cursor.executemany(COMMIT, [(self._topic, self._group, at, where) for at, where in new.items()])
        self._committed |= new
        return new

    def ends(self) -> Mapping[int, tuple[int, int]]:
        return {at: (0, tables.end(self._link, self._topic, at)) for at in self._positions}

    def positions(self) -> Mapping[int, int]:
        return dict(self._positions)

    def assigned(self) -> bool:
        return True

    def start_from(self, kept: Callable[[], Mapping[int, int]]) -> None:
        self._positions |= kept()

    def close(self) -> None:
        with contextlib.suppress(Exception):  # the server may be gone
            self._link.close()


def auditor(endpoint: str, topic: str, partitions: Sequence[int]) -> LogReader:
    """A reader of all that is in these partitions (() = all)."""
    link = connect(endpoint, autocommit=True)
    return LogReader(link, topic, dict.fromkeys(partitions or range(tables.partitions(link, topic)), 0))


def log_reader(endpoint: str, topic: str, group: str) -> LogReader:
    """A group's only member: it goes on where the group committed."""
    link = connect(endpoint, autocommit=True)
    rows = link.execute(
        'SELECT partition, position FROM brokerlab.positions WHERE topic = %s AND "group" = %s', (topic, group)
    )
    known = {int(partition): int(position) for partition, position in rows}
    everything = range(tables.partitions(link, topic))
    return LogReader(link, topic, {number: known.get(number, 0) for number in everything}, group)


def polled(read: Callable[[], Received], timeout: float) -> Received:
    """What `read` gives first that is not nothing; asked again until `timeout` is over."""
    found = NOTHING

    def came() -> bool:
        nonlocal found
        found = read()
        return bool(found.values)

    with contextlib.suppress(DeadlineError):
        until(came, "a message", deadline=timeout, every=POLL_S)
    return found


def received(partition: int, rows: Sequence[tuple[int, bytes]]) -> Received:
    offsets = np.array([row[0] for row in rows], np.int64)
    return Received([row[1] for row in rows], np.full(len(rows), partition, np.int16), offsets)


NOTHING = Received([], np.zeros(0, np.int16), np.zeros(0, np.int64))
