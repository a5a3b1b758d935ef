"""The application's own rows, and the outbox beside them: an event is written in the transaction of its change.

A relay publishes what is not marked yet, in its order, and marks it afterwards; so what it dies between is published
again. Source: Richardson, microservices.io, "Transactional outbox", "Polling publisher".
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from brokerlab.brokers.postgres.client import connect
from brokerlab.brokers.postgres.variants import statement
from brokerlab.core.store import Ids

CHANGE = "INSERT INTO {changes} (producer, seq) SELECT * FROM unnest(%b::int[], %b::bigint[])"
EVENT = "INSERT INTO {outbox} (event) SELECT e FROM unnest(%b::bytea[]) WITH ORDINALITY AS given(e, n) ORDER BY n"
WAITING = "SELECT id, event FROM {outbox} WHERE published IS NULL ORDER BY id LIMIT %s"
PUBLISHED = "UPDATE {outbox} SET published = clock_timestamp() WHERE id = ANY(%s)"


class PostgresChanges:
    """A `core.store.Changes`."""

    def __init__(self, endpoint: str, name: str) -> None:
        self._link, self._name = connect(endpoint, autocommit=True), name

    def commit(self, ids: Ids, events: Sequence[bytes]) -> None:
        with self._link.transaction():
            columns = [producer for producer, _ in ids], [seq for _, seq in ids]
            self._link.execute(statement(CHANGE, self._name), columns)
            if events:
                self._link.execute(statement(EVENT, self._name), (list(events),))

    def close(self) -> None:
        with contextlib.suppress(Exception):  # the server may be gone
            self._link.close()


class PostgresOutbox:
    """A `core.store.Outbox`."""

    def __init__(self, endpoint: str, name: str) -> None:
        self._link, self._name = connect(endpoint, autocommit=True), name

    def waiting(self, most: int) -> Sequence[tuple[int, bytes]]:
        rows = self._link.execute(statement(WAITING, self._name), (most,))
        return [(int(number), bytes(event)) for number, event in rows]

    def mark(self, numbers: Sequence[int]) -> None:
        self._link.execute(statement(PUBLISHED, self._name), (list(numbers),))

    def close(self) -> None:
        with contextlib.suppress(Exception):  # the server may be gone
            self._link.close()
