"""late: not there in time.

An id that was delivered, and whose earliest delivery came more than the ledger's deadline after it was sent. Without a
deadline nothing is late. What never came is lost or missed, not late; what was withdrawn did not come. Counted in ids.
"""

from __future__ import annotations

import numpy as np

from brokerlab.core.verdict import Finding
from brokerlab.core.words import Word
from brokerlab.ledger.facts import Facts
from brokerlab.ledger.findings import of_ids
from brokerlab.ledger.ids import Bitmap, chunks
from brokerlab.ledger.ledger import Rows


def check(facts: Facts) -> Finding:
    if facts.ledger.deadline_us is None:
        return Finding(Word.LATE, 0)
    in_time = np.zeros(facts.ids.size, np.bool_)
    for consumer in facts.ledger.consumers:
        for rows in chunks(consumer.deliveries):
            _mark(facts, facts.standing(rows), facts.ledger.deadline_us, in_time)
    return of_ids(facts, Word.LATE, facts.delivered & ~in_time)


def _mark(facts: Facts, rows: Rows, deadline_us: int, in_time: Bitmap) -> None:
    for producer, sends in enumerate(facts.ledger.sends):
        mine = rows[(rows["producer"] == producer) & (rows["seq"] < len(sends))]
        punctual = mine["at"] - sends["sent_at"][mine["seq"]] <= deadline_us
        in_time[facts.ids.base[producer] + mine["seq"][punctual]] = True
