"""What a dead node still has: the messages of ours in its files, read before it is started again.

A broker that comes back truncates its log to its new leader's; what only it had is gone then, and nobody could say any
more whether it had ever arrived. Messages carry their run's stamp and a checksum, so they are found in any file that
holds them as they were sent, whatever else is in it (not in compressed ones: `Facts.remained`). Only the end of a file
is read: what others lack was written last.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from brokerlab.core import message
from brokerlab.ledger import files, records
from brokerlab.ledger.ledger import Rows

TAIL = 64 << 20  # bytes of each file: half a million messages of 100 bytes
PIECE = 4 << 20  # bytes in memory at a time


def place(folder: Path, node: str) -> Path:
    """Where the next `.remains` file of `node` belongs: it has one a death."""
    deaths = len(list(folder.glob(f"{node}.*{files.REMAINS.suffix}")))
    return folder / f"{node}.{deaths + 1}{files.REMAINS.suffix}"


def keep(path: Path, mark: int, size: int, sources: Iterable[Path]) -> int:
    """Write down which messages with this mark stand in `sources`, as a new file; returns how many. size: of one."""
    found = [_rows(piece, mark, size) for source in sources for piece in _pieces(source, size)]
    rows = np.concatenate([np.zeros(0, records.REMAIN), *found])
    descriptor = files.create(path, files.REMAINS, mark, count=len(rows))
    try:
        files.write(descriptor, rows.tobytes(), files.PAGE, path)
    finally:
        os.close(descriptor)
    return len(rows)


def _pieces(path: Path, size: int) -> Iterator[bytes]:
    """The end of the file, piece by piece; each message is whole in exactly one of them."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - TAIL))
        carried = b""
        while piece := file.read(PIECE):
            yield carried + piece
            carried = (carried + piece)[-(size - 1) :]


def _rows(data: bytes, mark: int, size: int) -> Rows:
    parsed = message.find(data, mark, size)
    rows = np.zeros(len(parsed), records.REMAIN)
    rows["producer"], rows["seq"] = parsed["producer"], parsed["seq"]
    return rows
