"""missed: promised, in the log, and never processed, although the group is past it.

Past it: the position that the group committed last lies above every copy in the log, or every consumer read to the end.
Then nothing delivers it any more: a committed position says that all below it is done with (Kafka documentation,
"Consumer Position"). This is what committing before processing costs when the consumer dies in between.
"""

from __future__ import annotations

from brokerlab.core.verdict import Finding
from brokerlab.core.words import Word
from brokerlab.ledger.facts import Facts
from brokerlab.ledger.findings import of_ids


def check(facts: Facts) -> Finding:
    return of_ids(facts, Word.MISSED, facts.claimed & facts.logged & ~facts.received & ~facts.ahead)
