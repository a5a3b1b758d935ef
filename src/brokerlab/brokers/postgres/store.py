"""Postgres as a store: the tables of each variant, made, dropped, and read when the experiment is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from brokerlab.brokers.postgres.client import answering, connect
from brokerlab.brokers.postgres.effects import guarded
from brokerlab.brokers.postgres.outbox import PostgresChanges, PostgresOutbox
from brokerlab.brokers.postgres.variants import OTHERS, SEEN, TABLES, WORDS, others, statement
from brokerlab.core.store import Changes, Effects, Kept, Outbox, Row

if TYPE_CHECKING:
    from brokerlab.brokers.postgres.client import Link

ROWS = "SELECT producer, seq, (extract(epoch FROM at) * 1000000)::bigint FROM {%s} ORDER BY at"


@dataclass(frozen=True)
class PostgresStore:
    """The plug-in's second face."""

    port: str = "sql"

    def create(self, endpoint: str, names: Sequence[str]) -> None:
        with answering("make the tables of the store"), connect(endpoint, autocommit=True) as link:
            if not link.execute("SELECT 1 FROM pg_database WHERE datname = %s", (OTHERS,)).fetchone():
                link.execute(f"CREATE DATABASE {OTHERS}")
            _all(link, TABLES, names)
        with answering("make the tables of the other system"), connect(others(endpoint)) as link:
            _all(link, SEEN, names)

    def drop(self, endpoint: str, names: Sequence[str]) -> None:
        for address in (endpoint, others(endpoint)):
            with answering("drop the tables of the store"), connect(address) as link:
                _all(link, "".join(f"DROP TABLE IF EXISTS {{{word}}};" for word in WORDS), names)

    def effects(self, endpoint: str, name: str, guard: str) -> Effects:
        return guarded(endpoint, name, guard)

    def changes(self, endpoint: str, name: str) -> Changes:
        return PostgresChanges(endpoint, name)

    def outbox(self, endpoint: str, name: str) -> Outbox:
        return PostgresOutbox(endpoint, name)

    def kept(self, endpoint: str, name: str) -> Kept:
        with answering("tell what the store holds"), connect(endpoint) as link:
            return Kept(*([Row(*row) for row in link.execute(statement(ROWS % word, name))] for word in WORDS[::3]))


def _all(link: Link, text: str, names: Sequence[str]) -> None:
    for name in names:
        link.execute(statement(text, name))


STORE = PostgresStore()
