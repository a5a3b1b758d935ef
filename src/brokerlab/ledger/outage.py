"""How long nothing was acknowledged although something was waiting for it: the longest such time, from the ledger."""

from __future__ import annotations

import numpy as np

from brokerlab.core.words import Outcome
from brokerlab.ledger.facts import Facts


def longest_outage_ms(facts: Facts) -> float:
    """The longest time without an acknowledgement, during which a message that was acknowledged later was waiting:
    pauses in which nobody had sent anything don't count. 0 when nothing was acknowledged."""
    acked = [rows[rows["outcome"] == Outcome.ACKED] for rows in facts.ledger.sends]
    sent = np.concatenate([np.zeros(0, np.int64), *(rows["sent_at"] for rows in acked)])
    if not len(sent):
        return 0.0
    answered = sent + np.concatenate([rows["latency"] for rows in acked])
    order = np.argsort(answered, kind="stable")
    sent, answered = sent[order], answered[order]
    waiting_since = np.minimum.accumulate(sent[::-1])[::-1]  # of those that are answered here or later
    before = np.concatenate([[np.iinfo(np.int64).min], answered[:-1]])
    return float((answered - np.maximum(before, waiting_since)).max()) / 1000
