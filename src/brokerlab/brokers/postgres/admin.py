"""What the engine asks of a running Postgres: tables made and unmade, ends, settings read back, and how tables look."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from brokerlab.brokers.postgres import tables
from brokerlab.brokers.postgres.client import answering, connect
from brokerlab.core.broker import PartitionState

if TYPE_CHECKING:
    from brokerlab.brokers.postgres.client import Link

NODE = 1
VISIBILITY_INDEX = "CREATE INDEX ON {table} (vt)"
# What the statistics say of a table lags behind by up to a second; its size is exact.
LOOK = """
SELECT pg_total_relation_size(c.oid),
    coalesce(s.n_dead_tup, 0), coalesce(s.n_live_tup, 0), coalesce(s.autovacuum_count, 0),
    coalesce(s.n_tup_ins + s.n_tup_upd + s.n_tup_del, 0)
FROM pg_class c LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid WHERE c.oid = %s::regclass
"""
WORDS = ("bytes", "dead", "live", "autovacuums", "written")


class PostgresAdmin:
    """Not thread-safe: the observer has its own. It connects when it is first asked something."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._open: Link | None = None

    @property
    def _link(self) -> Link:
        if self._open is None or self._open.closed:
            self._open = connect(self._endpoint, autocommit=True)
            with self._open.transaction():  # of several who come at once, one makes it, and the others wait
                self._open.execute("SELECT pg_advisory_xact_lock(0)")
                self._open.execute(tables.REGISTRY)
        return self._open

    def await_ready(self, nodes: int, deadline: float) -> None:
        """Return when the server takes connections."""
        self._link.execute("SELECT 1")

    def create(
        self, topics: Mapping[str, Mapping[str, str]], partitions: int, assignment: Sequence[int] | None
    ) -> None:
        """Create {topic: settings}. A log (`queue` = "") has its partitions; a queue is one table, for workers share it
        by rows. `queue` = "visibility" wants an index by the time of visibility."""
        with answering(f"create the topics {', '.join(topics)}"), self._link.transaction():
            for topic, settings in topics.items():
                own = tables.chosen(settings, {"queue": ""})
                count = 1 if own["queue"] else partitions
                self._link.execute("INSERT INTO brokerlab.topics VALUES (%s, %s, %s)", (topic, count, json.dumps(own)))
                for partition in range(count):
                    self._link.execute(tables.statement(tables.TABLE, topic, partition))
                    if own["queue"] == "visibility":
                        self._link.execute(tables.statement(VISIBILITY_INDEX, topic, partition))

    def delete(self, topics: Sequence[str]) -> None:
        """One that is not there is gone."""
        for topic, group in tables.copies(self._link, topics):
            self._link.execute(tables.statement(tables.DROP_COPY, topic, 0, group))
        for state in self.describe(topics):
            self._link.execute(tables.statement("DROP TABLE IF EXISTS {table}", state.topic, state.partition))
        for registered in ("topics", "positions", "copies"):
            self._link.execute(f"DELETE FROM brokerlab.{registered} WHERE topic = ANY(%s)", (list(topics),))  # noqa: S608 - names of ours

    def describe(self, topics: Sequence[str]) -> list[PartitionState]:
        rows = self._link.execute(
            "SELECT topic, partitions FROM brokerlab.topics WHERE topic = ANY(%s) ORDER BY topic", (list(topics),)
        )
        return [
            PartitionState(topic, number, NODE, 0, (NODE,), (NODE,)) for topic, count in rows for number in range(count)
        ]

    def ends(self, topics: Sequence[str]) -> dict[tuple[str, int], int]:
        return {
            (state.topic, state.partition): tables.end(self._link, state.topic, state.partition)
            for state in self.describe(topics)
        }

    def settings(self, topics: Sequence[str]) -> dict[str, dict[str, str]]:
        """{topic: its settings}, and `postgres`: what the server's configuration file says, as it is in force."""
        rows = self._link.execute(
            "SELECT topic, settings FROM brokerlab.topics WHERE topic = ANY(%s) ORDER BY topic", (list(topics),)
        )
        told = {str(topic): dict(settings) for topic, settings in rows}
        server = self._link.execute(
            "SELECT name, current_setting(name) FROM pg_settings WHERE source = 'configuration file' ORDER BY name"
        )
        return told | {"postgres": {str(name): str(value) for name, value in server}}

    def admit(self, groups: Mapping[str, str]) -> None:
        """Of a queue the group has a copy from now on; a table that is read as a log needs none."""
        for topic, group in groups.items():
            with answering(f"make a copy of {topic} for {group}"), self._link.transaction():
                if self.settings([topic])[topic]["queue"]:
                    self._link.execute(tables.statement(tables.COPY, topic, 0, group))
                    self._link.execute("INSERT INTO brokerlab.copies VALUES (%s, %s)", (topic, group))

    def storage(self, topics: Sequence[str]) -> dict[str, dict[str, int]]:
        """{topic, or group that has a copy: what WORDS say}, summed over its partitions."""
        tables_of = [(state.topic, state.topic, state.partition, "") for state in self.describe(topics)]
        tables_of += [(group, topic, 0, group) for topic, group in tables.copies(self._link, topics)]
        found: dict[str, dict[str, int]] = {}
        for whose, topic, partition, group in tables_of:
            sums = found.setdefault(whose, dict.fromkeys(WORDS, 0))
            row = self._link.execute(LOOK, (f"brokerlab.{tables.name(topic, partition, group)}",)).fetchone()
            for word, value in zip(WORDS, row or (), strict=True):
                sums[word] += int(value)
        return found

    def close(self) -> None:
        if self._open is not None:
            self._open.close()
