"""resurrected: reported as failed, yet there.

An id whose send failed for sure (the client said that it was not written), seen in the log or at a reader. Whoever
acts on the failure and sends again has it twice. Not this: a record whose transaction was aborted, which may be in the
log; nor what failed in a database that the log tells of (`phantom event`).
"""

from __future__ import annotations

import numpy as np

from brokerlab.core.verdict import Finding
from brokerlab.core.words import Word
from brokerlab.ledger.facts import Facts
from brokerlab.ledger.findings import of_ids


def check(facts: Facts) -> Finding:
    told = facts.failed & facts.appeared if facts.ledger.changes is None else np.zeros(facts.ids.size, np.bool_)
    return of_ids(facts, Word.RESURRECTED, told)
