"""What a dead node still has: the messages of ours in its files, read before it is started again.

A broker that comes back truncates its log to its new leader's; what only it had is gone then, and nobody could say any
more whether it had ever arrived. Messages carry their run's stamp and a checksum, so they are found in any file that
holds them as they were sent, whatever else is in it (not in compressed ones: `Facts.remained`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from brokerlab.core import message
from brokerlab.ledger import files, records
from brokerlab.ledger.ledger import Rows


def keep(folder: Path, node: str, mark: int, size: int, sources: Iterable[Path]) -> int:
    """Write down which messages with this mark stand in `sources`, as the next `.remains` file of `node` in `folder`;
    returns how many."""
    found = [message.find(source.read_bytes(), mark, size) for source in sources]
    rows = _rows(found)
    deaths = len(list(folder.glob(f"{node}.*{files.REMAINS.suffix}")))
    path = folder / f"{node}.{deaths + 1}{files.REMAINS.suffix}"
    descriptor = files.create(path, files.REMAINS, mark, count=len(rows))
    try:
        files.write(descriptor, rows.tobytes(), files.PAGE, path)
    finally:
        os.close(descriptor)
    return len(rows)


def _rows(found: Iterable[Rows]) -> Rows:
    parsed = np.concatenate([np.zeros(0, message.PARSED), *found])
    rows = np.zeros(len(parsed), records.REMAIN)
    rows["producer"], rows["seq"] = parsed["producer"], parsed["seq"]
    return rows
