"""Publishing events and waiting until the broker has all of them: what an application does that must be sure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from brokerlab.core.broker import Sender
from brokerlab.core.errors import InconclusiveError
from brokerlab.core.wait import until
from brokerlab.core.words import Outcome

ANSWERS_S = 60.0
POLL_S = 0.02


def publish(sender: Sender, events: Sequence[bytes], partition: int = 0) -> None:
    """Send these events in their order; returns when each is acknowledged. Raises InconclusiveError when one is not."""
    waiting, open_ = list(events), len(events)

    def answered() -> bool:
        nonlocal waiting, open_
        if waiting:
            waiting = waiting[sender.send(waiting, partition, None) :]
        outcomes = sender.poll(POLL_S)
        bad = outcomes.reason[~np.isin(outcomes.outcome, (Outcome.ACKED, Outcome.HANDED))]
        if len(bad):
            raise InconclusiveError(f"{len(bad)} events could not be published: {sender.reasons[int(bad[0])]}")
        open_ -= len(outcomes.seq)
        return not open_

    until(answered, f"the broker to acknowledge {len(events)} events", deadline=ANSWERS_S, every=0.0)
