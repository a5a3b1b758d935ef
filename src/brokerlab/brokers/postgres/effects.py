"""Bringing about the effects of messages in Postgres, and the ways in which consumers guard against repetition.

`none`: each delivery has its effect. `transaction`: an id that was seen before has none; ids and effects are written in
one transaction, by `INSERT ... ON CONFLICT DO NOTHING` (PostgreSQL documentation, "INSERT"; Hohpe and Woolf, Enterprise
Integration Patterns, "Idempotent Receiver"). `position`: the offset up to which effects were brought about is written
with them, and reading goes on there (Kafka documentation, KafkaConsumer, "Storing Offsets Outside Kafka").
`effect-first` and `mark-first`: seen ids are kept in another system, written after the effects or before them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from brokerlab.brokers.postgres.client import connect
from brokerlab.brokers.postgres.variants import others, statement
from brokerlab.core.errors import UsageError
from brokerlab.core.store import Effects, Ids

if TYPE_CHECKING:
    from brokerlab.brokers.postgres.client import Link

GIVEN = "(SELECT * FROM unnest(%b::int[], %b::bigint[]) AS given(producer, seq))"
EFFECT = f"INSERT INTO {{effects}} (producer, seq) {GIVEN}"
MARK = f"INSERT INTO {{seen}} {GIVEN} ON CONFLICT DO NOTHING RETURNING producer, seq"
BOTH = f"WITH new AS ({MARK}) INSERT INTO {{effects}} (producer, seq) SELECT producer, seq FROM new"  # noqa: S608 - texts of ours
KNOWN = f"SELECT producer, seq FROM {{seen}} JOIN {GIVEN} AS asked USING (producer, seq)"  # noqa: S608 - the same
REACHED = "SELECT partition, position FROM {reached}"
HOLD = "SELECT position FROM {reached} WHERE partition = %s FOR UPDATE"
REACH = """
INSERT INTO {reached} VALUES (%s, %s) ON CONFLICT (partition) DO UPDATE SET position = excluded.position
"""


class _Client:
    def __init__(self, endpoint: str, name: str) -> None:
        self._link, self._name = connect(endpoint, autocommit=True), name

    def ask(self, text: str, ids: Ids) -> Ids:
        """Ask something of these ids in one transaction; returns the rows of the answer, if it has any."""
        columns = [producer for producer, _ in ids], [seq for _, seq in ids]
        answer = self._link.execute(statement(text, self._name), columns)
        return [(int(row[0]), int(row[1])) for row in answer] if answer.description else []

    @property
    def link(self) -> Link:
        return self._link

    def close(self) -> None:
        with contextlib.suppress(Exception):  # the server may be gone
            self._link.close()


class Unguarded:
    """none, and transaction: one statement, which is a transaction."""

    def __init__(self, endpoint: str, name: str, text: str) -> None:
        self._text, self._store = text, _Client(endpoint, name)

    def apply(self, deliveries: NDArray[np.void], between: Callable[[], None]) -> None:
        self._store.ask(self._text, _ids(deliveries))
        between()

    def positions(self) -> None:
        return None

    def close(self) -> None:
        self._store.close()


class ByPosition:
    """position: a transaction that holds the partition's position, so that no second consumer comes in between."""

    def __init__(self, endpoint: str, name: str) -> None:
        self._name, self._store = name, _Client(endpoint, name)

    def apply(self, deliveries: NDArray[np.void], between: Callable[[], None]) -> None:
        with self._store.link.transaction():
            for partition in np.unique(deliveries["partition"]):
                self._partition(int(partition), deliveries[deliveries["partition"] == partition])
        between()

    def _partition(self, partition: int, deliveries: NDArray[np.void]) -> None:
        row = self._store.link.execute(statement(HOLD, self._name), (partition,)).fetchone()
        new = deliveries[deliveries["offset"] >= (int(row[0]) if row else 0)]
        if len(new):
            self._store.ask(EFFECT, _ids(new))
            self._store.link.execute(statement(REACH, self._name), (partition, int(new["offset"].max()) + 1))

    def positions(self) -> Mapping[int, int]:
        rows = self._store.link.execute(statement(REACHED, self._name))
        return {int(partition): int(position) for partition, position in rows}

    def close(self) -> None:
        self._store.close()


class Split:
    """effect-first, mark-first: two systems, two commits."""

    def __init__(self, endpoint: str, name: str, *, mark_first: bool) -> None:
        self._mark_first = mark_first
        self._store, self._others = _Client(endpoint, name), _Client(others(endpoint), name)

    def apply(self, deliveries: NDArray[np.void], between: Callable[[], None]) -> None:
        ids = list(dict.fromkeys(_ids(deliveries)))
        if self._mark_first:
            new = self._others.ask(MARK, ids)
            between()
            self._store.ask(EFFECT, new)
        else:
            known = set(self._others.ask(KNOWN, ids))
            new = [each for each in ids if each not in known]
            self._store.ask(EFFECT, new)
            between()
            self._others.ask(MARK, new)

    def positions(self) -> None:
        return None

    def close(self) -> None:
        self._store.close()
        self._others.close()


def guarded(endpoint: str, name: str, guard: str) -> Effects:
    match guard:
        case "none":
            return Unguarded(endpoint, name, EFFECT)
        case "transaction":
            return Unguarded(endpoint, name, BOTH)
        case "position":
            return ByPosition(endpoint, name)
        case "effect-first" | "mark-first":
            return Split(endpoint, name, mark_first=guard == "mark-first")
    raise UsageError(f"Postgres guards no effects by {guard!r}", "guards: none, transaction, position, ...-first")


def _ids(deliveries: NDArray[np.void]) -> Ids:
    return list(zip(deliveries["producer"].tolist(), deliveries["seq"].tolist(), strict=True))
