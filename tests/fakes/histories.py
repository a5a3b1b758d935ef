"""Literal ledgers: histories written down as short texts, for tests of the checkers, the books and the judge.

Sends, one text a producer, one letter a sequence number: A acked, H handed, F failed, U unknown, S sent (never
answered), . unused. The log, one text a partition, one word an offset: `3` is sequence number 3 of producer 0, `1:3`
of producer 1, `-` an offset without a record, `?` a record that is nobody's, `3x` one that was withdrawn: its
transaction was aborted, so that the audit of what is committed (there is one if there is an x) lacks it. A reader's
deliveries, in order: `4` is offset 4 of partition 0, `0-9` a range, `1/4` of partition 1, `7@4` id 7 there, whatever
the log holds. What each start of a processor or relay passed on: `3` it was about to write id 3, `3@7` it was told that
this stands at offset 7; with a ~ in front, when all starts had begun; `c` and `a`: its transaction was
committed or aborted, `o`: it came to no end. What a producer was told of its places is where
they are in the log, unless said otherwise: `3@7`.
Times are in microseconds: message n is sent at SENT + n * 1000; readers read one delivery a millisecond from READ on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from brokerlab.core.words import Outcome, TransactionOutcome
from brokerlab.ledger import records
from brokerlab.ledger.ledger import Audit, AuditedPartition, Consumer, Ledger, Publisher, Rows

SENT, READ, LATENCY, TICK = 1_000_000, 100_000_000, 500, 1000
OUTCOMES = {
    ".": Outcome.UNUSED,
    "S": Outcome.SENT,
    "A": Outcome.ACKED,
    "F": Outcome.FAILED,
    "U": Outcome.UNKNOWN,
    "H": Outcome.HANDED,
}
ENDINGS = {"c": TransactionOutcome.COMMITTED, "a": TransactionOutcome.ABORTED, "o": None}

_Id = tuple[int, int]
NOBODY: _Id = (records.PHANTOM_PRODUCER, 0)


@dataclass(frozen=True)
class Reader:
    """One start of one consumer. processed: all, unless said; commits: {partition: position}, at the end."""

    reads: str
    processed: int | None = None
    commits: Mapping[int, int] | None = None
    drained: bool = True
    at: int = READ


def history(
    sends: str | Sequence[str],
    log: str | Sequence[str] | None = None,
    readers: Sequence[Reader] | None = None,
    *,
    audited_to: Mapping[int, int] | None = None,
    low: int = 0,
    effects: str | None = None,
    changes: str | None = None,
    deadline_us: int | None = None,
    torn: tuple[str, ...] = (),
    committed_to: Mapping[int, int] | None = None,
    remains: str | None = None,
    piped: bool = False,
    publishers: Sequence[str] = (),
    second: Sequence[Reader] = (),
    rereads: bool = True,
    told: str = "",
) -> Ledger:
    """A ledger. Without a log it holds every sent message in order; without readers, one reads all of it."""
    texts = [sends] if isinstance(sends, str) else list(sends)
    if log is None:
        log = " ".join(str(seq) for seq, letter in enumerate(texts[0]) if letter != ".")
    logs = [list(_log(text.replace("x", ""))) for text in ([log] if isinstance(log, str) else log)]
    kept = [list(_log(text)) for text in ([log] if isinstance(log, str) else log)]
    everything = " ".join(f"{p}/{o}" for p, ids in enumerate(logs) for o, there in enumerate(ids) if there)
    return Ledger(
        sends=tuple(_sends(text, producer, logs, told) for producer, text in enumerate(texts)),
        consumers=tuple(_consumer(f"c{n}", r, logs) for n, r in enumerate(readers or [Reader(everything)])),
        audit=_audit(logs, audited_to or {}, low),
        effects=_effects(effects or ""),
        keeps_effects=effects is not None,
        changes=None if changes is None else _effects(changes),
        deadline_us=deadline_us,
        torn=torn,
        second=tuple(_consumer(f"s{n}", r, logs) for n, r in enumerate(second)),
        remains=None if remains is None else _remains(remains),
        committed=_audit(kept, committed_to or {}, low) if kept != logs or committed_to else None,
        piped=piped,
        rereads=rereads,
        publishers=tuple(_publisher(n, text) for n, text in enumerate(publishers, 1)),
    )


def _log(text: str) -> Iterator[_Id | None]:
    for word in text.split():
        yield None if word == "-" or word.endswith("x") else NOBODY if word == "?" else _id(word)


def _id(word: str) -> _Id:
    producer, _, seq = word.rpartition(":")
    return int(producer or 0), int(seq)


def _sends(text: str, producer: int, logs: Sequence[Sequence[_Id | None]], told: str) -> Rows:
    rows = np.zeros(len(text), records.SEND)
    for seq, letter in enumerate(text):
        places = [(p, o) for p, ids in enumerate(logs) for o, there in enumerate(ids) if there == (producer, seq)]
        known = letter == "A"
        partition, offset = (places or [(0, seq)])[0] if known else (-1, -1)
        sent_at = SENT + seq * TICK if letter != "." else 0
        answered = LATENCY if letter not in ".S" else 0
        rows[seq] = (offset, sent_at, answered, partition, OUTCOMES[letter], 0)
    for (named, seq), offset in map(_told, told.split()):
        if named == producer:
            rows[seq]["partition"], rows[seq]["offset"] = 0, offset
    return rows


def _told(word: str) -> tuple[_Id, int]:
    named, _, offset = word.partition("@")
    return _id(named), int(offset)


def _consumer(name: str, reader: Reader, logs: Sequence[Sequence[_Id | None]]) -> Consumer:
    reads = list(_reads(reader.reads, logs))
    rows = np.zeros(len(reads), records.DELIVERY)
    for n, ((producer, seq), partition, offset) in enumerate(reads):
        rows[n] = (offset, reader.at + n * TICK, seq, producer, partition)
    commits = np.zeros(len(reader.commits or {}), records.COMMIT)
    for n, (partition, offset) in enumerate((reader.commits or {}).items()):
        commits[n]["partition"], commits[n]["offset"] = partition, offset
        commits[n]["at"] = reader.at + len(reads) * TICK
    processed = len(rows) if reader.processed is None else reader.processed
    return Consumer(name, rows, processed, commits, reader.drained)


def _publisher(start: int, text: str) -> Publisher:
    words = [word for word in text.split() if word not in ENDINGS]
    ends = [(n, ENDINGS[word]) for n, word in enumerate(text.split()) if word in ENDINGS]
    told = [(n - before, outcome, b"") for before, (n, outcome) in enumerate(ends) if outcome]
    transactions = np.array(told, records.TRANSACTION) if ends else None
    return Publisher(f"p.{start}", start, start * TICK, _published(words, start * TICK), transactions)


def _published(words: Sequence[str], began: int) -> Rows:
    rows = np.zeros(len(words), records.PUBLISHED)
    for row, word in zip(rows, words, strict=True):
        (row["producer"], row["seq"]), row["offset"] = _told((word if "@" in word else f"{word}@-1").removeprefix("~"))
        row["at"] = READ if word.startswith("~") else began + 1
        row["partition"] = 0 if "@" in word else -1
    return rows


def _reads(text: str, logs: Sequence[Sequence[_Id | None]]) -> Iterator[tuple[_Id, int, int]]:
    for word in text.split():
        named, _, place = word.rpartition("@")
        partition, _, span = place.rpartition("/")
        first, _, last = span.partition("-")
        for offset in range(int(first), int(last or first) + 1):
            there = _id(named) if named not in ("", "?") else NOBODY if named else logs[int(partition or 0)][offset]
            assert there is not None, f"nothing to read at {word}"
            yield there, int(partition or 0), offset


def _audit(logs: Sequence[Sequence[_Id | None]], audited_to: Mapping[int, int], low: int) -> Audit:
    found = [
        (offset, there[1], there[0], partition)
        for partition, ids in enumerate(logs)
        for offset, there in enumerate(ids)
        if there and low <= offset < audited_to.get(partition, len(ids))
    ]
    spans = [AuditedPartition(p, low, len(ids), audited_to.get(p, len(ids))) for p, ids in enumerate(logs)]
    return Audit(np.array(found, records.AUDITED), tuple(spans))


def _remains(text: str) -> Rows:
    ids = [_id(word) for word in text.split()]
    return np.array([(seq, producer, b"") for producer, seq in ids], records.REMAIN)


def _effects(text: str) -> Rows:
    rows = np.zeros(len(text.split()), records.EFFECT)
    for n, word in enumerate(text.split()):
        rows[n]["producer"], rows[n]["seq"] = _id(word)
    return rows
