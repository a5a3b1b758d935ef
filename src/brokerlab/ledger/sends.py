"""A producer's ledger file: one `SEND` row a message, at the index of its sequence number, memory-mapped.

24 bytes a message, allocated when the file is made. A row says SENT before the client is called, so a message whose
producer was killed at any moment is at worst unknown, never forgotten. Reasons of failure are a JSON list in the area.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from brokerlab.core.broker import Outcomes
from brokerlab.core.errors import InconclusiveError
from brokerlab.core.words import Outcome
from brokerlab.ledger import files

_REASON = 100  # characters kept of one reason


class SendsWriter:
    """Belongs to one producer process; `rows` is the mapped array.

    A replacement goes on in the file of the producer that was killed: `used` is the first number that it may send.
    """

    def __init__(self, path: Path, mark: int, producer: int, messages: int, *, again: bool = False) -> None:
        self._path = path
        if again:
            self._file, self._earlier = files.reopen(path), reasons_of(files.read(path, files.SENDS))
        else:
            self._file, self._earlier = files.create(path, files.SENDS, mark, number=producer, count=messages), [""]
        self._reasons = 0
        self.rows: NDArray[np.void] = (
            np.memmap(path, files.SENDS.rows, "r+", files.PAGE, (messages,))
            if messages
            else np.zeros(0, files.SENDS.rows)
        )
        self.used = int(np.count_nonzero(self.rows["outcome"] != Outcome.UNUSED))

    def sent(self, first: int, count: int, at: int) -> None:
        """The messages first..first+count-1 are about to be handed to the client, `at` microseconds since the epoch."""
        rows = self.rows[first : first + count]
        rows["offset"], rows["partition"], rows["sent_at"] = -1, -1, at
        rows["outcome"] = Outcome.SENT

    def resolved(self, outcomes: Outcomes, reasons: list[str], at: int) -> NDArray[np.uint32]:
        """Write down what became of some sends; returns their latencies in microseconds."""
        if len(reasons) > self._reasons:
            self._write_reasons(reasons)
        rows, where = self.rows, _slice_of(outcomes.seq)
        latency: NDArray[np.uint32] = np.clip(at - rows["sent_at"][where], 0, 0xFFFFFFFF).astype(np.uint32)
        rows["latency"][where] = latency
        rows["offset"][where] = outcomes.offset
        rows["partition"][where] = outcomes.partition
        rows["reason"][where] = np.where(outcomes.reason, outcomes.reason + len(self._earlier) - 1, 0)
        rows["outcome"][where] = outcomes.outcome
        return latency

    def ended(self) -> None:
        """Every outcome that this producer will ever learn of is written."""
        files.write(self._file, np.uint32(1).tobytes(), files.field_offset("state"), self._path)

    def close(self) -> None:
        os.close(self._file)

    def _write_reasons(self, reasons: list[str]) -> None:
        text = json.dumps([reason[:_REASON] for reason in [*self._earlier, *reasons[1:]]]).encode()
        if files.HEADER.itemsize + len(text) <= files.PAGE:  # else: the numbers stay, the newest texts are not kept
            files.write(self._file, text, files.HEADER.itemsize, self._path)
            files.write(self._file, np.uint64(len(text)).tobytes(), files.field_offset("used"), self._path)
        self._reasons = len(reasons)


def reasons_of(file: files.Opened) -> list[str]:
    """The reasons in a file that was read. Raises InconclusiveError when they are none."""
    try:
        return [str(text) for text in json.loads(file.area or b'[""]')]
    except ValueError as error:
        raise InconclusiveError(f"the ledger file {file.path} is corrupt: its list of reasons is no JSON") from error


def _slice_of(seq: NDArray[np.uint32]) -> slice | NDArray[np.uint32]:
    """Reports mostly come in runs of consecutive numbers: a slice is several times faster than an index array."""
    if len(seq) and bool(np.all(seq[1:] == seq[:-1] + 1)):
        return slice(int(seq[0]), int(seq[-1]) + 1)
    return seq
