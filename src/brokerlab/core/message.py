"""The layout of one message on the wire: who sent it, which one it is, when, and a checksum.

A message of `size` bytes is a 24-byte little-endian header, padding, and a CRC-32 (ISO-HDLC, as in zlib and RFC 1952)
of all that stands before it. The CRC of a message *with* its own CRC appended is a constant (the residue), so a reader
verifies a message by one call over the whole of it. Building and parsing work on whole batches, as arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    count = len(seqs)
    body_size = size - 4
    rows = np.zeros((count, body_size), np.uint8)
    head = np.zeros(count, HEADER)
    head["magic"], head["producer"], head["seq"], head["stamp"], head["sent_at"] = MAGIC, producer, seqs, mark, sent_at
    rows[:, : HEADER.itemsize] = head.view(np.uint8).reshape(count, HEADER.itemsize)
    bodies = rows.tobytes()
    chunks = [bodies[at : at + body_size] for at in range(0, count * body_size, body_size)]
    return [chunk + crc32(chunk).to_bytes(4, "little") for chunk in chunks]


def parse(values: Sequence[bytes], mark: int) -> NDArray[np.void]:
    """One `PARSED` row a value, in order. `intact` is False for a message that is not ours, or whose CRC is wrong."""
    parsed = np.zeros(len(values), PARSED)
    size = HEADER.itemsize
    heads = b"".join([value[:size] for value in values])
    if len(heads) != size * len(values):  # a foreign message, shorter than a header: pad it, it fails its checksum
        heads = b"".join([value[:size].ljust(size, b"\0") for value in values])
    head = np.frombuffer(heads, HEADER)
    crcs = np.fromiter(map(crc32, values), np.uint32, len(values))
    parsed["producer"], parsed["seq"], parsed["sent_at"] = head["producer"], head["seq"], head["sent_at"]
    parsed["intact"] = (crcs == RESIDUE) & (head["magic"] == MAGIC) & (head["stamp"] == mark)
    return parsed


def sequence_numbers(values: Sequence[bytes]) -> NDArray[np.uint32]:
    """The sequence numbers of messages that this very process built (no verification): for delivery reports."""
    return np.frombuffer(b"".join([value[4:8] for value in values]), "<u4")
