"""The effects in the store, in the books: how many, whose, and what it cost the application to bring them about."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from brokerlab.core.verdict import Finding, Identity
from brokerlab.core.words import Word
from brokerlab.ledger.facts import Facts
from brokerlab.ledger.ids import Integers


def counts(facts: Facts) -> dict[str, int]:
    """effects: rows; effected: ids with one. busy_us: how long the application worked on the `processed` deliveries.

    effect_p50_us, effect_p99_us: from a message's first delivery to its first effect.
    """
    took = np.sort(_took(facts))
    ranks = {} if not len(took) else {name: took[int(np.ceil(q * len(took))) - 1] for name, q in _QUANTILES.items()}
    return {
        "effects": len(facts.ledger.effects),
        "effected": int(np.count_nonzero(facts.effected)),
        "busy_us": sum(consumer.busy_us for consumer in facts.ledger.consumers),
        **{name: int(value) for name, value in ranks.items()},
    }


_QUANTILES = {"effect_p50_us": 0.50, "effect_p99_us": 0.99}
_NEVER = np.iinfo(np.int64).max


def identities(facts: Facts, findings: Mapping[Word, Finding]) -> tuple[Identity, ...]:
    ids = facts.ids.of(facts.ledger.effects)
    known = ids[ids >= 0]
    repeated = len(known) - len(np.unique(known))
    return (
        Identity(
            "processed ids = those with an effect + missed effects",
            int(np.count_nonzero(facts.received)),
            int(np.count_nonzero(facts.received & facts.effected)) + findings[Word.MISSED_EFFECT].count,
        ),
        Identity(
            "effects = ids with one + repetitions + effects of nobody's",
            len(ids),
            int(np.count_nonzero(facts.effected)) + repeated + len(ids) - len(known),
        ),
    )


def _took(facts: Facts) -> Integers:
    """Microseconds from the first delivery to the first effect, of each message that has both."""
    delivered, effected = np.full(facts.ids.size, _NEVER), np.full(facts.ids.size, _NEVER)
    for consumer in facts.ledger.consumers:
        _first(delivered, facts.ids.of(consumer.deliveries), consumer.deliveries["at"])
    _first(effected, facts.ids.of(facts.ledger.effects), facts.ledger.effects["at"])
    both = (delivered != _NEVER) & (effected != _NEVER)
    found: Integers = np.maximum(effected[both] - delivered[both], 0)
    return found


def _first(times: Integers, ids: Integers, at: Integers) -> None:
    known = ids >= 0
    np.minimum.at(times, ids[known], at[known])
