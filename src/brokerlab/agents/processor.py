"""The processor's loop: consume, transform, produce; a batch at a time, in transactions if its client is told to.

What it reads is a producer's; what it writes carries the same ids, so that the end of the pipeline can be compared with
its beginning. Its batch is written and acknowledged, then its position is committed (with a transaction: both at once);
between the two stands the point at which it is worth killing. A processor that was replaced while it was stopped, and
that finds itself shut out, ends as `fenced`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from brokerlab.agents.orders import Orders
from brokerlab.agents.progress import Report
from brokerlab.agents.publishing import Record
from brokerlab.core.agent import AgentSpec
from brokerlab.core.broker import Pipe, Received
from brokerlab.core.errors import FencedError
from brokerlab.metrics.agent import Meter

POINTS = ("taken", "sent", "offsets", "committed")
MOST = 200  # messages a batch: so many are at stake when it dies
PATIENCE_S = 0.05


@dataclass
class Processor:
    """One processor's work. `run` returns when it was told to drain, and did; or when it was fenced."""

    spec: AgentSpec
    pipe: Pipe
    record: Record
    orders: Orders
    report: Report
    meter: Meter
    _goal: Mapping[int, tuple[int, int]] | None = None

    def run(self) -> None:
        self.orders.points = POINTS
        self.report.add(consumed=0, produced=0, batches=0, aborted=0, busy_us=0)
        try:
            while not self._drained():
                self.orders.refresh()
                self._take(self.pipe.take(MOST, PATIENCE_S))
                self.report.tell()
        except FencedError as error:
            self.report.become("fenced", error=error.message)

    def _take(self, received: Received) -> None:
        if self.report.state == "starting" and self.pipe.assigned():
            self.report.become("ready")
        count = len(received.values)
        if not count:
            return
        self.report.become("working")
        self.report.add(consumed=count)
        self.meter.add(consumed=count)
        self.orders.passing("taken", self.report)
        self.record.attempted(received.values)
        self._timed(lambda: self.pipe.write(received))
        self.record.acknowledged(self.pipe.written())
        self.report.add(produced=count)
        self.meter.add(produced=count)
        self.orders.passing("sent", self.report)
        self._timed(self.pipe.mark)
        self.orders.passing("offsets", self.report)
        done = self._timed(self.pipe.commit)
        self.record.ended(done)
        self.report.add(batches=int(done), aborted=int(not done))
        self.orders.passing("committed", self.report)

    def _timed(self, work: Callable[[], bool]) -> bool:
        """Do it, and count the time that it took: what a batch costs."""
        started = time.monotonic_ns()
        done = work()
        self.report.add(busy_us=(time.monotonic_ns() - started) // 1000)
        return done

    def _drained(self) -> bool:
        """True when the ends at the time of the order were reached in every partition that is ours."""
        if not self.orders.drain or not self.pipe.assigned():
            return False
        if self._goal is None:
            self._goal = self.pipe.ends()
        return all(position >= self._goal[part][1] for part, position in self.pipe.positions().items())
