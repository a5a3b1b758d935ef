"""The layout of one message on the wire: who sent it, which one it is, when, and a checksum.

A message of `size` bytes is a 24-byte little-endian header, padding, and a CRC-32 (ISO-HDLC, as in zlib and RFC 1952)
of all that stands before it. The CRC of a message *with* its own CRC appended is a constant (the residue), so a reader
verifies a message by one call over the whole of it. Building and parsing work on whole batches, as arrays: CRC-32 is
affine (crc(a ^ b) = crc(a) ^ crc(b) ^ crc(0) for equal lengths), so the checksums of a batch, whose messages differ in
their sequence number alone, come from four table look-ups each.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from hashlib import blake2b
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

HEADER = np.dtype([("magic", "<u2"), ("producer", "<u2"), ("seq", "<u4"), ("stamp", "<u8"), ("sent_at", "<i8")])
MAGIC = 0x4C42  # "BL"
MIN_SIZE = HEADER.itemsize + 4
RESIDUE = 0x2144DF1C  # crc32(m + crc32(m)) for every m: the CRC-32 residue

PARSED = np.dtype([("producer", "<u2"), ("seq", "<u4"), ("sent_at", "<i8"), ("intact", "?")])


def stamp(run: str, variant: str) -> int:
    """The 64-bit mark that every message of one variant of one run carries, so that no other's can be taken for it."""
    return int.from_bytes(blake2b(f"{run}/{variant}".encode(), digest_size=8).digest(), "little")


def build(mark: int, producer: int, seqs: NDArray[np.uint32], size: int, sent_at: int) -> list[bytes]:
    """The messages with these sequence numbers, `size` bytes each; `sent_at` is in microseconds since the epoch."""
    head = np.zeros((), HEADER)
    head["magic"], head["producer"], head["stamp"], head["sent_at"] = MAGIC, producer, mark, sent_at
    first = head.tobytes().ljust(size - 4, b"\0")  # the message with sequence number 0
    rows = np.empty((len(seqs), size), np.uint8)
    rows[:, :-4] = np.frombuffer(first, np.uint8)
    numbers = np.ascontiguousarray(seqs, "<u4")
    rows[:, 4:8] = numbers.view(np.uint8).reshape(-1, 4)
    rows[:, -4:] = _checksums(first, numbers).view(np.uint8).reshape(-1, 4)
    messages: list[bytes] = rows.view(f"V{size}").ravel().tolist()
    return messages


def _checksums(first: bytes, seqs: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """The CRC-32 of `first` with each of these sequence numbers in it."""
    sums = np.full(len(seqs), crc32(first), "<u4")
    for place, table in enumerate(_tables(len(first))):
        sums ^= table[(seqs >> np.uint32(8 * place)) & np.uint32(0xFF)]
    return sums


@cache
def _tables(length: int) -> tuple[NDArray[np.uint32], ...]:
    """For each byte of the sequence number: how its value changes the CRC-32 of a body of `length` bytes."""
    nothing = crc32(bytes(length))

    def change(at: int, value: int) -> int:
        return crc32(bytes(at) + bytes([value]) + bytes(length - at - 1)) ^ nothing

    return tuple(np.array([change(at, value) for value in range(256)], "<u4") for at in range(4, 8))


def parse(values: Sequence[bytes], mark: int) -> NDArray[np.void]:
    """One `PARSED` row a value, in order. `intact` is False for a message that is not ours, or whose CRC is wrong."""
    parsed = np.empty(len(values), PARSED)
    head = _headers(values)
    crcs = np.fromiter(map(crc32, values), np.uint32, len(values))
    parsed["producer"], parsed["seq"], parsed["sent_at"] = head["producer"], head["seq"], head["sent_at"]
    parsed["intact"] = (crcs == RESIDUE) & (head["magic"] == MAGIC) & (head["stamp"] == mark)
    return parsed


def find(data: bytes, mark: int, size: int) -> NDArray[np.void]:
    """The intact messages with this mark anywhere in `data`, as `PARSED` rows, in order. size: of one message."""
    wanted, before = mark.to_bytes(8, "little"), HEADER.fields["stamp"][1]  # type: ignore[index]  # it has fields
    values, at = [], data.find(wanted)
    while at >= 0:
        values.append(data[max(0, at - before) : at - before + size])
        at = data.find(wanted, at + 1)
    parsed = parse(values, mark)
    intact: NDArray[np.void] = parsed[parsed["intact"]]
    return intact


def _headers(values: Sequence[bytes]) -> NDArray[np.void]:
    """The first bytes of each value as `HEADER`s; values that are too short for one are padded (and fail their CRC)."""
    size = len(values[0]) if values else 0
    whole = b"".join(values)
    if size >= MIN_SIZE and size * len(values) == len(whole) and {*map(len, values)} == {size}:
        return np.frombuffer(whole, np.uint8).reshape(-1, size)[:, : HEADER.itemsize].copy().view(HEADER).ravel()
    return np.frombuffer(b"".join([value[: HEADER.itemsize].ljust(HEADER.itemsize, b"\0") for value in values]), HEADER)


def sequence_numbers(values: Sequence[bytes]) -> NDArray[np.uint32]:
    """The sequence numbers of messages of one size that this very process built: for delivery reports, unverified."""
    if not values:
        return np.zeros(0, np.uint32)
    rows = np.frombuffer(b"".join(values), np.uint8).reshape(len(values), -1)
    return rows[:, 4:8].copy().view("<u4").ravel()
