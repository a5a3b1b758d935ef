"""A worker that takes messages out of a table, in one of the ways in which people do it. `queue` says which.

`naive`: SELECT the oldest, process, DELETE. Nothing keeps two workers from the same rows.
`skip-locked`: DELETE ... FOR UPDATE SKIP LOCKED RETURNING, process, COMMIT. Rows that another worker holds are passed
over, and a worker that dies gives its rows back (PostgreSQL documentation, "SELECT", The Locking Clause).
`visibility`: UPDATE sets the rows' `vt` into the future, process, DELETE. No transaction stays open while the worker
works; a worker that dies, or takes longer, has its rows read again by another (pgmq's `read` and `delete`).
`log` (the default): nothing is taken out, see `reader`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from brokerlab.brokers.postgres import tables
from brokerlab.brokers.postgres.client import connect
from brokerlab.brokers.postgres.reader import NOTHING, log_reader, received
from brokerlab.core.broker import Received, Receiver
from brokerlab.core.errors import UsageError
from brokerlab.core.wait import elapse

if TYPE_CHECKING:
    from psycopg.sql import Composed

    from brokerlab.brokers.postgres.client import Link

POLL_S = 0.05
SETTINGS = {"queue": "log", "batch": "100", "visibility.ms": "2000"}
OLDEST = "SELECT msg_id, value FROM {table} ORDER BY msg_id LIMIT %(most)s"
TAKE = """
DELETE FROM {table} WHERE msg_id IN (
    SELECT msg_id FROM {table} ORDER BY msg_id LIMIT %(most)s FOR UPDATE SKIP LOCKED
) RETURNING msg_id, value
"""
HIDE = """
WITH next AS (
    SELECT msg_id FROM {table} WHERE vt <= clock_timestamp() ORDER BY msg_id LIMIT %(most)s FOR UPDATE SKIP LOCKED
)
UPDATE {table} AS t SET vt = clock_timestamp() + %(hidden)s * interval '1 ms', read_ct = read_ct + 1
FROM next WHERE t.msg_id = next.msg_id RETURNING t.msg_id, t.value
"""
READS = {"naive": OLDEST, "skip-locked": TAKE, "visibility": HIDE}
DONE = "DELETE FROM {table} WHERE msg_id = ANY(%s)"
ANY_LEFT = "SELECT EXISTS (SELECT FROM {table})"


class QueueWorker:
    """A `Receiver`: what was received is done with when more is asked for, or at a commit."""

    def __init__(self, link: Link, topic: str, group: str, settings: Mapping[str, str]) -> None:
        self._link, self._topic = link, topic
        self._copy = group if (topic, group) in tables.copies(link, [topic]) else ""  # else it shares the table itself
        self._queue, self._batch = settings["queue"], int(settings["batch"])
        self._hidden = float(settings["visibility.ms"])
        self._positions = dict.fromkeys(range(tables.partitions(link, topic)), 0)
        self._idle = False
        self._held: dict[int, list[int]] = {}
        self._done: dict[int, int] = {}  # above all that this worker is done with
        self._news: dict[int, int] = {}
        link.commit()

    def receive(self, most: int, timeout: float) -> Received:
        """After an empty answer nobody is asked for a while: eight workers that ask at once, again and again, keep the
        server busier than their messages do."""
        self._news |= self._finish()
        if self._idle:
            elapse(min(POLL_S, timeout), "messages to come into the queue")
        found = self._take(min(most, self._batch))
        self._idle = not found.values
        return found

    def _take(self, most: int) -> Received:
        for partition in self._positions:
            query = self._statement(READS[self._queue], partition)
            rows = sorted(self._link.execute(query, {"most": most, "hidden": self._hidden}).fetchall())
            if self._queue != "skip-locked" or not rows:
                self._link.commit()
            if rows:
                self._held[partition] = [row[0] for row in rows]
                self._positions[partition] = max(self._positions[partition], rows[-1][0] + 1)
                return received(partition, rows)
        return NOTHING

    def commit(self) -> Mapping[int, int]:
        told, self._news = {**self._news, **self._finish()}, {}
        return told

    def _finish(self) -> dict[int, int]:
        """What is held is out of the table for good; returns up to where, by partition."""
        held, self._held = self._held, {}
        for partition, ids in held.items():
            if self._queue != "skip-locked":  # there it is deleted already, and the transaction open
                self._link.execute(self._statement(DONE, partition), (ids,))
        if held:
            self._link.commit()
        self._done |= {at: max(self._done.get(at, 0), ids[-1] + 1) for at, ids in held.items()}
        return {partition: self._done[partition] for partition in held}

    def ends(self) -> Mapping[int, tuple[int, int]]:
        return {at: (0, tables.end(self._link, self._topic, at)) for at in self._positions}

    def positions(self) -> Mapping[int, int]:
        """At its end when nothing is left in the table but what this worker itself has in hand."""
        return {at: position if self._left(at) else self.ends()[at][1] for at, position in self._positions.items()}

    def _left(self, partition: int) -> bool:
        self._news |= self._finish()  # whoever asks is done with what was received
        row = self._link.execute(self._statement(ANY_LEFT, partition)).fetchone()
        self._link.commit()
        return bool(row and row[0])

    def _statement(self, text: str, partition: int) -> Composed:
        return tables.statement(text, self._topic, partition, self._copy)

    def assigned(self) -> bool:
        return True

    def start_from(self, kept: Callable[[], Mapping[int, int]]) -> None:
        raise UsageError("a queue has no positions to start from", "read the table as a log: queue=log")

    def close(self) -> None:
        with contextlib.suppress(Exception):  # the server may be gone
            self._link.close()


def member(endpoint: str, topic: str, group: str, settings: Mapping[str, str]) -> Receiver:
    """A reader of the table as a log, or one of its workers. Raises UsageError for settings that it does not have."""
    own = tables.chosen(settings, SETTINGS)
    if own["queue"] == "log":
        return log_reader(endpoint, topic, group)
    if own["queue"] not in READS:
        raise UsageError(f"there is no queue {own['queue']!r} in Postgres", f"known: log, {', '.join(READS)}")
    return QueueWorker(connect(endpoint), topic, group, own)
