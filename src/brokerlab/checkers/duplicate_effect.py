"""duplicate effect: applied twice or more.

A sent id with two or more rows in the effects store. This is what a user of a redelivering system feels; an idempotent
consumer (a unique key on the id, Enterprise Integration Patterns, "Idempotent Receiver") excludes it.
"""

from __future__ import annotations

import numpy as np

from brokerlab.core.verdict import Finding
from brokerlab.core.words import Word
from brokerlab.ledger.facts import Facts
from brokerlab.ledger.findings import of_ids
from brokerlab.ledger.ids import Repeats, chunks, members


def check(facts: Facts) -> Finding:
    twice = np.zeros(facts.ids.size, np.bool_)
    sent = facts.sent
    repeats = Repeats(facts.ids.size if len(facts.ledger.effects) else 0)
    for rows in chunks(facts.ledger.effects):
        ids = facts.ids.of(rows)
        ids = ids[members(ids, sent)]
        twice[ids[repeats.among(ids)]] = True
    return of_ids(facts, Word.DUPLICATE_EFFECT, twice)
