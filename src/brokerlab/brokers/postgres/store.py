"""Postgres as a store: the tables of each variant, made, dropped, and read when the experiment is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from brokerlab.brokers.postgres.client import answering, connect
from brokerlab.brokers.postgres.effects import guarded
from brokerlab.brokers.postgres.outbox import PostgresChanges, PostgresOutbox
from brokerlab.brokers.postgres.variants import OTHERS, SEEN, TABLES, WORDS, others, statement
from brokerlab.core.store import Changes, Effects, Kept, Outbox, Row, Tables

if TYPE_CHECKING:
    from brokerlab.brokers.postgres.client import Link

ROWS = "SELECT producer, seq, (extract(epoch FROM at) * 1000000)::bigint FROM {%s} ORDER BY at"


@dataclass(frozen=True)
class PostgresTables:
    """A `core.store.Tables`."""

    endpoint: str

    def create(self, names: Sequence[str]) -> None:
        with answering("make the tables of the store"), connect(self.endpoint, autocommit=True) as link:
            if not link.execute("SELECT 1 FROM pg_database WHERE datname = %s", (OTHERS,)).fetchone():
                link.execute(f"CREATE DATABASE {OTHERS}")
            _all(link, TABLES, names)
        with answering("make the tables of the other system"), connect(others(self.endpoint)) as link:
            _all(link, SEEN, names)

    def drop(self, names: Sequence[str]) -> None:
        for address in (self.endpoint, others(self.endpoint)):
            with answering("drop the tables of the store"), connect(address) as link:
                _all(link, "".join(f"DROP TABLE IF EXISTS {{{word}}};" for word in WORDS), names)

    def kept(self, name: str) -> Kept:
        with answering("tell what the store holds"), connect(self.endpoint) as link:
            return Kept(*([Row(*row) for row in link.execute(statement(ROWS % word, name))] for word in WORDS[::3]))


@dataclass(frozen=True)
class PostgresStore:
    """The plug-in's second face."""

    name: str = "postgres"
    port: str = "sql"

    def tables(self, endpoint: str) -> Tables:
        return PostgresTables(endpoint)

    def effects(self, endpoint: str, name: str, guard: str) -> Effects:
        return guarded(endpoint, name, guard)

    def changes(self, endpoint: str, name: str) -> Changes:
        return PostgresChanges(endpoint, name)

    def outbox(self, endpoint: str, name: str) -> Outbox:
        return PostgresOutbox(endpoint, name)


def _all(link: Link, text: str, names: Sequence[str]) -> None:
    for name in names:
        link.execute(statement(text, name))


STORE = PostgresStore()
