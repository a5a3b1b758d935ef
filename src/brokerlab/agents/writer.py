"""The writer's loop: an application that changes rows in its database, and has others hear of each change.

How it does both is the option `events`: `db-then-broker` and `broker-then-db` are dual writes, one after the other with
nothing in common; with `outbox` the event is a row of the same transaction, and a relay publishes it. A change is SENT
in the ledger before anything is written, and ACKED when both are; what the database holds in the end decides what is
true.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brokerlab.agents.clock import now_us
from brokerlab.agents.options import option
from brokerlab.agents.orders import Orders
from brokerlab.agents.pacing import Pacer
from brokerlab.agents.progress import Report
from brokerlab.agents.publishing import publish
from brokerlab.core import message
from brokerlab.core.agent import AgentSpec
from brokerlab.core.broker import Outcomes, Sender
from brokerlab.core.store import Changes
from brokerlab.core.wait import elapse
from brokerlab.core.words import Outcome
from brokerlab.ledger.sends import SendsWriter
from brokerlab.metrics.agent import Meter

POINTS = ("first", "second")
BATCH = 20  # changes a transaction
IDLE_S = 0.01


@dataclass
class Writer:
    """One writer's work. `run` returns when it was told to finish and has written all that it may."""

    spec: AgentSpec
    changes: Changes
    sender: Sender
    ledger: SendsWriter
    orders: Orders
    report: Report
    meter: Meter

    def run(self) -> None:
        self.orders.points = POINTS
        self._mark = message.stamp(self.spec.run, self.spec.variant)
        load = self.spec.load
        pacer = Pacer(load.rate / load.producers, time.monotonic())
        self._next = self.ledger.used
        self.report.add(sent=0, acked=0, resumed=self._next)
        self.report.become("ready")
        while not (self.orders.finish and self._room() <= 0):
            self.orders.refresh()
            count = min(self._room(), pacer.due(time.monotonic()), BATCH)
            if count > 0:
                self._write(count)
                pacer.took(count)
            else:
                elapse(min(IDLE_S, pacer.wait() or IDLE_S), "something to be due")
            self.report.tell()
        self.ledger.ended()

    def _room(self) -> int:
        return min(self.orders.limit, self.spec.messages) - self._next

    def _write(self, count: int) -> None:
        self.report.become("working")
        seqs = np.arange(self._next, self._next + count, dtype=np.uint32)
        at = now_us()
        self.ledger.sent(self._next, count, at)
        self.meter.add(sent=count)
        self.report.add(sent=count)
        self._next += count
        events = message.build(self._mark, self.spec.producer, seqs, self.spec.load.size, at)
        self._both([(self.spec.producer, seq) for seq in seqs.tolist()], events)
        self._acked(seqs)

    def _both(self, ids: list[tuple[int, int]], events: list[bytes]) -> None:
        """The change and the event, in the variant's way; held between the two, or behind both."""
        match option(self.spec.options, "events"):
            case "outbox":
                self.changes.commit(ids, events)
                self.orders.passing("first", self.report)
            case "db-then-broker":
                self.changes.commit(ids, ())
                self.orders.passing("first", self.report)
                publish(self.sender, events)
            case _:
                publish(self.sender, events)
                self.orders.passing("first", self.report)
                self.changes.commit(ids, ())
        self.orders.passing("second", self.report)

    def _acked(self, seqs: NDArray[np.uint32]) -> None:
        """Where an event is, is the broker's affair: its writer does not keep it."""
        count = len(seqs)
        acked, none = np.full(count, Outcome.ACKED, np.uint8), np.zeros(count, np.uint8)
        outcomes = Outcomes(seqs, acked, np.full(count, -1, np.int16), np.full(count, -1, np.int64), none)
        latencies = self.ledger.resolved(outcomes, [""], now_us())
        self.meter.add(acked=len(seqs))
        self.meter.observe("ack", latencies)
        self.report.add(acked=len(seqs))
