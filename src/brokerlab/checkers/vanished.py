"""vanished: promised, read, and gone all the same.

An id that was acknowledged (with acks=0: handed over) and processed, and that stands in no log after a complete audit:
whoever reads again, or joins later, will never see it. So it is where a log was cut off at a fail-over behind what its
readers had been given. Not of a queue, whose readers take out what they are done with. What nobody processed is lost.
"""

from __future__ import annotations

from brokerlab.core.verdict import Finding
from brokerlab.core.words import Word
from brokerlab.ledger.facts import Facts
from brokerlab.ledger.findings import of_ids


def check(facts: Facts) -> Finding:
    return of_ids(facts, Word.VANISHED, facts.claimed & facts.received & ~facts.logged & facts.rereadable)
