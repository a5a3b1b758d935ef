"""phantom event: told of, and not so.

An event in the log or at a reader whose change was not committed in the database that it tells of: somebody published
it before the commit, and the commit did not come. Where the log itself is the source of truth, there is no such thing
(but see `resurrected`). Sources: Richardson, microservices.io, "Transactional outbox"; Kleppmann, "Designing
Data-Intensive Applications", ch. 11, "Keeping Systems in Sync" (dual writes).
"""

from __future__ import annotations

import numpy as np

from brokerlab.core.verdict import Finding
from brokerlab.core.words import Word
from brokerlab.ledger.facts import Facts
from brokerlab.ledger.findings import of_ids


def check(facts: Facts) -> Finding:
    told = np.zeros(facts.ids.size, np.bool_) if facts.ledger.changes is None else facts.failed & facts.appeared
    return of_ids(facts, Word.PHANTOM_EVENT, told)
