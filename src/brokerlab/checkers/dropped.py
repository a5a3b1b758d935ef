"""dropped: nobody knew, and it was never written.

An id with an unknown outcome that was seen nowhere: in no log that was read and at no reader. Always permitted; calling
it lost would accuse a broker that promised nothing.
"""

from __future__ import annotations

from brokerlab.core.verdict import Finding
from brokerlab.core.words import Word
from brokerlab.ledger.facts import Facts
from brokerlab.ledger.findings import of_ids


def check(facts: Facts) -> Finding:
    return of_ids(facts, Word.DROPPED, facts.unknown & ~facts.logged & ~facts.delivered)
