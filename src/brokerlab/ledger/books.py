"""The books of one variant: counts, and the identities that every history must satisfy, each side counted by itself.

An identity that does not balance says that the ledger or brokerlab is wrong, not the broker; so the judge then says
nothing about the broker. What a broker may do wrong has a word, and its word is in the books.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from brokerlab.core.verdict import Finding, Identity
from brokerlab.core.words import LOSS, Outcome, Word
from brokerlab.ledger import effects, transactions
from brokerlab.ledger.facts import Facts
from brokerlab.ledger.gone import gone
from brokerlab.ledger.ids import Bitmap, chunks, positions
from brokerlab.ledger.ledger import Rows
from brokerlab.ledger.sightings import distinct
from brokerlab.ledger.steps import groups


def counts(facts: Facts) -> dict[str, int]:
    """Ids by outcome, as their senders were told, and by what was seen of them; rows: delivered, processed, audited."""
    ledger = facts.ledger
    return {
        "sent": _size(facts.sent),
        **{outcome.name.lower(): int(np.count_nonzero(facts.told == outcome)) for outcome in _ANSWERS},
        "received": _size(facts.received),
        "logged": _size(facts.logged),
        "delivered": sum(len(consumer.deliveries) for consumer in ledger.consumers),
        "processed": sum(consumer.processed for consumer in ledger.consumers),
        "audited": len(ledger.audit.rows),
        "withdrawn": len(facts.seen.log_withdrawn),
        **{place: _size(ids) for place, ids in gone(facts).items()},
        **(effects.counts(facts) if ledger.keeps_effects else {}),
        **transactions.counts(facts),
        **({} if ledger.changes is None else {"committed": _size(facts.is_(Outcome.ACKED))}),
    }


_ANSWERS = (Outcome.ACKED, Outcome.HANDED, Outcome.UNKNOWN, Outcome.FAILED)


def identities(facts: Facts, findings: Mapping[Word, Finding]) -> tuple[Identity, ...]:
    """The books as printed. `findings` are the checkers', of the same facts."""
    return (
        *_of_ids(facts, findings),
        *_of_rows(facts),
        *(_of_places(facts, findings) if facts.audit_complete else ()),
        *(effects.identities(facts, findings) if facts.ledger.keeps_effects else ()),
    )


def _of_ids(facts: Facts, findings: Mapping[Word, Finding]) -> tuple[Identity, ...]:
    def found(*words: Word) -> int:
        return sum(findings[word].count for word in words)

    kept = Identity(
        "acked + handed = in the log of them + lost + vanished",
        _size(facts.claimed),
        _size(facts.claimed & facts.logged) + found(*LOSS),
    )
    return (
        Identity(
            "sent = acked + handed + unknown + failed", _size(facts.sent), sum(map(_size, map(facts.is_, _ANSWERS)))
        ),
        Identity(
            "acked + handed = received of them + lost + missed + unseen",
            _size(facts.claimed),
            _size(facts.claimed & facts.received) + found(Word.LOST, Word.MISSED, Word.UNSEEN),
        ),
        *([kept] if facts.rereadable else []),
        Identity("unknown = ghost + dropped", _size(facts.unknown), found(Word.GHOST, Word.DROPPED)),
        Identity(
            "failed = resurrected + phantom events + refused",
            _size(facts.failed),
            found(Word.RESURRECTED, Word.PHANTOM_EVENT, Word.REFUSED),
        ),
    )


def _of_rows(facts: Facts) -> tuple[Identity, ...]:
    seen, ledger = facts.seen, facts.ledger
    delivered = sum(len(consumer.deliveries) for consumer in ledger.consumers)
    strays, times = distinct(seen.delivered_strays)
    redeliveries = seen.redeliveries_at_home + int((times - 1).sum())
    duplicates = _size(seen.at_home) + len(strays) - _size(seen.delivered)
    withdrawn = "" if ledger.committed is None else " + withdrawn"
    logged = _size(seen.logged) + len(distinct(seen.log_strays)[0])
    return (
        Identity(
            "deliveries = delivered ids + duplicate deliveries + redeliveries + phantom deliveries" + withdrawn,
            delivered,
            _size(seen.delivered)
            + duplicates
            + redeliveries
            + len(seen.delivered_strangers)
            + seen.delivered_withdrawn,
        ),
        Identity("processed = deliveries that it is a part of", *_processed(facts)),
        Identity(
            "records in the log = logged ids + duplicate records + phantom records" + withdrawn,
            len(ledger.audit.rows),
            logged + len(seen.log_strangers) + len(seen.log_withdrawn),
        ),
        Identity("records in the log = offsets in the log", len(ledger.audit.rows), _places(ledger.audit.rows)),
    )


def _of_places(facts: Facts, findings: Mapping[Word, Finding]) -> Iterator[Identity]:
    found = facts.places
    if found.told:
        yield Identity(
            "acknowledged places = their message there + misplaced + in the log no more",
            found.told,
            found.kept + findings[Word.MISPLACED].count + found.gone,
        )


def _processed(facts: Facts) -> tuple[int, int]:
    consumers = facts.ledger.consumers
    return sum(c.processed for c in consumers), sum(len(c.deliveries[: c.processed]) for c in consumers)


def _places(rows: Rows) -> int:
    """How many rows stand above all before them in their partition: all, when the log was read in its order, once."""
    highest: dict[int, int] = {}
    found = 0
    for chunk in chunks(rows):
        for partition, indices in groups(chunk["partition"]):
            places = np.concatenate([[highest.get(partition, -1)], positions(chunk[indices])])
            so_far = np.maximum.accumulate(places)
            found += int(np.count_nonzero(places[1:] > so_far[:-1]))
            highest[partition] = int(so_far[-1])
    return found


def _size(ids: Bitmap) -> int:
    return int(np.count_nonzero(ids))
