"""aborted read: delivered, although its transaction was aborted.

With `isolation.level=read_committed` a consumer is given no record of an aborted transaction (KIP-98); with
read_uncommitted, the Java client's default, it is. A record was aborted when the full audit found it, and the audit of
what is committed did not. The same id may stand elsewhere, committed: it was processed twice then. Adya's anomaly G1a;
Jepsen's kafka workload: `G1a`. Counted in ids.
"""

from __future__ import annotations

from brokerlab.core.verdict import Finding
from brokerlab.core.words import Word
from brokerlab.ledger.facts import Facts
from brokerlab.ledger.findings import of_ids


def check(facts: Facts) -> Finding:
    return of_ids(facts, Word.ABORTED_READ, facts.seen.aborted)
