"""Random histories from a small model of a broker that may do anything wrong: messages, a log, readers, commits."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
from hypothesis import strategies as st

from brokerlab.core.words import Outcome, TransactionOutcome
from brokerlab.ledger import records
from brokerlab.ledger.ledger import Audit, AuditedPartition, Consumer, Ledger, Publisher, Rows

_Id = tuple[int, int]
_Log = dict[int, _Id]  # offset -> id
NOBODY: _Id = (records.PHANTOM_PRODUCER, 0)
ODDS = (0.0, 0.1, 0.5)  # a wrong never happens, sometimes, often


@st.composite
def ledgers(draw: st.DrawFn) -> Ledger:
    return Model(draw(st.randoms(use_true_random=False))).ledger()


class Model:
    """One broker, its producers and its readers; each kind of wrong has its own odds."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.odds = {name: random.choice(ODDS) for name in WRONGS}
        self.clock = 1_000_000

    def happens(self, wrong: str) -> bool:
        return self.random.random() < self.odds[wrong]

    def tick(self) -> int:
        self.clock += self.random.choice((0, 1, 100))
        return self.clock

    def ledger(self) -> Ledger:
        r = self.random
        sends = [self.sends(r.randint(0, 12)) for _ in range(r.randint(1, 3))]
        logs = self.logs(sends, r.randint(1, 3))
        self.tell(sends, logs)
        consumers, history = [], dict(enumerate(logs))
        for n in range(r.randint(0, 3)):
            consumers.append(self.consumer(f"c{n}", history))
        audit = self.audit(logs)
        effects = self.effects(sends)
        return Ledger(
            sends=tuple(sends),
            consumers=tuple(consumers),
            audit=audit,
            committed=self.committed(audit) if self.happens("abort") else None,
            publishers=tuple(
                self.publisher(n, audit) for n in range(1 + r.randint(0, 2) * self.happens("transactions"))
            ),
            effects=effects,
            keeps_effects=bool(len(effects)) or self.happens("effects"),
            changes=self.effects(sends) if self.happens("changes") else None,
            deadline_us=r.choice((None, 0, 300, 2000)),
            rereads=r.choice((True, False)),
        )

    def sends(self, count: int) -> Rows:
        rows = np.zeros(count, records.SEND)
        for seq in range(count):
            outcome = self.random.choice(tuple(Outcome)) if self.happens("outcome") else Outcome.ACKED
            rows[seq] = (-1, self.tick(), self.random.randint(0, 50), -1, outcome, 0)
        return rows

    def logs(self, sends: list[Rows], partitions: int) -> list[_Log]:
        streams: list[list[_Id]] = [[] for _ in range(partitions)]
        for producer, rows in enumerate(sends):
            for seq, row in enumerate(rows):
                written = row["outcome"] not in (Outcome.UNUSED, Outcome.FAILED) and not self.happens("loss")
                copies = written + self.happens("duplicate") if written or self.happens("invent") else 0
                for _ in range(copies):
                    stream = self.random.choice(streams)
                    at = self.random.randint(0, len(stream)) if self.happens("reorder") else len(stream)
                    stream.insert(at, (producer, seq))
        for stream in streams:
            if self.happens("invent"):
                stream.insert(self.random.randint(0, len(stream)), self.random.choice([NOBODY, (0, 99), (7, 0)]))
        return [self.offsets(stream) for stream in streams]

    def tell(self, sends: list[Rows], logs: list[_Log]) -> None:
        """Where each is that the log has; or anywhere."""
        for partition, log in enumerate(logs):
            for offset, (producer, seq) in log.items():
                if producer < len(sends) and seq < len(sends[producer]) and not self.happens("untold"):
                    place = (partition, offset) if not self.happens("misplace") else (0, self.random.randint(0, 9))
                    sends[producer]["partition"][seq], sends[producer]["offset"][seq] = place

    def offsets(self, stream: list[_Id]) -> _Log:
        log, offset = {}, 0
        for identity in stream:
            offset += self.happens("gap")
            log[offset] = identity
            offset += 1
        return log

    def consumer(self, name: str, logs: dict[int, _Log]) -> Consumer:
        rows: list[tuple[int, int, int, int, int]] = []
        for partition, log in self.random.sample(sorted(logs.items()), self.random.randint(0, len(logs))):
            at, end = 0 if not self.happens("jump") else self.random.randint(0, 5), max(log, default=-1) + 1
            while at < end and not self.happens("stop"):
                if at in log and not self.happens("untold"):
                    producer, seq = log[at] if not self.happens("truncation") else (0, self.random.randint(0, 12))
                    rows.append((at, self.tick(), seq, producer, partition))
                at += 1
                if self.happens("jump") and len(rows) < 60:
                    at = self.random.randint(0, end)
        deliveries = np.array(rows, records.DELIVERY)
        processed = self.random.randint(0, len(rows)) if self.happens("stop") else len(rows)
        return Consumer(name, deliveries, processed, self.commits(logs), not self.happens("stop"))

    def commits(self, logs: dict[int, _Log]) -> Rows:
        wanted = [p for p in logs for _ in range(2) if not self.happens("stop")]
        rows = np.zeros(len(wanted), records.COMMIT)
        for row, partition in zip(rows, wanted, strict=True):
            row["partition"], row["at"] = partition, self.tick()
            row["offset"] = self.random.randint(0, max(logs[partition], default=0) + 1)
        return rows

    def audit(self, logs: list[_Log]) -> Audit:
        spans, rows = [], []
        for partition, log in enumerate(logs):
            high = max(log, default=-1) + 1
            position = self.random.randint(0, high) if self.happens("cut") else high
            low = self.random.randint(0, position) if self.happens("cut") else 0
            spans.append(AuditedPartition(partition, low, high, position))
            rows += [(o, seq, producer, partition) for o, (producer, seq) in log.items() if low <= o < position]
        return Audit(np.array(rows, records.AUDITED), tuple(spans))

    def committed(self, audit: Audit) -> Audit:
        """The same log, without the records of transactions that were aborted."""
        kept = np.array([not self.happens("abort") for _ in audit.rows], np.bool_)
        return replace(audit, rows=audit.rows[kept])

    def publisher(self, start: int, audit: Audit) -> Publisher:
        """Told of some places, mostly the right ones, in transactions or not."""
        told = [row for row in audit.rows if self.happens("transactions")]
        rows = np.zeros(len(told), records.PUBLISHED)
        for row, place in zip(rows, told, strict=True):
            row["producer"], row["seq"], row["partition"] = place["producer"], place["seq"], place["partition"]
            row["offset"] = -1 if self.happens("untold") else place["offset"] + self.happens("misplace")
        cuts = sorted({self.random.randint(1, len(rows)) for _ in range(2)}) if len(rows) else []
        ends = np.array(
            [(end, self.random.choice(tuple(TransactionOutcome)), b"") for end in cuts], records.TRANSACTION
        )
        return Publisher(f"p.{start}", start, start, rows, ends if self.happens("transactions") else None)

    def effects(self, sends: list[Rows]) -> Rows:
        found = [(seq, producer) for producer, rows in enumerate(sends) for seq in range(len(rows))]
        found = (
            [each for each in found for _ in range(1 + self.happens("duplicate"))] if self.happens("effects") else []
        )
        if found and self.happens("invent"):
            found.append((99, 0))
        rows = np.zeros(len(found), records.EFFECT)
        for row, (seq, producer) in zip(rows, found, strict=True):
            row["seq"], row["producer"] = seq, producer
        return rows


WRONGS = (
    *("outcome", "loss", "duplicate", "reorder", "invent", "gap", "jump", "stop", "untold"),
    *("misplace", "abort", "truncation", "cut", "transactions", "effects", "changes"),
)
