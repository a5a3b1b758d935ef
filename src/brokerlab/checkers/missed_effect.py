"""missed effect: processed, and nothing came of it.

A message that the application finished processing, with no row in the effects store. It happens to consumers that note
in one system that a message is done with, and bring about its effect in another: who dies between the two is told, when
the message comes again, that it was done.
"""

from __future__ import annotations

import numpy as np

from brokerlab.core.verdict import Finding
from brokerlab.core.words import Word
from brokerlab.ledger.facts import Facts
from brokerlab.ledger.findings import of_ids


def check(facts: Facts) -> Finding:
    missing = facts.received & ~facts.effected if facts.ledger.keeps_effects else np.zeros(facts.ids.size, np.bool_)
    return of_ids(facts, Word.MISSED_EFFECT, missing)
