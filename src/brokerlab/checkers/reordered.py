"""reordered: a later id at a lower offset.

An id whose first occurrence in the log of a partition stands behind one of a higher sequence number of the same
producer: retries with several requests in flight and without idempotence (Kafka documentation,
`max.in.flight.requests.per.connection`). Copies of an id are `duplicate`, not this; between producers and between
partitions there is no order to break. Jepsen's kafka workload: `nonmonotonic-send`. Counted in ids.
"""

from __future__ import annotations

import numpy as np

from brokerlab.core.verdict import Finding
from brokerlab.core.words import Word
from brokerlab.ledger.facts import Facts
from brokerlab.ledger.findings import of_ids
from brokerlab.ledger.ids import Bitmap, chunks, members, positions
from brokerlab.ledger.ledger import Rows
from brokerlab.ledger.steps import groups


def check(facts: Facts) -> Finding:
    behind = np.zeros(facts.ids.size, np.bool_)
    highest: dict[int, int] = {}
    sent = facts.sent
    for chunk in map(facts.standing, chunks(facts.ledger.audit.rows)):
        ids = facts.ids.of(chunk)
        known = members(ids, sent)
        rows, ids = chunk[known], ids[known]
        first = facts.seen.home[ids] == positions(rows)
        behind[ids[first][_behind(rows[first], highest)]] = True
    return of_ids(facts, Word.REORDERED, behind)


def _behind(rows: Rows, highest: dict[int, int]) -> Bitmap:
    """Which rows follow a higher sequence number; `highest` holds it by (producer, partition), from chunk to chunk."""
    found = np.zeros(len(rows), np.bool_)
    for stream, indices in groups((rows["producer"].astype(np.int64) << 16) | rows["partition"]):
        seqs = rows["seq"][indices]
        so_far = np.maximum.accumulate(np.concatenate([[highest.get(stream, -1)], seqs.astype(np.int64)]))
        found[indices] = seqs < so_far[:-1]
        highest[stream] = int(so_far[-1])
    return found
