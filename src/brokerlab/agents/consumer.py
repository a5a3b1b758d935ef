"""The consumer's loop: record the delivery, process, record that, commit.

What is delivered is in the ledger before the application sees it. The application's effect here is to count. When the
position is committed is the option `commit`: `after` processing (at most every 100 ms, and once more before a drained
consumer ends), `before` it, a batch at a time, or `auto`: by the client in the background, whatever was processed.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from brokerlab.agents.clock import now_us
from brokerlab.agents.options import option
from brokerlab.agents.orders import Orders
from brokerlab.agents.progress import Report
from brokerlab.core import message
from brokerlab.core.agent import AgentSpec
from brokerlab.core.broker import Received, Receiver
from brokerlab.core.store import Effects
from brokerlab.core.wait import until
from brokerlab.ledger import records
from brokerlab.ledger.appended import DeliveriesWriter
from brokerlab.metrics.agent import Meter

POINTS = ("delivered", "between", "midway", "processed", "committed")
MOST = 1_000  # messages a batch: as many as fit a core's cache, see `auditor`
PATIENCE_S = 0.05
COMMIT_EVERY_S = 0.1
BACKGROUND_S = 30.0


@dataclass
class Consumer:
    """One consumer's work. `run` returns when it was told to drain, and did."""

    spec: AgentSpec
    receiver: Receiver
    ledger: DeliveriesWriter
    orders: Orders
    report: Report
    meter: Meter
    effects: Effects | None = None
    _commits: str = "after"
    _open: list[NDArray[np.void]] = field(default_factory=list)  # deliveries that are not committed yet
    _next_commit: float = 0.0
    _goal: Mapping[int, tuple[int, int]] | None = None

    def run(self) -> None:
        self._mark = message.stamp(self.spec.run, self.spec.variant)
        self._commits = option(self.spec.options, "commit")
        self.orders.points = POINTS
        self.report.add(delivered=0, processed=0, committed=0)
        while not self._drained():
            self.orders.refresh()
            self._take(self.receiver.receive(MOST, PATIENCE_S))
            if time.monotonic() >= self._next_commit:
                self._commit()
            self.report.tell()
        self.ledger.drained()

    def _take(self, received: Received) -> None:
        if self.report.state == "starting" and self.receiver.assigned():
            self.report.become("ready")
        if not len(received.values):
            return
        at = now_us()
        parsed = message.parse(received.values, self._mark)
        rows = delivery_rows(parsed, received, at)
        self.ledger.delivered(rows)
        self.report.become("working")
        self.report.add(delivered=len(rows))
        self.meter.add(delivered=len(rows))
        self._open.append(rows)
        if self._commits == "before":
            self._commit()
        self._passing("delivered")
        half = len(rows) // 2
        self._process(rows[:half])
        self._passing("midway")
        self._process(rows[half:])
        self._passing("processed")
        intact = parsed[parsed["intact"]]
        self.meter.observe("delivery", np.maximum(at - intact["sent_at"], 0))

    def _process(self, rows: NDArray[np.void]) -> None:
        """The application: it brings about the messages' effects, or only counts."""
        began = time.monotonic_ns()
        if self.effects and len(rows):
            intact = rows[rows["producer"] != records.PHANTOM_PRODUCER]
            self.effects.apply(intact, lambda: self._passing("between"))
        self.ledger.processed(len(rows), (time.monotonic_ns() - began) // 1000)
        self.report.add(processed=len(rows))
        self.meter.add(processed=len(rows))

    def _passing(self, point: str) -> None:
        """Processing that is held up lasts longer than the interval in which a client commits by itself."""
        if self._commits == "auto" and self.orders.held == point:
            until(self._all_committed, "the client to commit in the background", deadline=BACKGROUND_S)
        self.orders.passing(point, self.report)

    def _all_committed(self) -> bool:
        """Of what was delivered to us, in the partitions that are still ours."""
        self._commit()
        ours = list(self.receiver.positions())
        return not any(np.isin(rows["partition"], ours).any() for rows in self._open)

    def _commit(self) -> None:
        offsets = self.receiver.commit()
        self._next_commit = time.monotonic() + COMMIT_EVERY_S
        if offsets:
            self.ledger.committed(offsets, now_us())
            new = self._close(offsets)
            self.report.add(committed=new)
            self.meter.add(committed=new)
            self.orders.passing("committed", self.report)

    def _close(self, offsets: Mapping[int, int]) -> int:
        """Forget the deliveries below these positions; returns how many they were."""
        rows = np.concatenate([np.zeros(0, records.DELIVERY), *self._open])
        below = np.zeros(len(rows), np.bool_)
        for partition, offset in offsets.items():
            below |= (rows["partition"] == partition) & (rows["offset"] < offset)
        self._open = [rows[~below]]
        return int(np.count_nonzero(below))

    def _drained(self) -> bool:
        """True when the ends at the time of the order were reached in every partition that is ours, and committed."""
        if not self.orders.drain or not self.receiver.assigned():
            return False
        if self._goal is None:
            self._goal = self.receiver.ends()
        positions = self.receiver.positions()
        if any(position < self._goal[partition][1] for partition, position in positions.items()):
            return False
        return self._all_committed()


def delivery_rows(parsed: NDArray[np.void], received: Received, at: int) -> NDArray[np.void]:
    """`DELIVERY` rows; a message that is not ours, or not whole, is a phantom's."""
    rows = np.empty(len(parsed), records.DELIVERY)
    rows["offset"], rows["partition"], rows["at"] = received.offset, received.partition, at
    rows["seq"] = parsed["seq"]
    rows["producer"] = np.where(parsed["intact"], parsed["producer"], records.PHANTOM_PRODUCER)
    return rows
