"""Autopsies: for the first few messages that something went wrong with, everything that the ledger has on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from brokerlab.core.verdict import Autopsy, Finding, MessageRef
from brokerlab.core.words import LOSS, Cause, Word
from brokerlab.ledger.copies import Copy, copies, written_twice
from brokerlab.ledger.facts import Facts
from brokerlab.ledger.findings import ref, row_ref
from brokerlab.ledger.gone import gone
from brokerlab.ledger.ids import Integers, chunks, pack
from brokerlab.ledger.ledger import Rows

EXAMINED = (
    *sorted(LOSS),
    *(Word.MISSED, Word.MISPLACED, Word.DUPLICATE, Word.REDELIVERED, Word.RESURRECTED, Word.ABORTED_READ),
)


def autopsies(facts: Facts, findings: Mapping[Word, Finding]) -> tuple[Autopsy, ...]:
    """One for each example of the words in `EXAMINED`. One pass over the log and the deliveries, when there are any."""
    cases = [(word, *_case(facts, word, example)) for word in EXAMINED for example in findings[word].examples]
    if not cases:
        return ()
    ids = np.unique([identity for _, identity, _ in cases])
    copied = copies(facts, np.intersect1d(ids, written_twice(facts)))
    writers = {copy.position: copy.by.name for each in copied.values() for copy in each if copy.by}
    logged = _of(facts, [("", facts.ledger.audit.rows)], ids)
    delivered = _of(facts, [(consumer.name, consumer.deliveries) for consumer in facts.ledger.consumers], ids)
    nowhere = gone(facts)
    standing = _at(facts.ledger.audit.rows, {_place(message) for _, _, message in cases})
    return tuple(
        Autopsy(
            word=word,
            message=message,
            logged=tuple(replace(each, by=writers.get(_position(each), "")) for each in logged.get(identity, ())),
            delivered=tuple(delivered.get(identity, ())),
            instead=_other(message, standing.get(_place(message))),
            place=next((place for place, ids in nowhere.items() if ids[identity]), ""),
            causes=_causes(word, copied.get(identity, ())),
        )
        for word, identity, message in cases
    )


def _case(facts: Facts, word: Word, example: MessageRef) -> tuple[int, MessageRef]:
    """The message's id, and the message as its producer knows it; a misplaced one, as its example names its place."""
    identity = int(facts.ids.base[example.producer]) + example.seq
    return identity, example if word is Word.MISPLACED else ref(facts, identity)


def _causes(word: Word, copied: Sequence[Copy]) -> tuple[Cause, ...]:
    if word is Word.REDELIVERED:
        return (Cause.CONSUMER_REDELIVERY,)
    return tuple(dict.fromkeys(copy.cause for copy in copied if copy.cause)) if word is Word.DUPLICATE else ()


def _position(message: MessageRef) -> int:
    return pack(message.partition, message.offset)


def _place(message: MessageRef) -> tuple[int, int]:
    return message.partition, message.offset


def _other(message: MessageRef, standing: MessageRef | None) -> MessageRef | None:
    """What stands at a message's place, unless it is the message itself."""
    if standing and (standing.producer, standing.seq) != (message.producer, message.seq):
        return standing
    return None


def _of(facts: Facts, sources: Sequence[tuple[str, Rows]], ids: Integers) -> dict[int, list[MessageRef]]:
    """Every row of these ids, by id, in order. sources: whose rows, "" = nobody's."""
    found: dict[int, list[MessageRef]] = {}
    for name, rows in sources:
        for chunk in chunks(rows):
            named = facts.ids.of(chunk)
            for index in np.flatnonzero(np.isin(named, ids)):
                found.setdefault(int(named[index]), []).append(replace(row_ref(chunk[index]), by=name))
    return found


def _at(rows: Rows, places: set[tuple[int, int]]) -> dict[tuple[int, int], MessageRef]:
    """What the log holds at these (partition, offset)."""
    offsets = [offset for _, offset in places]
    found: dict[tuple[int, int], MessageRef] = {}
    for chunk in chunks(rows):
        for row in chunk[np.isin(chunk["offset"], offsets)]:
            message = row_ref(row)
            if _place(message) in places:
                found[_place(message)] = message
    return found
