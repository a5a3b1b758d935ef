"""Reading a variant's ledger folder back: a `Ledger` whose arrays are memory-mapped, so that nothing is copied.

A folder holds `<producer>.sends`, `<consumer>.<start>.deliveries` and `.commits`, `<auditor>.audit`,
`<processor or relay>.<start>.published` and `.transactions`, and where there is a store `<store>.effects` and
`.changes`; its folder SECOND holds a second group's deliveries and commits. What a killed agent left half-written
behind the counted rows is named in `Ledger.torn`. Rows that several auditors wrote are joined (16 bytes a message are
copied); those of one are not.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np

from brokerlab.core.errors import InconclusiveError
from brokerlab.core.scenario import SECOND
from brokerlab.ledger import files, records
from brokerlab.ledger.ledger import Audit, AuditedPartition, Consumer, Ledger, Publisher, Rows, no_rows
from brokerlab.ledger.sends import reasons_of


def load(folder: Path, deadline_us: int | None = None, *, piped: bool = False, rereads: bool = True) -> Ledger:
    """Raises InconclusiveError with a sentence when a file is truncated, corrupt, of another version or run."""
    sends = sorted(_all(folder, files.SENDS), key=lambda file: file.number("number"))
    deliveries, commits = _all(folder, files.DELIVERIES), _all(folder, files.COMMITS)
    audits, transactions = _all(folder, files.AUDIT), _all(folder, files.TRANSACTIONS)
    stable, effects, changes = _all(folder, files.STABLE), _all(folder, files.EFFECTS), _all(folder, files.CHANGES)
    published = _all(folder, files.PUBLISHED)
    second = _all(folder / SECOND, files.DELIVERIES), _all(folder / SECOND, files.COMMITS)
    everything = [*published, *sends, *deliveries, *commits, *audits, *transactions, *stable, *effects, *changes]
    everything += [file for part in second for file in part]
    _same_run(everything)
    _distinct(sends)
    missing = _missing(sends)
    return Ledger(
        sends=_by_number(sends),
        consumers=_consumers(deliveries, commits),
        second=_consumers(*second),
        audit=_audit(audits),
        effects=_joined(effects, records.EFFECT),
        keeps_effects=bool(effects),
        changes=_joined(changes, records.EFFECT) if changes else None,
        deadline_us=deadline_us,
        remains=_remains(folder),
        torn=tuple(file.torn for file in everything if file.torn) + missing,
        committed=_audit(stable) if stable else None,
        piped=piped,
        rereads=rereads,
        publishers=_publishers(published, transactions),
    )


def reasons(folder: Path) -> dict[int, list[str]]:
    """{producer: its failure reasons}; a row's `reason` is an index into its producer's list."""
    return {file.number("number"): reasons_of(file) for file in _all(folder, files.SENDS)}


def _all(folder: Path, kind: files.Kind) -> list[files.Opened]:
    return [files.read(path, kind) for path in sorted(folder.glob(f"*{kind.suffix}")) if not path.name.startswith(".")]


def _same_run(opened: list[files.Opened]) -> None:
    for file in opened[1:]:
        if file.number("mark") != opened[0].number("mark"):
            raise InconclusiveError(
                f"{file.path} and {opened[0].path.name} are of different runs: the folder is not one variant's ledger"
            )


def _distinct(sends: list[files.Opened]) -> None:
    for one, other in pairwise(sends):
        if one.number("number") == other.number("number"):
            raise InconclusiveError(f"{one.path} and {other.path.name} are both of producer {one.number('number')}")


def _by_number(sends: list[files.Opened]) -> tuple[Rows, ...]:
    """Each producer's rows at the place of its number."""
    by_number = {file.number("number"): file.rows for file in sends}
    return tuple(by_number.get(number, no_rows(records.SEND)) for number in range(max(by_number, default=-1) + 1))


def _missing(sends: list[files.Opened]) -> tuple[str, ...]:
    there = {file.number("number") for file in sends}
    gone = sorted(set(range(max(there, default=-1) + 1)) - there)
    return tuple(f"producer {number} left no ledger file" for number in gone)


def _consumers(deliveries: list[files.Opened], commits: list[files.Opened]) -> tuple[Consumer, ...]:
    committed = {file.path.stem: file.rows for file in commits}
    return tuple(
        Consumer(
            name=file.path.stem,
            deliveries=file.rows,
            processed=file.number("processed"),
            busy_us=file.number("busy"),
            commits=committed.get(file.path.stem, no_rows(records.COMMIT)),
            drained=bool(file.number("state")),
        )
        for file in deliveries
    )


def _publishers(published: list[files.Opened], transactions: list[files.Opened]) -> tuple[Publisher, ...]:
    ended = {file.path.stem: file.rows for file in transactions}
    return tuple(
        Publisher(
            name=file.path.stem,
            start=file.number("number"),
            began_us=file.number("began"),
            rows=file.rows,
            transactions=ended.get(file.path.stem),
        )
        for file in published
    )


def _remains(folder: Path) -> Rows | None:
    found = [file.rows for file in _all(folder, files.REMAINS)]
    return np.concatenate(found) if found else None


def _spans(file: files.Opened) -> Rows:
    if len(file.area) % files.SPAN.itemsize:
        raise InconclusiveError(f"the ledger file {file.path} is corrupt: its list of partitions is cut off")
    return np.frombuffer(file.area, files.SPAN)


def _audit(audits: list[files.Opened]) -> Audit:
    partitions = [
        AuditedPartition(int(span["partition"]), int(span["low"]), int(span["high"]), int(span["position"]))
        for file in audits
        for span in _spans(file)
    ]
    return Audit(_joined(audits, records.AUDITED), tuple(partitions))


def _joined(opened: list[files.Opened], kind: np.dtype[np.void]) -> Rows:
    rows = [file.rows for file in opened if len(file.rows)]
    return rows[0] if len(rows) == 1 else np.concatenate(rows) if rows else no_rows(kind)
