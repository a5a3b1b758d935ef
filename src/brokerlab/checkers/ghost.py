"""ghost: nobody knew, and it was written after all.

An id with an unknown outcome (time-out, crash, a send never answered) that was seen in the log or at a reader. Always
permitted: that it may have been written is what an unknown outcome says. Jepsen completes such operations as `info`,
concurrent with everything after them.
"""

from __future__ import annotations

from brokerlab.core.verdict import Finding
from brokerlab.core.words import Word
from brokerlab.ledger.facts import Facts
from brokerlab.ledger.findings import of_ids


def check(facts: Facts) -> Finding:
    return of_ids(facts, Word.GHOST, facts.unknown & facts.appeared)
