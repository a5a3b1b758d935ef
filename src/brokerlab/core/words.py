"""The words everything else uses: what can become of a send, and what can be wrong with a message.

The same spelling is used in code, ledger, metrics, JSON, tables and README. Each word's meaning is one line here;
the checker of the same name (`brokerlab.checkers`) states the definition that it enforces.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Outcome(IntEnum):
    """What became of one send, as the ledger stores it (one byte).

    `HANDED` exists for acks=0 alone: the client library reports "delivered" when the message was handed to the
    socket, which confirms nothing. A send still `SENT` when its producer is gone counts as `UNKNOWN`.
    """

    UNUSED = 0  # this sequence number was never sent
    SENT = 1  # recorded before the call; no outcome yet
    ACKED = 2  # the broker confirmed, with partition and offset
    FAILED = 3  # surely not written
    UNKNOWN = 4  # may or may not be written: time-out, crash
    HANDED = 5  # handed to the socket; no acknowledgement was asked for


ANSWERS = ("acked", "handed", "failed", "unknown")
"""The agents' counters of sends that have their outcome: together at most as many as were sent."""

CONFIRMED = ("acked", "handed")
"""Those of them that their sender believes delivered."""


class TransactionOutcome(IntEnum):
    """How one transaction ended, as the ledger stores it (one byte). One that is not in it never did, or its processor
    was not there any more to write that down."""

    COMMITTED = 1
    ABORTED = 2


class Word(StrEnum):
    """One kind of finding. `MEANING` says each in one line."""

    LOST = "lost"
    VANISHED = "vanished"
    MISSED = "missed"
    UNSEEN = "unseen"
    MISPLACED = "misplaced"
    DUPLICATE = "duplicate"
    REDELIVERED = "redelivered"
    DUPLICATE_EFFECT = "duplicate effect"
    MISSED_EFFECT = "missed effect"
    GHOST = "ghost"
    DROPPED = "dropped"
    RESURRECTED = "resurrected"
    REFUSED = "refused"
    ABORTED_READ = "aborted read"
    TORN_TRANSACTION = "torn transaction"
    REORDERED = "reordered"
    REWIND = "rewind"
    SKIP = "skip"
    PHANTOM = "phantom"
    PHANTOM_EVENT = "phantom event"
    LATE = "late"


MEANING: dict[Word, str] = {
    Word.LOST: "acknowledged (or, with acks=0, handed over), yet in no log and at no reader after a complete audit",
    Word.VANISHED: "acknowledged (or handed over) and processed, yet in no log any more after a complete audit",
    Word.MISSED: "in the log, never processed by the group: its offset was committed past it",
    Word.UNSEEN: "acknowledged, not received, and the audit or the drain did not finish: nothing can be said",
    Word.MISPLACED: "acknowledged at one place, yet the log has it only elsewhere",
    Word.DUPLICATE: "one id at two or more offsets: written twice; its cause says by whom and why",
    Word.REDELIVERED: "one (partition, offset) delivered twice or more: by a consumer's restart or rebalance",
    Word.DUPLICATE_EFFECT: "one id applied twice in the database",
    Word.MISSED_EFFECT: "processed, yet nothing of it is in the database",
    Word.GHOST: "outcome unknown, yet it appeared: permitted",
    Word.DROPPED: "outcome unknown, and it never appeared: permitted",
    Word.RESURRECTED: "reported as failed, yet it appeared",
    Word.REFUSED: "reported as failed, and it never appeared: permitted",
    Word.ABORTED_READ: "of an aborted transaction, yet delivered",
    Word.TORN_TRANSACTION: "a part of one transaction is committed in the log, and a part of it is not",
    Word.REORDERED: "a later id at a lower offset, of one producer in one partition",
    Word.REWIND: "a consumer went back in a partition",
    Word.SKIP: "a consumer jumped over records that nobody of its group had been given",
    Word.PHANTOM: "an id that nobody sent, or a message whose checksum is wrong",
    Word.PHANTOM_EVENT: "an event of a change that was never committed in the database",
    Word.LATE: "delivered after its deadline",
}

ALWAYS_PERMITTED: frozenset[Word] = frozenset({Word.GHOST, Word.DROPPED, Word.REFUSED})
"""Words that no guarantee excludes: an unknown outcome may turn out either way, and what failed is not there."""

LOSS: frozenset[Word] = frozenset({Word.LOST, Word.VANISHED})
"""What a guarantee permits that lets the broker forget what it acknowledged: whether it was read by then is chance."""

PREVENTS_JUDGEMENT: frozenset[Word] = frozenset({Word.UNSEEN})
"""Words whose presence makes a verdict inconclusive, whatever a variant allows."""


class Cause(StrEnum):
    """Why a message is there more than once. `CAUSED` says each in one line."""

    PRODUCER_RETRY = "producer retry"
    RELAY = "relay"
    SUCCESSOR = "successor"
    ZOMBIE = "zombie"
    CONSUMER_REDELIVERY = "consumer redelivery"
    UNRECORDED = "unrecorded"


CAUSED: dict[Cause, str] = {
    Cause.PRODUCER_RETRY: "its writer handed it over once, and its client sent it again, for no acknowledgement came",
    Cause.RELAY: "a relay published it again: the one before had published it, and not marked it as published",
    Cause.SUCCESSOR: "a processor had written it and died before committing its position: its successor wrote it again",
    Cause.ZOMBIE: "a processor that had been replaced went on with what it had in hand, behind its successor's back",
    Cause.CONSUMER_REDELIVERY: "it stands in the log once, and the group was given it again",
    Cause.UNRECORDED: "written again, and nobody wrote down by whom",
}
