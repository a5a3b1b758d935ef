"""Connections to Postgres by psycopg: every one with a name of its own, and in UTC; a server that starts is awaited."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

from brokerlab.core.errors import InconclusiveError
from brokerlab.core.wait import until

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.rows import TupleRow

    Link: TypeAlias = Connection[TupleRow]

READY_S = 30.0
CONNECT_S = 5


def connect(endpoint: str, *, autocommit: bool = False) -> Link:
    """A connection, once the server takes one. Raises InconclusiveError when it does not within READY_S."""
    import psycopg

    last = ""

    def connected() -> Link | None:
        nonlocal last
        try:
            return psycopg.connect(
                endpoint, autocommit=autocommit, connect_timeout=CONNECT_S, application_name="brokerlab"
            )
        except psycopg.OperationalError as error:
            last = sentence(error)
            return None

    found = until(connected, "Postgres to take a connection", deadline=READY_S, seen=lambda: last)
    assert found  # noqa: S101 - `until` returns what is true
    return found


@contextmanager
def answering(what: str) -> Iterator[None]:
    """What the server or the driver says against it is a sentence: "Postgres could not `what`"."""
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        raise refused(what, error) from error


def sentence(error: Exception) -> str:
    """The first line of what the server or the driver said."""
    return next(iter(str(error).splitlines()), type(error).__name__)


def refused(what: str, error: Exception) -> InconclusiveError:
    return InconclusiveError(f"Postgres could not {what}: {sentence(error)}")
