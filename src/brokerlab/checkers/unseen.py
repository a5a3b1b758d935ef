"""unseen: promised, not processed, and the evidence does not reach far enough to say why.

Either a copy in the log is still ahead of the group (it did not drain), or no log that was read has it and the audit
did not finish. One such id makes the verdict inconclusive. Jepsen calls reads that never caught up `unseen`, too.
"""

from __future__ import annotations

from brokerlab.core.verdict import Finding
from brokerlab.core.words import Word
from brokerlab.ledger.facts import Facts
from brokerlab.ledger.findings import of_ids


def check(facts: Facts) -> Finding:
    waiting = facts.claimed & ~facts.received
    still_ahead = waiting & facts.logged & facts.ahead
    not_searched = waiting & ~facts.logged & (not facts.audit_complete)
    return of_ids(facts, Word.UNSEEN, still_ahead | not_searched)
