"""lost: promised, and gone.

An id that was acknowledged (with acks=0: handed to the socket) and that, after a complete audit, stands in no log and
was processed by no reader. A reader that was given it but died before it had finished does not save it: nobody can be
given it again. A record whose transaction was aborted does not count as there. Jepsen's kafka workload: `lost-write`,
but only below the highest offset that was polled; an audit to the end needs no such limit.
"""

from __future__ import annotations

from brokerlab.core.verdict import Finding
from brokerlab.core.words import Word
from brokerlab.ledger.facts import Facts
from brokerlab.ledger.findings import of_ids


def check(facts: Facts) -> Finding:
    return of_ids(facts, Word.LOST, facts.claimed & ~facts.received & ~facts.logged & facts.audit_complete)
