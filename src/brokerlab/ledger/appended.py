"""The ledger files that only grow: deliveries, commits, transactions, what was passed on, what the auditor found.

Rows are appended by `pwrite` (no map to grow, and a full disk is an error, not a signal), then the count in the header
is set: a reader believes the count. 24 bytes a delivery, 24 a commit, 16 an audited record, 16 a transaction, 48 a
message that was passed on.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from brokerlab.core.store import Row
from brokerlab.ledger import files


class RowsWriter:
    """Appends rows of one kind to one new file. fields: of its header, see `files.create`."""

    def __init__(self, path: Path, kind: files.Kind, mark: int, area: int = 0, **fields: int) -> None:
        self.count = 0
        self._path, self._kind = path, kind
        self._file = files.create(path, kind, mark, area=area, **fields)
        self._end = os.fstat(self._file).st_size

    def append(self, rows: NDArray[np.void]) -> None:
        if not len(rows):
            return
        data = rows.tobytes()
        files.write(self._file, data, self._end, self._path)
        self._end += len(data)
        self.count += len(rows)
        self.put("count", self.count)

    def put(self, field: str, value: int) -> None:
        """Set one field of the header."""
        data = np.array(value, files.HEADER[field]).tobytes()
        files.write(self._file, data, files.field_offset(field), self._path)

    def write_area(self, data: bytes) -> None:
        files.write(self._file, data, files.HEADER.itemsize, self._path)
        self.put("used", len(data))

    def close(self) -> None:
        os.close(self._file)


class DeliveriesWriter:
    """One start of one consumer: what it was given, how much of that it processed, what it committed."""

    def __init__(self, path: Path, mark: int) -> None:
        self._deliveries = RowsWriter(path, files.DELIVERIES, mark)
        self._commits = RowsWriter(path.with_suffix(files.COMMITS.suffix), files.COMMITS, mark)
        self._processed = self._busy_us = 0

    def delivered(self, rows: NDArray[np.void]) -> None:
        """To be called before the application sees these messages."""
        self._deliveries.append(rows)

    def processed(self, count: int, busy_us: int = 0) -> None:
        """The application has finished so many more of what was delivered, and worked on them for so long."""
        self._processed += count
        self._busy_us += busy_us
        self._deliveries.put("busy", self._busy_us)
        self._deliveries.put("processed", self._processed)

    def committed(self, offsets: Mapping[int, int], at: int) -> None:
        rows = np.zeros(len(offsets), files.COMMITS.rows)
        rows["partition"], rows["offset"], rows["at"] = list(offsets.keys()), list(offsets.values()), at
        self._commits.append(rows)

    def drained(self) -> None:
        """It read to the end, after healing, and processed and committed all of it."""
        self._deliveries.put("state", 1)

    def close(self) -> None:
        self._deliveries.close()
        self._commits.close()


def keep(path: Path, kind: files.Kind, mark: int, kept: Sequence[Row]) -> None:
    """Write down all that a store's table held: `EFFECTS` or `CHANGES`."""
    rows = np.zeros(len(kept), kind.rows)
    for index, row in enumerate(kept):
        rows[index]["producer"], rows[index]["seq"], rows[index]["at"] = row.producer, row.seq, row.at_us
    with closing(RowsWriter(path, kind, mark)) as writer:
        writer.append(rows)


class AuditWriter:
    """One auditor: every record that it found, and how far it read each of its partitions."""

    def __init__(
        self, path: Path, mark: int, ends: Mapping[int, tuple[int, int]], kind: files.Kind = files.AUDIT
    ) -> None:
        self._spans = np.zeros(len(ends), files.SPAN)
        self._index = {partition: at for at, partition in enumerate(ends)}
        self._spans["partition"] = list(ends)
        self._spans["low"] = self._spans["position"] = [low for low, _ in ends.values()]
        self._spans["high"] = [high for _, high in ends.values()]
        self._rows = RowsWriter(path, kind, mark, area=self._spans.nbytes)
        self._rows.write_area(self._spans.tobytes())

    def audited(self, rows: NDArray[np.void], positions: Mapping[int, int]) -> None:
        """`positions`: the next offset to be read of each partition, after these rows."""
        self._rows.append(rows)
        for partition, position in positions.items():
            self._spans["position"][self._index[partition]] = position
        self._rows.write_area(self._spans.tobytes())

    def ended(self) -> None:
        self._rows.put("state", 1)

    def close(self) -> None:
        self._rows.close()
