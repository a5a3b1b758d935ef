"""redelivered: one record delivered twice or more.

A record is an id at a (partition, offset); it is counted once however often it came again, the deliveries themselves
are in the books. At-least-once permits it: a consumer that dies after processing and before committing leaves the
record to its successor (Kafka documentation, "Message Delivery Semantics"). Another id at an offset that was given out
before is no redelivery: the log was truncated and written anew there.
"""

from __future__ import annotations

import numpy as np

from brokerlab.core.verdict import Finding
from brokerlab.core.words import Cause, Word
from brokerlab.ledger.facts import Facts
from brokerlab.ledger.findings import EXAMPLES, refs
from brokerlab.ledger.ids import first_few
from brokerlab.ledger.sightings import distinct


def check(facts: Facts) -> Finding:
    seen = facts.seen
    strays, times = distinct(seen.delivered_strays)
    again = strays["id"][times > 1]
    count = int(np.count_nonzero(seen.again_at_home)) + len(again)
    named = [*first_few(seen.again_at_home, EXAMPLES), *again[:EXAMPLES].tolist()][:EXAMPLES]
    causes = {Cause.CONSUMER_REDELIVERY: count} if count else {}
    return Finding(Word.REDELIVERED, count, "records", refs(facts, named), causes)
