"""torn transaction: a part of one transaction is committed, and a part of it is not.

Of the places that a processor was told of within one transaction, one stands in the log for those who read what is
committed, and another does not. All or nothing is what KIP-98 promises for the log, however the transaction ended and
whether its processor lived to hear of it. What nobody was given of it is lost or missed. Counted in transactions.
"""

from __future__ import annotations

from brokerlab.core.verdict import Finding
from brokerlab.core.words import Word
from brokerlab.ledger.facts import Facts
from brokerlab.ledger.findings import EXAMPLES, refs
from brokerlab.ledger.transactions import torn


def check(facts: Facts) -> Finding:
    found = list(torn(facts)) if facts.audit_complete else []
    return Finding(Word.TORN_TRANSACTION, len(found), "transactions", refs(facts, found[:EXAMPLES]))
