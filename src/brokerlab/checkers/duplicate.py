"""duplicate: written twice or more.

An id that was seen, in the log or at a reader, at two or more distinct (partition, offset). Its cause is a producer's
retry of what had been written already (KIP-98 calls these "duplicates due to producer retries"; the idempotent producer
excludes them), or a second process that passed the same message on; see `ledger.copies`. Counted in ids. Jepsen's kafka
workload: `duplicate`. A second delivery of the same record is `redelivered`.
"""

from __future__ import annotations

from brokerlab.core.verdict import Finding
from brokerlab.core.words import Word
from brokerlab.ledger.copies import causes, written_twice
from brokerlab.ledger.facts import Facts
from brokerlab.ledger.findings import EXAMPLES, refs


def check(facts: Facts) -> Finding:
    ids = written_twice(facts)
    return Finding(Word.DUPLICATE, len(ids), examples=refs(facts, ids[:EXAMPLES].tolist()), causes=causes(facts))
