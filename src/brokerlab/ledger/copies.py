"""Who wrote which copy of a message that is in several places, and why, from what those who pass messages on recorded.

A producer hands each message over once, and the ledger has one row of that: whatever is written twice, its client sent
twice. Processors and relays are told apart by start. A copy is the start's that was told of its place. A copy of whose
place nobody was told is that of a start which had tried to write the message and was told of no copy; else of the one
that wrote the next copy, for it sent again what it heard nothing of. A start that wrote when its successor had begun
was no dead one, but a zombie, whoever of the two wrote first. The copies of one message are written to one partition,
so that their offsets are in the order of writing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from brokerlab.core.words import Cause
from brokerlab.ledger.facts import Facts
from brokerlab.ledger.ids import Integers, chunks, positions
from brokerlab.ledger.ledger import Publisher
from brokerlab.ledger.sightings import Sightings

_Published: TypeAlias = Mapping[int, tuple[Publisher, int]]
"""By place: who was told of it, and when."""
_Tried: TypeAlias = Mapping[Publisher, int]
"""When each start tried last, in their order."""


@dataclass(frozen=True)
class Copy:
    """One place of a message. by: None = its producer, or nobody knows. cause: of a copy behind the first."""

    position: int
    by: Publisher | None
    cause: Cause | None


def written_twice(facts: Facts) -> Integers:
    """The ids that were seen in two places or more, in order."""
    return np.unique(np.concatenate([facts.seen.log_strays["id"], facts.seen.delivered_strays["id"]]))


def causes(facts: Facts) -> dict[Cause, int]:
    """Of the ids that were written twice or more, how many were so by each cause."""
    ids = written_twice(facts)
    if not facts.ledger.publishers:
        return {_unpublished(facts): len(ids)} if len(ids) else {}
    found: dict[Cause, int] = {}
    for copied in copies(facts, ids).values():
        for cause in {copy.cause for copy in copied if copy.cause}:
            found[cause] = found.get(cause, 0) + 1
    return found


def copies(facts: Facts, ids: Integers) -> dict[int, tuple[Copy, ...]]:
    """By id: its copies, in the order of writing. One pass over what was passed on."""
    places = _places(facts.seen, ids)
    told, tried = _published(facts, ids, np.unique([place for each in places.values() for place in each]))
    return {identity: tuple(_copies(facts, where, told, tried.get(identity, {}))) for identity, where in places.items()}


def _places(seen: Sightings, ids: Integers) -> dict[int, list[int]]:
    found = {int(identity): {int(seen.home[identity])} for identity in ids}
    for strays in (seen.log_strays, seen.delivered_strays):
        for row in strays[np.isin(strays["id"], ids)]:
            found[int(row["id"])].add(int(row["position"]))
    return {identity: sorted(places) for identity, places in found.items()}


def _published(facts: Facts, ids: Integers, places: Integers) -> tuple[_Published, Mapping[int, _Tried]]:
    """Who was told of these places, and who tried to write each of these ids."""
    told: dict[int, tuple[Publisher, int]] = {}
    tried: dict[int, dict[Publisher, int]] = {}
    for publisher in sorted(facts.ledger.publishers, key=lambda each: each.start):
        for rows in chunks(publisher.rows):
            answers, attempts = rows[rows["offset"] >= 0], rows[rows["offset"] < 0]
            where, named = positions(answers), facts.ids.of(attempts)
            for number in np.flatnonzero(np.isin(where, places)):
                told[int(where[number])] = publisher, int(answers["at"][number])
            for number in np.flatnonzero(np.isin(named, ids)):
                tried.setdefault(int(named[number]), {})[publisher] = int(attempts["at"][number])
    return told, tried


def _copies(facts: Facts, places: Sequence[int], told: _Published, tried: _Tried) -> Iterator[Copy]:
    known = [told[place][0] if place in told else None for place in places]
    unheard = iter([each for each in tried if each not in known])
    earlier: list[tuple[Publisher | None, bool]] = []
    for number, place in enumerate(places):
        following = next(filter(None, known[number:]), None)
        by = known[number] or next(unheard, None) or following or (earlier[-1][0] if earlier else None)
        at_us = max(told[place][1] if place in told else 0, tried.get(by, 0) if by else 0)
        zombie = by is not None and any(
            each.start > by.start and each.began_us < at_us for each in facts.ledger.publishers
        )
        yield Copy(place, by, _cause(facts, by, zombie, earlier) if earlier else None)
        earlier.append((by, zombie))


def _cause(facts: Facts, by: Publisher | None, zombie: bool, earlier: Sequence[tuple[Publisher | None, bool]]) -> Cause:
    """earlier: who wrote the copies before, and whether as a zombie."""
    if by is None:
        return _unpublished(facts)
    if any(by is each for each, _ in earlier):
        return Cause.PRODUCER_RETRY
    if not facts.ledger.piped:
        return Cause.RELAY
    return Cause.ZOMBIE if zombie or all(before for _, before in earlier) else Cause.SUCCESSOR


def _unpublished(facts: Facts) -> Cause:
    """Of a copy that no processor and no relay wrote, as far as is written down."""
    others = facts.ledger.piped or (facts.ledger.changes is not None and not facts.ledger.publishers)
    return Cause.UNRECORDED if others else Cause.PRODUCER_RETRY
