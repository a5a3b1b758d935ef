"""The relay's loop: read the outbox, publish what waits there, mark it as published.

It dies between the two steps, and its successor publishes again: at least once, in order. Where the variant has no
outbox, the relay has nothing to do, and passes its points all the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from brokerlab.agents.options import option
from brokerlab.agents.orders import Orders
from brokerlab.agents.progress import Report
from brokerlab.agents.publishing import Record, publish
from brokerlab.core.agent import AgentSpec
from brokerlab.core.broker import Sender
from brokerlab.core.store import Outbox
from brokerlab.core.wait import elapse

POINTS = ("read", "published", "marked")
MOST = 100
POLL_S = 0.02


@dataclass
class Relay:
    """One relay's work. `run` returns when it was told to drain and the outbox is empty."""

    spec: AgentSpec
    outbox: Outbox
    sender: Sender
    record: Record
    orders: Orders
    report: Report

    def run(self) -> None:
        self.orders.points = POINTS
        self._idle = option(self.spec.options, "events") != "outbox"
        self.report.add(published=0, marked=0)
        self.report.become("ready")
        while True:
            self.orders.refresh()
            waiting = self.outbox.waiting(MOST)
            if waiting or self._idle:
                self._relay([number for number, _ in waiting], [event for _, event in waiting])
            if not waiting:
                if self.orders.drain:
                    return
                elapse(POLL_S, "events in the outbox")
            self.report.tell()

    def _relay(self, numbers: list[int], events: list[bytes]) -> None:
        self.orders.passing("read", self.report)
        if events:
            self.report.become("working")
            self.record.attempted(events)
            self.record.acknowledged(publish(self.sender, events))
        self.report.add(published=len(events))
        self.orders.passing("published", self.report)
        if events:
            self.outbox.mark(numbers)
        self.report.add(marked=len(events))
        self.orders.passing("marked", self.report)
