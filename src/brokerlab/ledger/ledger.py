"""What was written down about every message of one variant: the value that every checker is a function of.

A `Ledger` holds arrays (of the dtypes in `records`), in memory for a test or memory-mapped for a stored run. Ids are
global within a variant: `base[producer] + seq`, so a set of ids is a bitmap. `facts` derives those bitmaps, once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from brokerlab.ledger import records

Rows: TypeAlias = NDArray[np.void]


def no_rows(kind: np.dtype[np.void]) -> Rows:
    return np.zeros(0, kind)


@dataclass(frozen=True, eq=False)
class Consumer:
    """What one consumer was given (`DELIVERY` rows, in order), and how many of them it finished processing."""

    name: str
    deliveries: Rows
    processed: int  # the first `processed` deliveries were processed
    commits: Rows = field(default_factory=lambda: no_rows(records.COMMIT))
    drained: bool = True  # it read to the end after healing; False: it was killed or ran out of time
    busy_us: int = 0  # how long the application worked on those that it finished


@dataclass(frozen=True, eq=False)
class Publisher:
    """One start of a processor or a relay, and what it passed on (`PUBLISHED` rows, in order)."""

    name: str
    start: int  # a successor's is one higher than that of whose place it took
    began_us: int
    rows: Rows
    transactions: Rows | None = None  # `TRANSACTION` rows, in order; None: it wrote in none


@dataclass(frozen=True)
class AuditedPartition:
    """How far the auditor read in one partition: complete when every offset below `high` was read from `low` on."""

    partition: int
    low: int
    high: int
    position: int

    @property
    def complete(self) -> bool:
        return self.position >= self.high


@dataclass(frozen=True, eq=False)
class Audit:
    """Every record found in the log after healing and draining, and how far each partition was read."""

    rows: Rows
    partitions: tuple[AuditedPartition, ...]

    @property
    def complete(self) -> bool:
        return bool(self.partitions) and all(p.complete for p in self.partitions)


@dataclass(frozen=True, eq=False)
class Ledger:
    """All that is known of one variant's messages.

    sends: one `SEND` array a producer, indexed by sequence number. consumers: the group's members, each once a start;
    second: another group's, which joined late. effects: `EFFECT` rows, where consumers keep them (keeps_effects).
    changes: the rows that were committed in the database that the messages tell of, or None: nothing but the broker
    says what was sent. deadline_us: the longest that a delivery may take, or None. remains: `REMAIN` rows of what nodes
    that had died still had, None when nobody looked. committed: the audit of what is committed alone, where there are
    transactions; a record that is in the full audit and not in this one was withdrawn. piped: what was sent was
    acknowledged in another log than the one that is audited, in front of a processor. torn: sentences about tails that
    a killed agent left half-written. publishers: who wrote into the log that is audited, where that was not the senders
    themselves: processors, where it is piped, else relays; none where nobody wrote that down. rereads: what was read
    stays in the log; False of a queue, out of which it is taken.
    """

    sends: tuple[Rows, ...]
    consumers: tuple[Consumer, ...]
    audit: Audit
    effects: Rows = field(default_factory=lambda: no_rows(records.EFFECT))
    keeps_effects: bool = False
    changes: Rows | None = None
    deadline_us: int | None = None
    remains: Rows | None = None
    torn: tuple[str, ...] = ()
    committed: Audit | None = None
    piped: bool = False
    publishers: tuple[Publisher, ...] = ()
    second: tuple[Consumer, ...] = ()
    rereads: bool = True

    @property
    def base(self) -> NDArray[np.int64]:
        """The global id of each producer's sequence number 0, and at the end the number of ids."""
        return np.concatenate([[0], np.cumsum([len(rows) for rows in self.sends])]).astype(np.int64)

    @property
    def size(self) -> int:
        return sum(len(rows) for rows in self.sends)
