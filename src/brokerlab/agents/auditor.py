"""The auditor's loop: every record of its partitions, from the low to the high watermark as they are when it starts.

It reads what is in the log whether committed or not (`read_uncommitted`), verifies every checksum, and writes down how
far it came; an audit that did not reach each high watermark is incomplete, and says so by its positions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brokerlab.agents.orders import Orders
from brokerlab.agents.progress import Report
from brokerlab.core import message
from brokerlab.core.agent import AgentSpec
from brokerlab.core.broker import Received, Receiver
from brokerlab.ledger import records
from brokerlab.ledger.appended import AuditWriter
from brokerlab.ledger.files import AUDIT
from brokerlab.metrics.agent import Meter

MOST = 1_000  # a thousand message objects fit a core's cache: with twenty thousand, reading costs half as much again
PATIENCE_S = 0.05


@dataclass
class Auditor:
    """One auditor's work. `run` returns when every partition was read to its high watermark."""

    spec: AgentSpec
    receiver: Receiver
    ledger: AuditWriter
    ends: dict[int, tuple[int, int]]
    orders: Orders
    report: Report
    meter: Meter

    def run(self) -> None:
        mark = message.stamp(self.spec.run, self.spec.variant)
        self.report.add(audited=0)
        self.report.become("working")
        while not self._complete():
            self.orders.refresh()
            received = self.receiver.receive(MOST, PATIENCE_S)
            rows = audited_rows(received, mark)
            rows = rows[self._below_high(rows)]
            self.ledger.audited(rows, self._positions())
            self.report.add(audited=len(rows))
            self.meter.add(audited=len(rows))
            self.report.tell()
        self.ledger.audited(rows=np.zeros(0, AUDIT.rows), positions=self._positions())
        self.ledger.ended()

    def _complete(self) -> bool:
        positions = self._positions()
        return all(positions.get(partition, low) >= high for partition, (low, high) in self.ends.items())

    def _positions(self) -> dict[int, int]:
        return {p: at for p, at in self.receiver.positions().items() if p in self.ends}

    def _below_high(self, rows: NDArray[np.void]) -> NDArray[np.bool_]:
        """Records that were written after the audit began are not in it."""
        highs = np.zeros(max(self.ends, default=0) + 1, np.int64)
        for partition, (_, high) in self.ends.items():
            highs[partition] = high
        below: NDArray[np.bool_] = rows["offset"] < highs[rows["partition"]]
        return below


def audited_rows(received: Received, mark: int) -> NDArray[np.void]:
    """`AUDITED` rows; a message that is not ours, or not whole, is a phantom's."""
    parsed = message.parse(received.values, mark)
    rows = np.empty(len(parsed), records.AUDITED)
    rows["offset"], rows["partition"], rows["seq"] = received.offset, received.partition, parsed["seq"]
    rows["producer"] = np.where(parsed["intact"], parsed["producer"], records.PHANTOM_PRODUCER)
    return rows
