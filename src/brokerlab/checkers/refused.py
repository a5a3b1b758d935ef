"""refused: reported as failed, and not there.

An id whose send failed for sure, seen in no log and at no reader: the client never took it (its queue was full, it is
too large), and its application was told so. Always permitted; whether anybody listened is another question.
"""

from __future__ import annotations

from brokerlab.core.verdict import Finding
from brokerlab.core.words import Word
from brokerlab.ledger.facts import Facts
from brokerlab.ledger.findings import of_ids


def check(facts: Facts) -> Finding:
    return of_ids(facts, Word.REFUSED, facts.failed & ~facts.appeared)
