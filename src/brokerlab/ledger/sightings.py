"""Where every id was seen: in the log and at the readers, in one pass over each.

An id's home is the position where it was seen first, in the log before at the readers. Sightings anywhere else are
strays: few in a sound history, kept as rows. Rows that are no sent message of this ledger are strangers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import starmap

import numpy as np
from numpy.typing import NDArray

from brokerlab.ledger.ids import Bitmap, Ids, Integers, Repeats, as_bitmap, chunks, members, positions
from brokerlab.ledger.ledger import Ledger, Rows

STRAY = np.dtype([("id", "<i8"), ("position", "<i8")])
STRANGER = np.dtype([("producer", "<u2"), ("seq", "<u4"), ("partition", "<i2"), ("offset", "<i8")])
NOWHERE = -1


@dataclass(frozen=True, eq=False)
class Sightings:
    """home: position by id, or `NOWHERE`. Bitmaps by id. `log_strays` and `delivered_strays`: `STRAY` rows.

    at_home: delivered at its home; again_at_home: that twice or more; redeliveries_at_home: how often beyond the first.
    log_strangers, delivered_strangers: `STRANGER` rows. What was withdrawn is in none of these: log_withdrawn has its
    records (`STRAY` rows), delivered_withdrawn counts its deliveries, aborted holds the ids that were among those.
    """

    home: Integers
    logged: Bitmap
    delivered: Bitmap
    received: Bitmap
    at_home: Bitmap
    again_at_home: Bitmap
    redeliveries_at_home: int
    log_strays: Rows
    delivered_strays: Rows
    log_strangers: Rows
    delivered_strangers: Rows
    aborted: Bitmap
    log_withdrawn: Rows
    delivered_withdrawn: int

    def standing(self, named: Integers, places: Integers) -> Bitmap:
        """Which of these ids stand in the log at these positions, and were not withdrawn."""
        found: Bitmap = self.logged[named] & (self.home[named] == places)
        rest = as_strays(named[~found], places[~found])
        found[~found] = len(rest) > 0 and np.isin(rest, self.log_strays)
        return found


def known_rows(rows: Rows, ids: Ids, sent: Bitmap, strangers: list[Rows]) -> Iterator[tuple[Integers, Integers]]:
    """(ids, positions) of the rows that are sent messages, chunk by chunk; the others are appended to `strangers`."""
    for chunk in chunks(rows):
        found, places = ids.of(chunk), positions(chunk)
        known = members(found, sent)
        if not known.all():
            strangers.append(as_strangers(chunk[~known]))
            found, places = found[known], places[known]
        yield found, places


def as_strangers(rows: Rows) -> Rows:
    """`STRANGER` rows; an effect has no position: -1."""
    kept = np.zeros(len(rows), STRANGER)
    kept["partition"] = kept["offset"] = -1
    for name in STRANGER.names or ():
        if name in (rows.dtype.names or ()):
            kept[name] = rows[name]
    return kept


def distinct(strays: Rows) -> tuple[Rows, Integers]:
    """The distinct records among `STRAY` rows, by id and position, and how many rows each has."""
    ordered = strays[np.lexsort((strays["position"], strays["id"]))]
    first = np.ones(len(ordered), np.bool_)
    first[1:] = ordered[1:] != ordered[:-1]
    starts = np.flatnonzero(first)
    return ordered[starts], np.diff(np.append(starts, len(ordered)))


@dataclass
class _Withdrawn:
    """Sorts out the rows at positions that were withdrawn."""

    positions: Integers
    strays: list[Rows] = field(default_factory=list)

    def without(self, found: Integers, places: Integers) -> tuple[Integers, Integers]:
        if not len(self.positions):
            return found, places
        gone = np.isin(places, self.positions)
        self.strays.append(as_strays(found[gone], places[gone]))
        return found[~gone], places[~gone]

    @property
    def rows(self) -> Rows:
        return _joined(self.strays, STRAY)


def sight(ledger: Ledger, ids: Ids, sent: Bitmap, withdrawn: Integers) -> Sightings:
    """Everything seen, in one pass over the log and one over the deliveries. withdrawn: positions, in order."""
    out_of_log, out_of_hands = _Withdrawn(withdrawn), _Withdrawn(withdrawn)
    home = np.full(ids.size, NOWHERE, np.int64)
    logged, log_strays, log_strangers = _in_log(ledger, ids, sent, home, out_of_log)
    delivered, received = np.zeros(ids.size, np.bool_), np.zeros(ids.size, np.bool_)
    again, repeats, extra = np.zeros(ids.size, np.bool_), Repeats(ids.size), 0
    strays: list[Rows] = []
    strangers: list[Rows] = []
    for rows, processed in _deliveries(ledger):
        for found, places in starmap(out_of_hands.without, known_rows(rows, ids, sent, strangers)):
            delivered[found] = True
            if processed:
                received[found] = True
            settled = _settle(home, found, places, strays)
            repeated = settled[repeats.among(settled)]
            again[repeated] = True
            extra += len(repeated)
    given = out_of_hands.rows
    return Sightings(
        home=home,
        logged=logged,
        delivered=delivered,
        received=received,
        at_home=repeats.seen,
        again_at_home=again,
        redeliveries_at_home=extra,
        log_strays=log_strays,
        delivered_strays=_joined(strays, STRAY),
        log_strangers=log_strangers,
        delivered_strangers=_joined(strangers, STRANGER),
        aborted=as_bitmap(given["id"], ids.size),
        log_withdrawn=out_of_log.rows,
        delivered_withdrawn=len(given),
    )


def _in_log(ledger: Ledger, ids: Ids, sent: Bitmap, home: Integers, withdrawn: _Withdrawn) -> tuple[Bitmap, Rows, Rows]:
    logged = np.zeros(ids.size, np.bool_)
    strays: list[Rows] = []
    strangers: list[Rows] = []
    for found, places in starmap(withdrawn.without, known_rows(ledger.audit.rows, ids, sent, strangers)):
        logged[found] = True
        _settle(home, found, places, strays)
    return logged, _joined(strays, STRAY), _joined(strangers, STRANGER)


def _deliveries(ledger: Ledger) -> Iterator[tuple[Rows, bool]]:
    """Every consumer's deliveries in two parts: those that it finished processing, and those that it did not."""
    for consumer in ledger.consumers:
        yield consumer.deliveries[: consumer.processed], True
        yield consumer.deliveries[consumer.processed :], False


def _settle(home: Integers, found: Integers, places: Integers, strays: list[Rows]) -> Integers:
    """Give newcomers their home (the earliest row wins); returns the ids of the rows at home, the rest are strays."""
    new = home[found] == NOWHERE
    if new.any():
        home[found[new][::-1]] = places[new][::-1]  # of repeated indices numpy keeps the last
    settled = home[found] == places
    if settled.all():
        return found
    strays.append(as_strays(found[~settled], places[~settled]))
    resident: Integers = found[settled]
    return resident


def as_strays(found: Integers, places: Integers) -> Rows:
    rows = np.zeros(len(found), STRAY)
    rows["id"], rows["position"] = found, places
    return rows


def _joined(parts: list[Rows], kind: np.dtype[np.void]) -> NDArray[np.void]:
    return np.concatenate(parts) if parts else np.zeros(0, kind)
