"""Publishing events and waiting until the broker has all of them: what an application does that must be sure.

Who passes on what others sent keeps a record of it: what it was about to write, and where that was acknowledged to be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from brokerlab.agents.clock import now_us
from brokerlab.agents.consumer import delivery_rows
from brokerlab.core import message
from brokerlab.core.broker import Outcomes, Received, Sender
from brokerlab.core.errors import InconclusiveError
from brokerlab.core.wait import until
from brokerlab.core.words import Outcome, TransactionOutcome
from brokerlab.ledger.appended import RowsWriter
from brokerlab.ledger.records import TRANSACTION

ANSWERS_S = 60.0
POLL_S = 0.02


@dataclass(frozen=True)
class Record:
    """What one start of an agent passes on, in `rows`. mark: the messages'. transactions: where their ends are kept."""

    rows: RowsWriter
    mark: int
    transactions: RowsWriter | None = None

    def attempted(self, values: list[bytes]) -> None:
        """To be called before the client is."""
        nowhere = np.full(len(values), -1)
        self.acknowledged(Received(values, nowhere.astype(np.int16), nowhere.astype(np.int64)))

    def acknowledged(self, written: Received) -> None:
        self.rows.append(delivery_rows(message.parse(written.values, self.mark), written, now_us()))

    def ended(self, committed: bool) -> None:
        """All that was passed on since the last end was one transaction, if there are any."""
        if self.transactions:
            outcome = TransactionOutcome.COMMITTED if committed else TransactionOutcome.ABORTED
            self.transactions.append(np.array([(self.rows.count, outcome, b"")], TRANSACTION))


def publish(sender: Sender, events: Sequence[bytes], partition: int = 0) -> Received:
    """Send these events in their order; returns them, with their places, when each is acknowledged. Raises
    InconclusiveError when one is not."""
    waiting, told = list(events), list[Outcomes]()

    def answered() -> bool:
        nonlocal waiting
        if waiting:
            waiting = waiting[sender.send(waiting, partition, None) :]
        outcomes = sender.poll(POLL_S)
        bad = outcomes.reason[~np.isin(outcomes.outcome, (Outcome.ACKED, Outcome.HANDED))]
        if len(bad):
            raise InconclusiveError(f"{len(bad)} events could not be published: {sender.reasons[int(bad[0])]}")
        told.append(outcomes)
        return sum(len(each.seq) for each in told) == len(events)

    until(answered, f"the broker to acknowledge {len(events)} events", deadline=ANSWERS_S, every=0.0)
    return _placed(events, told)


def _placed(events: Sequence[bytes], told: Sequence[Outcomes]) -> Received:
    """A number that two producers' events have in common is either's: their places are both among those told."""
    by_number = dict(zip(message.sequence_numbers(events).tolist(), events, strict=True))
    values = [by_number[seq] for each in told for seq in each.seq.tolist()]
    partition, offset = (np.concatenate([getattr(each, name) for each in told]) for name in ("partition", "offset"))
    return Received(values, partition, offset)
