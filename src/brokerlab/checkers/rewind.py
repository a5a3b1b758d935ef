"""rewind: a consumer went back.

A delivery whose offset is not above the one that the same start of a consumer was given before in that partition:
after a rebalance without a commit, an offset reset, or a truncation. One step back is one rewind, however many records
come again after it (those are `redelivered`). Jepsen's kafka workload: `nonmonotonic-poll`. A consumer that is started
anew begins anew.
"""

from __future__ import annotations

from brokerlab.core.verdict import Finding
from brokerlab.core.words import Word
from brokerlab.ledger.facts import Facts
from brokerlab.ledger.findings import of_rows


def check(facts: Facts) -> Finding:
    steps = facts.steps
    return of_rows(Word.REWIND, steps[steps["offset"] <= steps["before"]], "times")
