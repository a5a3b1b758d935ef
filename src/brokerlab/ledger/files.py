"""What every ledger file has in common: one header, a free area behind it, then rows of one dtype.

A file begins with `HEADER` (96 bytes): what it is, of which version, for which run's messages, and how many of its rows
count. The area (reasons of failure, or the audited partitions) reaches from there to `first_row`, a multiple of 4096,
so that the rows can be memory-mapped. Rows are written first and counted afterwards, both straight into the page cache:
SIGKILL of the writer at any moment leaves every counted row whole. Bytes behind the counted rows are a torn tail.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from brokerlab.core.errors import InconclusiveError, UsageError
from brokerlab.ledger import records

PAGE = 4096
VERSION = 1
HEADER = np.dtype(
    [
        ("magic", "S8"),
        ("version", "<u4"),
        ("row", "<u4"),  # bytes a row
        ("mark", "<u8"),  # the stamp that these messages carry (core.message.stamp)
        ("first_row", "<u8"),  # where the rows begin
        ("count", "<u8"),  # rows that count; sends: one a message, from the beginning
        ("processed", "<u8"),  # deliveries: how many of them the application finished
        ("number", "<u4"),  # sends: the producer's number; published: which start of its agent this is
        ("state", "<u4"),  # 1 when the agent ended in good order (deliveries: drained)
        ("used", "<u8"),  # bytes of the area that count
        ("busy", "<u8"),  # deliveries: microseconds that the application worked on those it finished
        ("began", "<u8"),  # published: when that start of its agent began, microseconds since the epoch
        ("spare", "V16"),
    ]
)


@dataclass(frozen=True)
class Kind:
    """One kind of ledger file: its suffix, its magic and the dtype of its rows."""

    suffix: str
    magic: bytes
    rows: np.dtype[np.void]


SENDS = Kind(".sends", b"BLsends", records.SEND)  # one per producer
DELIVERIES = Kind(".deliveries", b"BLdelivr", records.DELIVERY)  # one per start of a consumer
COMMITS = Kind(".commits", b"BLcommit", records.COMMIT)  # one per start of a consumer
PUBLISHED = Kind(".published", b"BLpublsh", records.PUBLISHED)  # one per start of a processor or a relay
AUDIT = Kind(".audit", b"BLaudit", records.AUDITED)  # one per auditor; the area holds `SPAN`s
REMAINS = Kind(".remains", b"BLremain", records.REMAIN)  # one per death of a node
STABLE = Kind(".committed", b"BLstable", records.AUDITED)  # the same, of what is committed alone
TRANSACTIONS = Kind(".transactions", b"BLtransa", records.TRANSACTION)  # one per start of a processor with transactions
EFFECTS = Kind(".effects", b"BLeffect", records.EFFECT)  # one: what the store held when all was over
CHANGES = Kind(".changes", b"BLchange", records.EFFECT)  # one, when the store is where messages come from

AREA = PAGE - HEADER.itemsize

# One per partition that an auditor reads.
SPAN = np.dtype([("partition", "<i4"), ("pad", "V4"), ("low", "<i8"), ("high", "<i8"), ("position", "<i8")])


def field_offset(name: str) -> int:
    return int(HEADER.fields[name][1])  # type: ignore[index]  # numpy types a dtype's fields as optional


def create(path: Path, kind: Kind, mark: int, area: int = AREA, **fields: int) -> int:
    """A new file with its header; returns the open descriptor. The file appears under its name only when whole.

    area: bytes wanted between header and rows. fields: further fields of the header; a `count` other than 0 makes room
    for so many rows. Raises UsageError when the file exists (a ledger is never overwritten).
    """
    if path.exists():
        raise UsageError(f"the ledger file {path} exists already", "A ledger is never overwritten: start a new run.")
    first_row = -(-(HEADER.itemsize + area) // PAGE) * PAGE
    header = np.zeros((), HEADER)
    for name, value in {
        "magic": kind.magic,
        "version": VERSION,
        "row": kind.rows.itemsize,
        "mark": mark,
        "first_row": first_row,
        **fields,
    }.items():
        header[name] = value
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        write(descriptor, header.tobytes().ljust(first_row, b"\0"), 0, path)
        allocate(descriptor, first_row + fields.get("count", 0) * kind.rows.itemsize, path)
        temporary.replace(path)
    except BaseException:
        os.close(descriptor)
        temporary.unlink(missing_ok=True)
        raise
    return descriptor


def reopen(path: Path) -> int:
    """The descriptor of a file that an earlier process made, to go on in it."""
    try:
        return os.open(path, os.O_RDWR)
    except OSError as error:
        raise _unwritable(path, error) from error


def allocate(descriptor: int, size: int, path: Path) -> None:
    """Give the file its size, with real blocks where the system can: a full disk is an error now, no SIGBUS later."""
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(descriptor, 0, size)
        else:  # macOS
            os.ftruncate(descriptor, size)
    except OSError as error:
        raise _unwritable(path, error) from error


def write(descriptor: int, data: bytes | memoryview, at: int, path: Path) -> None:
    """All of `data` at offset `at`. Raises InconclusiveError with a sentence when the disk is full."""
    rest = memoryview(data).cast("B")
    try:
        while rest:
            done = os.pwrite(descriptor, rest, at)
            rest, at = rest[done:], at + done
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> InconclusiveError:
    return InconclusiveError(
        f"the ledger file {path} could not be written: {error.strerror}",
        "Free some space, or keep runs elsewhere (BROKERLAB_RUNS).",
    )


@dataclass(frozen=True, eq=False)
class Opened:
    """A ledger file that was read: its header, the rows that count (memory-mapped), its area, what is torn about it."""

    path: Path
    header: NDArray[np.void]
    rows: NDArray[np.void]
    area: bytes
    torn: str

    def number(self, name: str) -> int:
        return int(self.header[name])


def read(path: Path, kind: Kind) -> Opened:
    """Map one file. Raises InconclusiveError with a sentence when it is truncated, corrupt or of another version."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(HEADER.itemsize)
        if len(head) < HEADER.itemsize:
            raise InconclusiveError(f"the ledger file {path} is truncated: {size} bytes, too short for its header")
        header = np.frombuffer(head, HEADER)[0]
        _verify(path, kind, header)
        area = file.read(int(header["used"]))
    first, count, row = int(header["first_row"]), int(header["count"]), kind.rows.itemsize
    if size < first + count * row:
        raise InconclusiveError(
            f"the ledger file {path} is truncated: it says that it has {count} rows, but only "
            f"{max(0, size - first) // row} are there"
        )
    rows = np.memmap(path, kind.rows, "r", first, (count,)) if count else np.zeros(0, kind.rows)
    return Opened(path, header, rows, area, _torn(path, size - first - count * row, row))


def _verify(path: Path, kind: Kind, header: NDArray[np.void]) -> None:
    if bytes(header["magic"]) != kind.magic:
        raise InconclusiveError(f"{path} is not a ledger file of {kind.suffix[1:]}, or it is corrupt")
    if int(header["version"]) != VERSION:
        raise InconclusiveError(
            f"the ledger file {path} has format version {int(header['version'])}; this program reads {VERSION}",
            "Judge it with the version of brokerlab that wrote it.",
        )
    first_row, used = int(header["first_row"]), int(header["used"])
    if (
        int(header["row"]) != kind.rows.itemsize
        or first_row < PAGE
        or first_row % PAGE
        or used > first_row - HEADER.itemsize
        or int(header["processed"]) > int(header["count"])
        or int(header["number"]) >= records.PHANTOM_PRODUCER
    ):
        raise InconclusiveError(f"the ledger file {path} is corrupt: its header contradicts itself")


def _torn(path: Path, rest: int, row: int) -> str:
    if rest <= 0:
        return ""
    return (
        f"{path.name} ends with {rest} bytes ({rest / row:.4g} rows) that its agent had not counted yet when it ended"
    )
