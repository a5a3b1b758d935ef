"""PostgreSQL, one server, by psycopg: a table as a queue or a log, and the store of consumers' effects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from brokerlab.brokers.postgres.store import STORE as STORE
from brokerlab.core.broker import Admin, Broker, Pipe, Receiver, Sender
from brokerlab.core.errors import UsageError
from brokerlab.core.node import NodeSpec


@dataclass(frozen=True)
class Postgres:
    """The plug-in. It has one node, postgres-1, whatever number is asked for: nothing is replicated here."""

    name: str = "postgres"
    port: str = "sql"
    link: str = ""
    clients: tuple[str, ...] = (
        "psycopg",
        *(f"{__name__}.{part}" for part in ("effects", "outbox", "receiver", "sender")),
    )

    def nodes(self, count: int, *, between: bool = False) -> tuple[NodeSpec, ...]:
        from brokerlab.brokers.postgres.nodes import node

        return (node(),)

    def node_id(self, node: str) -> int:
        return int(node.rpartition("-")[2])

    def files(self, data: Path, topic: str) -> Sequence[Path]:
        """None: its pages hold compressed and cut values."""
        return ()

    def admin(self, endpoint: str, settings: Mapping[str, str]) -> Admin:
        from brokerlab.brokers.postgres.admin import PostgresAdmin

        return PostgresAdmin(endpoint)

    def sender(self, endpoint: str, topic: str, settings: Mapping[str, str]) -> Sender:
        from brokerlab.brokers.postgres.sender import PostgresSender

        return PostgresSender(endpoint, topic, settings)

    def receiver(self, endpoint: str, topic: str, group: str, settings: Mapping[str, str]) -> Receiver:
        from brokerlab.brokers.postgres.receiver import member

        return member(endpoint, topic, group, settings)

    def pipe(self, endpoint: str, source: str, group: str, topic: str, settings: Mapping[str, str]) -> Pipe:
        raise UsageError("brokerlab has no processor over Postgres", "a scenario with a processor runs on kafka")

    def auditor(
        self,
        endpoint: str,
        topic: str,
        partitions: Sequence[int],
        settings: Mapping[str, str],
        *,
        committed: bool = False,
    ) -> Receiver:
        """Nobody sees in a table what is not committed."""
        from brokerlab.brokers.postgres.reader import auditor

        return auditor(endpoint, topic, partitions)


BROKER: Broker = Postgres()
