"""phantom: nobody sent it.

Something in the log, at a reader or in the effects store that is no sent message of this run and variant: a producer or
a sequence number that does not exist or was not used, a foreign message, or one whose checksum is wrong. Counted in
distinct ids; what can't be identified, in distinct positions. Jepsen would call the read a `G1a` of an unknown write.
"""

from __future__ import annotations

import numpy as np

from brokerlab.core.verdict import Finding
from brokerlab.core.words import Word
from brokerlab.ledger import records
from brokerlab.ledger.facts import Facts
from brokerlab.ledger.findings import of_rows
from brokerlab.ledger.ids import Integers, chunks, members, positions
from brokerlab.ledger.ledger import Rows
from brokerlab.ledger.sightings import as_strangers


def check(facts: Facts) -> Finding:
    strange: list[Rows] = [facts.seen.log_strangers, facts.seen.delivered_strangers]
    sent = facts.sent
    strange += [as_strangers(rows[~members(facts.ids.of(rows), sent)]) for rows in chunks(facts.ledger.effects)]
    rows = np.concatenate(strange)
    named = rows["producer"] != records.PHANTOM_PRODUCER
    distinct = np.concatenate([_first(rows[named], _ids(rows[named])), _first(rows[~named], positions(rows[~named]))])
    return of_rows(Word.PHANTOM, distinct, "messages")


def _ids(rows: Rows) -> Integers:
    found: Integers = (rows["producer"].astype(np.int64) << 32) | rows["seq"]
    return found


def _first(rows: Rows, keys: Integers) -> Rows:
    return rows[np.unique(keys, return_index=True)[1]]
