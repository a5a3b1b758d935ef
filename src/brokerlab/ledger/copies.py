"""Who wrote which copy of a message that is in several places, and why, from what those who pass messages on recorded.

A producer hands each message over once, and the ledger has one row of that: whatever is written twice, its client sent
twice. Processors and relays are told apart by start. A copy is the start's that was told of its place. A copy of whose
place nobody was told is that of a start which had tried to write the message and was told of no copy; else of the one
that wrote the next copy, for it sent again what it heard nothing of. The copies of one message are written to one
partition, so that their offsets are in the order of writing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from brokerlab.core.words import Cause
from brokerlab.ledger.facts import Facts
from brokerlab.ledger.ids import Integers, chunks, positions
from brokerlab.ledger.ledger import Publisher
from brokerlab.ledger.sightings import Sightings


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
    return {
        identity: tuple(_copies(facts, where, [told.get(place) for place in where], tried.get(identity, ())))
        for identity, where in places.items()
    }


def _places(seen: Sightings, ids: Integers) -> dict[int, list[int]]:
    found = {int(identity): {int(seen.home[identity])} for identity in ids}
    for strays in (seen.log_strays, seen.delivered_strays):
        for row in strays[np.isin(strays["id"], ids)]:
            found[int(row["id"])].add(int(row["position"]))
    return {identity: sorted(places) for identity, places in found.items()}


def _published(
    facts: Facts, ids: Integers, places: Integers
) -> tuple[Mapping[int, Publisher], Mapping[int, Sequence[Publisher]]]:
    """Who was told of each of these places, and who tried to write each of these ids, in the order of starts."""
    told: dict[int, Publisher] = {}
    tried: dict[int, list[Publisher]] = {}
    for publisher in sorted(facts.ledger.publishers, key=lambda each: each.start):
        for rows in chunks(publisher.rows):
            answered = rows["offset"] >= 0
            where = positions(rows[answered])
            told |= dict.fromkeys(where[np.isin(where, places)].tolist(), publisher)
            named = facts.ids.of(rows[~answered])
            for identity in np.unique(named[np.isin(named, ids)]).tolist():
                if publisher not in tried.setdefault(identity, []):
                    tried[identity].append(publisher)
    return told, tried


def _copies(
    facts: Facts, places: Sequence[int], told: Sequence[Publisher | None], tried: Iterable[Publisher]
) -> Iterator[Copy]:
    unheard = iter([each for each in tried if each not in told])
    earlier: list[Publisher | None] = []
    for number, place in enumerate(places):
        following = next(filter(None, told[number:]), None)
        by = told[number] or next(unheard, None) or following or (earlier[-1] if earlier else None)
        yield Copy(place, by, _cause(facts, by, earlier) if earlier else None)
        earlier.append(by)


def _cause(facts: Facts, by: Publisher | None, earlier: Sequence[Publisher | None]) -> Cause:
    if by is None:
        return _unpublished(facts)
    if by in earlier:
        return Cause.PRODUCER_RETRY
    if not facts.ledger.piped:
        return Cause.RELAY
    return Cause.SUCCESSOR if all(each is None or each.start < by.start for each in earlier) else Cause.ZOMBIE


def _unpublished(facts: Facts) -> Cause:
    """Of a copy that no processor and no relay wrote, as far as is written down."""
    others = facts.ledger.piped or (facts.ledger.changes is not None and not facts.ledger.publishers)
    return Cause.UNRECORDED if others else Cause.PRODUCER_RETRY
