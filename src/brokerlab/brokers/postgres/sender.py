"""A producer that writes into a table: a batch is one INSERT and one commit, its offsets are what it returns.

ACKED: the commit was confirmed. FAILED: the server refused the statement, so its transaction was rolled back. UNKNOWN:
the connection broke before the answer came; the commit may have happened. HANDED: with acks=0 nobody looks at the
answer. There is no retry: who sends again after an unknown commit writes twice.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from brokerlab.brokers.postgres import tables
from brokerlab.brokers.postgres.client import connect, sentence
from brokerlab.core.broker import Outcomes
from brokerlab.core.message import sequence_numbers
from brokerlab.core.wait import elapse
from brokerlab.core.words import Outcome

if TYPE_CHECKING:
    from brokerlab.brokers.postgres.client import Link

Answer: TypeAlias = tuple[Outcome, list[int], str]  # the offsets, when they are known; the reason, when there is one

BATCH = 500  # rows a commit: waiting for the disk once for many is what makes inserts fast
SETTINGS = {"acks": "all", "batch": str(BATCH)}
# Ids are given in the order of the array, and come back in it.
INSERT = """
INSERT INTO {table} (value) SELECT v FROM unnest(%b::bytea[]) WITH ORDINALITY AS given(v, n) ORDER BY n RETURNING msg_id
"""
_MOST_REASONS = 255


class PostgresSender:
    """A producer's client. Not thread-safe. `reasons[0]` is "" and stands for no reason."""

    def __init__(self, endpoint: str, topic: str, settings: Mapping[str, str]) -> None:
        self.reasons = [""]
        own = tables.chosen(settings, SETTINGS)
        self._endpoint, self._topic = endpoint, topic
        self._handing, self._batch = own["acks"] == "0", int(own["batch"])
        self._link = connect(endpoint, autocommit=True)
        self._partitions = tables.partitions(self._link, topic)
        self._answers: list[Outcomes] = []

    def send(
        self, values: Sequence[bytes], partition: int, keys: Sequence[bytes] | None, *, insist: bool = False
    ) -> int:
        """Write as many as make one commit, and remember what became of them for `poll`; it is never without room."""
        taken, partition = list(values[: self._batch]), partition % self._partitions
        outcome, offsets, reason = self._insert(taken, partition)
        known = len(offsets) == len(taken)
        self._answers.append(
            Outcomes(
                sequence_numbers(taken),
                np.full(len(taken), outcome, np.uint8),
                np.full(len(taken), partition if known else -1, np.int16),
                np.array(offsets if known else [-1] * len(taken), np.int64),
                np.full(len(taken), self._reason(reason), np.uint8),
            )
        )
        return len(taken)

    def _insert(self, values: list[bytes], partition: int) -> Answer:
        import psycopg

        try:
            rows = self._open().execute(tables.statement(INSERT, self._topic, partition), (values,)).fetchall()
        except psycopg.OperationalError as error:
            return (Outcome.HANDED if self._handing else Outcome.UNKNOWN), [], sentence(error)
        except psycopg.Error as error:
            return (Outcome.HANDED if self._handing else Outcome.FAILED), [], sentence(error)
        return (Outcome.HANDED, [], "") if self._handing else (Outcome.ACKED, [row[0] for row in rows], "")

    def _open(self) -> Link:
        if self._link.closed:
            self._link = connect(self._endpoint, autocommit=True)
        return self._link

    def poll(self, timeout: float) -> Outcomes:
        """What became of the batches since the last call, which was known at once. Without any, nothing will come while
        it waits: it lets its caller's time pass."""
        if not self._answers:
            elapse(timeout, "something to send")
        answers, self._answers = self._answers, []
        if len(answers) == 1:
            return answers[0]
        return Outcomes(*(np.concatenate(column) for column in zip(*map(_columns, [_NONE, *answers]), strict=True)))

    def close(self) -> None:
        with contextlib.suppress(Exception):  # the server may be gone
            self._link.close()

    def _reason(self, text: str) -> int:
        if text not in self.reasons and len(self.reasons) <= _MOST_REASONS:
            self.reasons.append(text)
        return self.reasons.index(text) if text in self.reasons else _MOST_REASONS


_NONE = Outcomes(
    np.zeros(0, np.uint32), np.zeros(0, np.uint8), np.zeros(0, np.int16), np.zeros(0, np.int64), np.zeros(0, np.uint8)
)


def _columns(part: Outcomes) -> tuple[np.ndarray, ...]:
    return (part.seq, part.outcome, part.partition, part.offset, part.reason)
