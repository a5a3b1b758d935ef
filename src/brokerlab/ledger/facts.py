"""What follows from a ledger, derived once for every checker: sets of ids as bitmaps, and where ids were seen.

Each property is derived when it is first asked for and then kept (bitmaps of the sends are cheap and are not). Arrays
are indexed by global id; nothing here says what is right or wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from brokerlab.core.words import Outcome
from brokerlab.ledger.ids import Bitmap, Ids, Integers, as_bitmap, chunks, positions
from brokerlab.ledger.ledger import Ledger, Rows
from brokerlab.ledger.places import Places, acknowledged
from brokerlab.ledger.sightings import Sightings, sight
from brokerlab.ledger.steps import steps


@dataclass(frozen=True, eq=False)
class Facts:
    """The facts of one ledger (one variant of one run)."""

    ledger: Ledger

    @cached_property
    def ids(self) -> Ids:
        return Ids(self.ledger.base)

    # ------------------------------------------------------------ what became of the sends

    @cached_property
    def told(self) -> NDArray[np.uint8]:
        """`Outcome` by id, as the sender was told; a send that was never answered counts as unknown."""
        found = np.zeros(self.ids.size, np.uint8)
        for first, rows in zip(self.ids.base, self.ledger.sends, strict=False):
            found[first : first + len(rows)] = rows["outcome"]
        found[found == Outcome.SENT] = Outcome.UNKNOWN
        return found

    @cached_property
    def outcome(self) -> NDArray[np.uint8]:
        """`Outcome` by id. Where messages tell of a database's changes, the database knows best: a committed change is
        promised to everyone, whatever its writer was told; what was not committed surely did not happen."""
        if self.ledger.changes is None:
            return self.told
        committed = np.where(self.among(self.ledger.changes), Outcome.ACKED, Outcome.FAILED).astype(np.uint8)
        return np.where(self.told == Outcome.UNUSED, self.told, committed)

    def among(self, rows: Rows) -> Bitmap:
        """The ids that these rows name."""
        return as_bitmap(self.ids.of(rows), self.ids.size)

    @property
    def sent(self) -> Bitmap:
        return ~self.is_(Outcome.UNUSED)

    @property
    def claimed(self) -> Bitmap:
        """What the producer may rely on: acknowledged, or with acks=0 handed over."""
        return self.is_(Outcome.ACKED) | self.is_(Outcome.HANDED)

    @property
    def unknown(self) -> Bitmap:
        """What may turn out either way."""
        return self.is_(Outcome.UNKNOWN)

    @property
    def failed(self) -> Bitmap:
        """Surely not written."""
        return self.is_(Outcome.FAILED)

    def is_(self, outcome: Outcome) -> Bitmap:
        found: Bitmap = self.outcome == outcome
        return found

    @cached_property
    def unanswered(self) -> Bitmap:
        """Sent, and their producer ended before it learned anything of them."""
        found = np.zeros(self.ids.size, np.bool_)
        for first, rows in zip(self.ids.base, self.ledger.sends, strict=False):
            found[first : first + len(rows)] = rows["outcome"] == Outcome.SENT
        return found

    # ------------------------------------------------------------ where they were seen

    @cached_property
    def remained(self) -> Bitmap | None:
        """Found in the files of nodes that had died. None when nobody looked, or could: files in which not one message
        of those is found that are in the log can't be read (they are compressed, say)."""
        if self.ledger.remains is None:
            return None
        found = self.among(self.ledger.remains)
        return found if (found & self.logged).any() or not self.logged.any() else None

    @cached_property
    def seen(self) -> Sightings:
        return sight(self.ledger, self.ids, self.sent, self.withdrawn)

    @cached_property
    def places(self) -> Places:
        return acknowledged(self.ledger, self.ids, self.seen)

    @cached_property
    def withdrawn(self) -> Integers:
        """The positions, in order, of records that belong to transactions that did not commit: the full audit found
        them, and the audit of what is committed did not, although it came that far."""
        stable = self.ledger.committed
        if stable is None:
            return np.zeros(0, np.int64)
        full, kept = (
            np.concatenate([np.zeros(0, np.int64), *map(positions, chunks(audit.rows))])
            for audit in (self.ledger.audit, stable)
        )
        return np.setdiff1d(full, kept)

    def standing(self, rows: Rows) -> Rows:
        """Those of some records, or deliveries, that were not withdrawn."""
        return rows[~np.isin(positions(rows), self.withdrawn)] if len(self.withdrawn) else rows

    @property
    def logged(self) -> Bitmap:
        return self.seen.logged

    @property
    def delivered(self) -> Bitmap:
        return self.seen.delivered

    @property
    def received(self) -> Bitmap:
        """Processed by the application at least once: it said so, or died before it could, but its effect is there."""
        return self.seen.received | self.effected if self.ledger.keeps_effects else self.seen.received

    @cached_property
    def effected(self) -> Bitmap:
        """With an effect in the store at least once."""
        return self.among(self.ledger.effects)

    @property
    def appeared(self) -> Bitmap:
        """In the log or delivered."""
        return self.logged | self.delivered

    @cached_property
    def steps(self) -> Rows:
        """`STEP` rows: every delivery that did not follow its predecessor's offset by one."""
        return steps(self.ledger)

    # ------------------------------------------------------------ how much may be said

    @cached_property
    def audit_complete(self) -> bool:
        """Every partition was read from offset 0 to its end: what was deleted before the audit can't be judged."""
        audit = self.ledger.audit
        return audit.complete and all(partition.low == 0 for partition in audit.partitions) and self.decided

    @property
    def rereadable(self) -> bool:
        """The audit read all of a log, and nothing is taken out of it: what it lacks is gone for all who come later."""
        return self.audit_complete and self.ledger.rereads

    @cached_property
    def decided(self) -> bool:
        """Of every audited record it is known whether it is committed."""
        if self.ledger.committed is None:
            return True
        reached = {part.partition: part.position for part in self.ledger.committed.partitions}
        return all(reached.get(part.partition, 0) >= part.high for part in self.ledger.audit.partitions)

    @cached_property
    def drained(self) -> bool:
        """Every consumer read to the end after healing."""
        return bool(self.ledger.consumers) and all(consumer.drained for consumer in self.ledger.consumers)

    @cached_property
    def committed(self) -> dict[int, int]:
        """{partition: the position that the group committed last}."""
        rows = [consumer.commits for consumer in self.ledger.consumers if len(consumer.commits)]
        if not rows:
            return {}
        joined = np.concatenate(rows)
        joined = joined[np.lexsort((joined["offset"], joined["at"]))]
        return {int(row["partition"]): int(row["offset"]) for row in joined}

    @cached_property
    def ahead(self) -> Bitmap:
        """In the log at or above the group's committed position, and not every consumer drained: it may still come."""
        found = np.zeros(self.ids.size, np.bool_)
        if self.drained:
            return found
        for rows in chunks(self.ledger.audit.rows):
            standing = self.standing(rows)
            coming = standing[standing["offset"] >= self._committed(standing)]
            ids = self.ids.of(coming)
            found[ids[ids >= 0]] = True
        return found

    def _committed(self, rows: Rows) -> NDArray[np.int64]:
        wanted, inverse = np.unique(rows["partition"], return_inverse=True)
        known = np.array([self.committed.get(int(partition), 0) for partition in wanted], np.int64)
        return known[inverse]
