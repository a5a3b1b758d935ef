"""The words again, slowly and obviously: sets of (producer, seq) and loops over rows, to compare the checkers with."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from brokerlab.core.words import Outcome, Word
from brokerlab.ledger import records
from brokerlab.ledger.ledger import Ledger

Id = tuple[int, int]
Place = tuple[int, int]


class Reference:
    """Counts by word, of one ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.outcome = {
            (producer, seq): Outcome(int(row["outcome"]))
            for producer, rows in enumerate(ledger.sends)
            for seq, row in enumerate(rows)
            if row["outcome"] != Outcome.UNUSED
        }
        self.acked = self.sent(Outcome.ACKED)
        self.changes = ledger.changes is not None
        if ledger.changes is not None:
            committed = {_id(row) for row in ledger.changes}
            self.outcome = {i: Outcome.ACKED if i in committed else Outcome.FAILED for i in self.outcome}
        everything = [(_id(row), _place(row)) for row in ledger.audit.rows]
        kept = {place for _, place in everything}
        if ledger.committed is not None:
            kept = {_place(row) for row in ledger.committed.rows}
        gone = {place for _, place in everything} - kept
        self.log = [(identity, place) for identity, place in everything if place not in gone or self.strange(identity)]
        given = [(_id(row), _place(row), int(row["at"])) for c in ledger.consumers for row in c.deliveries]
        self.deliveries = [each for each in given if each[1] not in gone or self.strange(each[0])]
        self.aborted_reads = {each[0] for each in given if each[1] in gone and not self.strange(each[0])}
        self.gone, self.given, self.everything = gone, given, everything
        self.processed = {
            _id(row) for c in ledger.consumers for row in c.deliveries[: c.processed] if _place(row) not in gone
        }
        if ledger.keeps_effects:
            self.processed |= {_id(row) for row in ledger.effects}
        self.logged = {identity for identity, _ in self.log}
        self.appeared = self.logged | {identity for identity, _, _ in self.deliveries}
        self.audited = ledger.audit.complete and all(p.low == 0 for p in ledger.audit.partitions)
        if ledger.committed is not None:
            reached = {p.partition: p.position for p in ledger.committed.partitions}
            self.audited &= all(reached.get(p.partition, 0) >= p.high for p in ledger.audit.partitions)

    def count(self) -> dict[Word, int]:
        claimed = self.sent(Outcome.ACKED, Outcome.HANDED)
        waiting = claimed - self.processed
        gone = {i for i in waiting if i not in self.logged and self.audited}
        passed = {i for i in waiting if i in self.logged and not self.still_coming(i)}
        vanished = {i for i in claimed & self.processed - self.logged if self.audited and self.ledger.rereads}
        unknown = self.sent(Outcome.UNKNOWN, Outcome.SENT)
        failed = self.sent(Outcome.FAILED)
        return {
            Word.LOST: len(gone),
            Word.VANISHED: len(vanished),
            Word.MISSED: len(passed),
            Word.UNSEEN: len(waiting - gone - passed),
            Word.MISPLACED: self.misplaced(),
            Word.DUPLICATE: self.duplicates(),
            Word.REDELIVERED: self.redeliveries(),
            Word.DUPLICATE_EFFECT: self.effects(),
            Word.MISSED_EFFECT: self.missed_effects(),
            Word.GHOST: len(unknown & self.appeared),
            Word.DROPPED: len(unknown - self.appeared),
            Word.RESURRECTED: 0 if self.changes else len(failed & self.appeared),
            Word.REFUSED: len(failed - self.appeared),
            Word.ABORTED_READ: len(self.aborted_reads),
            Word.TORN_TRANSACTION: self.torn(),
            Word.REORDERED: self.reordered(),
            Word.REWIND: self.rewinds(),
            Word.SKIP: self.skips(),
            Word.PHANTOM: self.phantoms(),
            Word.PHANTOM_EVENT: len(failed & self.appeared) if self.changes else 0,
            Word.LATE: self.late(),
        }

    def strange(self, identity: Id) -> bool:
        return identity not in self.outcome

    def sent(self, *outcomes: Outcome) -> set[Id]:
        return {identity for identity, outcome in self.outcome.items() if outcome in outcomes}

    def still_coming(self, identity: Id) -> bool:
        """Some copy of it stands at or above the position that the group committed last."""
        if self.ledger.consumers and all(c.drained for c in self.ledger.consumers):
            return False
        commits = [row for c in self.ledger.consumers for row in c.commits]
        last: dict[int, int] = {}
        for row in sorted(commits, key=lambda row: (row["at"], row["offset"])):
            last[int(row["partition"])] = int(row["offset"])
        return any(i == identity and offset >= last.get(partition, 0) for i, (partition, offset) in self.log)

    def misplaced(self) -> int:
        there = {identity for identity, _ in self.everything}
        told = [] if self.ledger.piped else [(i, _place(self.ledger.sends[i[0]][i[1]])) for i in self.acked]
        told += [(_id(row), _place(row)) for each in self.ledger.publishers for row in each.rows]
        told = [(identity, place) for identity, place in told if place[1] >= 0 and not self.strange(identity)]
        return sum(i in there and (i, place) not in self.everything for i, place in told) if self.audited else 0

    def duplicates(self) -> int:
        records_ = set(self.log) | {(identity, place) for identity, place, _ in self.deliveries}
        times = Counter(identity for identity, _ in records_)
        return sum(times[identity] > 1 for identity in self.outcome)

    def redeliveries(self) -> int:
        times = Counter((identity, place) for identity, place, _ in self.deliveries if identity in self.outcome)
        return sum(n > 1 for n in times.values())

    def effects(self) -> int:
        times = Counter(_id(row) for row in self.ledger.effects)
        return sum(n > 1 for identity, n in times.items() if identity in self.outcome)

    def missed_effects(self) -> int:
        kept = {_id(row) for row in self.ledger.effects}
        return len((self.processed & set(self.outcome)) - kept) if self.ledger.keeps_effects else 0

    def torn(self) -> int:
        log = {(identity, place) for identity, place in self.log if not self.strange(identity)}
        found = 0
        for publisher in self.ledger.publishers:
            rows = [(_id(row), _place(row)) for row in publisher.rows]
            ends = [] if publisher.transactions is None else [*publisher.transactions["end"].tolist(), len(rows)]
            for first, end in pairwise([0, *ends]):
                there = {each in log for each in rows[first:end] if each[1][1] >= 0 and not self.strange(each[0])}
                found += there == {True, False}
        return found if self.audited else 0

    def reordered(self) -> int:
        seen: set[Id] = set()
        streams: dict[tuple[int, int], list[int]] = {}
        for identity, (partition, _) in self.log:
            if identity in self.outcome and identity not in seen:
                seen.add(identity)
                streams.setdefault((identity[0], partition), []).append(identity[1])
        return sum(max(seqs[:n], default=-1) > seq for seqs in streams.values() for n, seq in enumerate(seqs))

    def walks(self) -> list[tuple[int, list[tuple[int, int]]]]:
        """(partition, [(offset, at), ...]) of every start of a consumer."""
        found: list[tuple[int, list[tuple[int, int]]]] = []
        for consumer in self.ledger.consumers:
            walks: dict[int, list[tuple[int, int]]] = {}
            for row in consumer.deliveries:
                walks.setdefault(int(row["partition"]), []).append((int(row["offset"]), int(row["at"])))
            found += walks.items()
        return found

    def rewinds(self) -> int:
        return sum(after <= before for _, walk in self.walks() for (before, _), (after, _) in pairwise(walk))

    def skips(self) -> int:
        found = 0
        for partition, walk in self.walks():
            for (before, _), (after, at) in pairwise([(-1, 0), *walk]):
                given = {place for _, place, when in self.given if when <= at}
                over = {
                    place
                    for identity, place in self.log
                    if place not in self.gone
                    if place[0] == partition and before < place[1] < after
                }
                found += bool(over - given)
        return found

    def phantoms(self) -> int:
        seen = [*self.log, *((identity, place) for identity, place, _ in self.deliveries)]
        seen += [(_id(row), (-1, -1)) for row in self.ledger.effects]
        strange = [(identity, place) for identity, place in seen if identity not in self.outcome]
        named = {identity for identity, _ in strange if identity[0] != records.PHANTOM_PRODUCER}
        nameless = {place for identity, place in strange if identity[0] == records.PHANTOM_PRODUCER}
        return len(named) + len(nameless)

    def late(self) -> int:
        if self.ledger.deadline_us is None:
            return 0
        first: dict[Id, int] = {}
        for identity, _, at in self.deliveries:
            if identity in self.outcome:
                first[identity] = min(at, first.get(identity, at))
        took = {i: at - int(self.ledger.sends[i[0]][i[1]]["sent_at"]) for i, at in first.items()}
        return sum(us > self.ledger.deadline_us for us in took.values())


def _id(row: object) -> Id:
    return int(row["producer"]), int(row["seq"])  # type: ignore[index]  # a numpy row


def _place(row: object) -> Place:
    return int(row["partition"]), int(row["offset"])  # type: ignore[index]  # a numpy row
