"""What a second group of consumers read, message by message: it joined late, and has deliveries of its own.

What it is owed: what was sent since it joined; where the log is read again, all that was ever sent. Owed and never
processed by it is *missed*. Its order, and what it was given twice, are no different from the first group's.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from brokerlab.core.scenario import Span
from brokerlab.core.verdict import Group
from brokerlab.core.words import Word
from brokerlab.ledger.facts import Facts
from brokerlab.ledger.findings import of_ids
from brokerlab.ledger.ids import Bitmap
from brokerlab.ledger.stages import NEVER, sent_at, stage


def second_group(facts: Facts, joined: Span) -> Group:
    """joined: the span in which it did; nothing is sent meanwhile."""
    own = Facts(replace(facts.ledger, consumers=facts.ledger.second, second=()))
    since = facts.claimed & (sent_at(facts) >= joined.started_us)
    before = facts.claimed & ~since
    read = own.seen.received
    return Group(
        before=_size(before),
        read_before=_size(before & read),
        since=_size(since),
        read_since=_size(since & read),
        missed=of_ids(facts, Word.MISSED, (facts.claimed if facts.ledger.rereads else since) & ~read),
        strangers=len(own.seen.delivered_strangers),
        commits=sum(len(consumer.commits) for consumer in own.ledger.consumers),
        drained=own.drained,
        stage=stage(own, Span("send", "since it joined", joined.ended_us, NEVER)),
    )


def _size(ids: Bitmap) -> int:
    return int(np.count_nonzero(ids))
