"""What a variant did in each stage of the load: how many messages a second came through, and how late they were.

A stage is a span of the timeline in which messages were sent. Its messages are those sent within it; each counts when
it was delivered first, whenever that was. Rates are over the time from the stage's beginning to its last such delivery.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from brokerlab.core.scenario import Span
from brokerlab.core.verdict import Stage
from brokerlab.ledger.facts import Facts
from brokerlab.ledger.ids import Integers

NEVER = np.iinfo(np.int64).max


def stages(facts: Facts, spans: Iterable[Span]) -> tuple[Stage, ...]:
    played = list(spans)
    grows = any(span.kind == "grow" for span in played)
    sent, came = _times(facts)
    found = (_stage(span, sent, came) for span in played if span.kind == "send" and span.name)
    return tuple(replace(one, grows=grows) for one in found)


def stage(facts: Facts, span: Span) -> Stage:
    """One stage alone."""
    return _stage(span, *_times(facts))


def _stage(span: Span, sent: Integers, came: Integers) -> Stage:
    own = (sent >= span.started_us) & (sent <= span.ended_us)
    there = own & (came != NEVER)
    if not there.any():
        return Stage(span.name, int(np.count_nonzero(own)), 0.0, {})
    late = np.sort(came[there] - sent[there])
    seconds = max(1, int(came[there].max()) - span.started_us) / 1e6
    lag = {name: float(late[int(np.ceil(q * len(late))) - 1]) / 1000 for name, q in (("p50", 0.5), ("p99", 0.99))}
    return Stage(span.name, int(np.count_nonzero(own)), len(late) / seconds, lag)


def _times(facts: Facts) -> tuple[Integers, Integers]:
    """When each id was sent, and when it was delivered first."""
    came = np.full(facts.ids.size, NEVER)
    for consumer in facts.ledger.consumers:
        ids = facts.ids.of(consumer.deliveries)
        known = ids >= 0
        np.minimum.at(came, ids[known], consumer.deliveries["at"][known])
    return sent_at(facts), came


def sent_at(facts: Facts) -> Integers:
    """When each id was sent."""
    return np.concatenate([np.zeros(0, np.int64), *(rows["sent_at"] for rows in facts.ledger.sends)])
