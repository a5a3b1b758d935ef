"""The producer's loop: record as sent, hand to the client, record the outcome; in batches, never per message.

A message is SENT in the ledger before the client sees it. It gets its outcome when the client reports one; whatever has
none when the producer ends, however it ends, stays SENT and is read as unknown.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from brokerlab.agents import options
from brokerlab.agents.clock import now_us
from brokerlab.agents.orders import Orders
from brokerlab.agents.pacing import Pacer
from brokerlab.agents.progress import Report
from brokerlab.agents.spread import Spread
from brokerlab.core import message
from brokerlab.core.agent import AgentSpec
from brokerlab.core.broker import Outcomes, Sender
from brokerlab.core.words import Outcome
from brokerlab.ledger.sends import SendsWriter
from brokerlab.metrics.agent import Meter

POINTS = ("sent",)
BATCH = 8_000  # messages at a time; without keys, all for one partition
BATCH_BYTES = 900_000  # stays below the megabyte that brokers accept as one record batch, so that one is what it makes
IDLE_S = 0.02
WORDS = {Outcome.ACKED: "acked", Outcome.FAILED: "failed", Outcome.UNKNOWN: "unknown", Outcome.HANDED: "handed"}


@dataclass
class _Waiting:
    """Built messages that the client has no room for yet."""

    values: Sequence[bytes]
    partition: int
    keys: Sequence[bytes] | None


@dataclass
class Producer:
    """One producer's work. `run` returns when it was told to finish and every outcome is known.

    With the option `exit=at-once` it returns after its last call instead, whatever its client still holds.
    """

    spec: AgentSpec
    sender: Sender
    ledger: SendsWriter
    orders: Orders
    report: Report
    meter: Meter
    _sent: int = 0
    _resolved: int = 0
    _waiting: deque[_Waiting] = field(default_factory=deque)

    def run(self) -> None:
        self.orders.points = POINTS
        load = self.spec.load
        self._mark = message.stamp(self.spec.run, self.spec.variant)
        self._spread = Spread(load, self.spec.producer)
        self._insists = options.option(self.spec.options, "full") == "drop"
        self._flushes = options.option(self.spec.options, "exit") == "flush"
        most = max(1, min(BATCH, BATCH_BYTES // (load.size + 12)))  # 12: a record's own fields
        pacer = Pacer(load.rate / load.producers, time.monotonic())
        self._sent = self._resolved = self.ledger.used  # what an earlier start sent is answered, or stays unknown
        self.report.add(sent=0, acked=0, failed=0, unknown=0, handed=0, resumed=self._sent)
        self.report.become("ready")
        while not self._finished():
            self.orders.refresh()
            if self.orders.rate is not None:
                pacer = Pacer(self.orders.rate / load.producers, time.monotonic())
                self.orders.rate = None
            count = min(self._room(), pacer.due(time.monotonic()), most)
            if count:
                self._send(count)
                pacer.took(count)
            self._hand_over()
            if count:
                self.orders.passing("sent", self.report)
            self._resolve(self.sender.poll(self._patience(pacer)))
            self.report.tell()
        self.ledger.ended()

    def _finished(self) -> bool:
        if not self._flushes:
            return not self._waiting and (self.orders.finish or self._sent == self.spec.messages)
        return self.orders.finish and not self._room() and self._sent == self._resolved

    def _room(self) -> int:
        """How many may be sent by order; none while the client has no room for those that were, and none while a
        replacement has not been told its limit yet."""
        return 0 if self._waiting else max(0, min(self.orders.limit, self.spec.messages) - self._sent)

    def _patience(self, pacer: Pacer) -> float:
        """How long to wait for outcomes: not at all while there is something to send."""
        return min(IDLE_S, pacer.wait()) if self._room() > 0 else IDLE_S

    def _send(self, count: int) -> None:
        self.report.become("working")
        at = now_us()
        self.ledger.sent(self._sent, count, at)
        self.meter.add(sent=count)
        for parcel in self._spread.parcels(self._sent, count):
            values = message.build(self._mark, self.spec.producer, parcel.seqs, self.spec.load.size, at)
            self._waiting.append(_Waiting(values, parcel.partition, parcel.keys))
        self._sent += count
        self.report.add(sent=count)

    def _hand_over(self) -> None:
        """Give the client what it takes, in order."""
        while self._waiting:
            first = self._waiting[0]
            taken = self.sender.send(first.values, first.partition, first.keys, insist=self._insists)
            if taken < len(first.values):
                first.values = first.values[taken:]
                first.keys = first.keys[taken:] if first.keys else None
                return
            self._waiting.popleft()

    def _resolve(self, outcomes: Outcomes) -> None:
        if not len(outcomes.seq):
            return
        latencies = self.ledger.resolved(outcomes, self.sender.reasons, now_us())
        counted = np.bincount(outcomes.outcome, minlength=max(Outcome) + 1)
        counts = {word: int(counted[outcome]) for outcome, word in WORDS.items()}
        self.meter.add(**counts)
        self.meter.observe("ack", latencies)
        self.report.add(**counts)
        self.report.counts["last_seq"] = int(outcomes.seq[-1])
        self._resolved += len(outcomes.seq)
