"""How long acknowledged sends took, from the call to the acknowledgement."""

from __future__ import annotations

import numpy as np

from brokerlab.core.words import Outcome
from brokerlab.ledger.facts import Facts
from brokerlab.ledger.ids import chunks

_QUANTILES = {"p50": 0.50, "p99": 0.99}


def latency_ms(facts: Facts) -> dict[str, float]:
    """Nearest-rank quantiles in milliseconds; {} when nothing was acknowledged (acks=0 asks for nothing)."""
    acked = [rows["latency"][rows["outcome"] == Outcome.ACKED] for rows in facts.ledger.sends]
    latencies = np.concatenate(acked) if acked else np.zeros(0, np.uint32)
    if not len(latencies):
        return {}
    ranks = {name: int(np.ceil(q * len(latencies))) - 1 for name, q in _QUANTILES.items()}
    latencies.partition(sorted(ranks.values()))
    return {name: float(latencies[rank]) / 1000 for name, rank in ranks.items()}


def open_within(facts: Facts, began_us: int, ended_us: int) -> int:
    """How many messages were unanswered when that time began, or were sent in it."""
    found = 0
    for sends in facts.ledger.sends:
        for rows in chunks(sends):
            sent = (rows["outcome"] != Outcome.UNUSED) & (rows["sent_at"] <= ended_us)
            answered = (rows["outcome"] != Outcome.SENT) & (rows["sent_at"] + rows["latency"] < began_us)
            found += int(np.count_nonzero(sent & ~answered))
    return found
