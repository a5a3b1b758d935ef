"""How long judging takes and how much memory it needs, for 1, 5 and 10 million messages.

    python bench/judge.py [--messages 1000000 5000000 10000000] [--folder FOLDER] [--json]

Writes real ledger files (two producers, three partitions, two consumers of which one died and left redeliveries, some
messages lost and some written twice), judges them in a process of its own, and prints seconds, messages a second and
the peak of its resident memory, the touched pages of the mapped ledger included.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from brokerlab.core.broker import Outcomes
from brokerlab.core.words import Outcome
from brokerlab.ledger import records
from brokerlab.ledger.appended import AuditWriter, DeliveriesWriter
from brokerlab.ledger.sends import SendsWriter

MARK, PARTITIONS, PRODUCERS = 1, 3, 2
BATCH = 10_000
LOST_EVERY, TWICE_EVERY, REDELIVERED = 100_003, 150_001, 5_000
SIZES = (1_000_000, 5_000_000, 10_000_000)


@dataclass(frozen=True)
class Judged:
    """One measurement. peak_mib: the largest resident memory of the process that judged."""

    messages: int
    seconds: float
    cpu_seconds: float
    peak_mib: float
    ledger_mib: float
    lost: int
    duplicate: int
    redelivered: int

    @property
    def rate(self) -> float:
        return self.messages / self.seconds


def measure(messages: int, folder: Path) -> Judged:
    """Write a ledger of so many messages into `folder` and judge it in a process of its own."""
    synthesise(messages, folder)
    command = [sys.executable, __file__, "--child", str(folder)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    size = sum(path.stat().st_size for path in folder.iterdir()) / 2**20
    return Judged(messages=messages, ledger_mib=round(size, 1), **json.loads(said))


def synthesise(messages: int, folder: Path) -> None:
    """A ledger folder, written batch by batch as the agents do."""
    each = messages // PRODUCERS
    sends = [SendsWriter(folder / f"producer-{p}.sends", MARK, p, each) for p in range(PRODUCERS)]
    logs = [0] * PARTITIONS
    audit = AuditWriter(folder / "auditor-0.audit", MARK, _ends(each))
    readers = [DeliveriesWriter(folder / f"consumer-{n}.1.deliveries", MARK) for n in range(2)]
    for first in range(0, each, BATCH):
        for producer in range(PRODUCERS):
            partition = (first // BATCH + producer) % PARTITIONS
            rows = _written(producer, np.arange(first, min(first + BATCH, each)), partition, logs)
            _send(sends[producer], first, rows, each)
            audit.audited(_as(rows, records.AUDITED), {partition: logs[partition]})
            died = 2 * first > each
            _deliver(readers[died], _as(rows, records.DELIVERY), logs)
            if not died and 2 * (first + BATCH) > each:  # its successor is given again what was not committed
                _deliver(readers[1], _as(rows[-REDELIVERED:], records.DELIVERY), logs)
    readers[1].drained()
    for sender in sends:
        sender.close()
    for reader in readers:
        reader.close()
    audit.close()


_ROW = np.dtype([("offset", "<i8"), ("seq", "<u4"), ("producer", "<u2"), ("partition", "<i2")])


def _ends(each: int) -> dict[int, tuple[int, int]]:
    """The watermarks that `_written` will come to."""
    logs = [0] * PARTITIONS
    for first in range(0, each, BATCH):
        for producer in range(PRODUCERS):
            seqs = np.arange(first, min(first + BATCH, each))
            _written(producer, seqs, (first // BATCH + producer) % PARTITIONS, logs)
    return {partition: (0, high) for partition, high in enumerate(logs)}


def _written(producer: int, seqs: np.ndarray, partition: int, logs: list[int]) -> np.ndarray:
    """What a batch leaves in the log: some are not there, some are there twice."""
    kept = seqs[seqs % LOST_EVERY != LOST_EVERY - 1]
    kept = np.repeat(kept, 1 + (kept % TWICE_EVERY == TWICE_EVERY - 1))
    rows = np.zeros(len(kept), _ROW)
    rows["seq"], rows["producer"], rows["partition"] = kept, producer, partition
    rows["offset"] = np.arange(logs[partition], logs[partition] + len(kept))
    logs[partition] += len(kept)
    return rows


def _send(writer: SendsWriter, first: int, rows: np.ndarray, each: int) -> None:
    count = min(BATCH, each - first)
    seqs = np.arange(first, first + count, dtype=np.uint32)
    writer.sent(first, count, at=1_000_000 + first)
    offsets = np.interp(seqs, rows["seq"], rows["offset"]).astype(np.int64)
    outcome, reason = np.full(count, Outcome.ACKED, np.uint8), np.zeros(count, np.uint8)
    partition = np.full(count, rows["partition"][0], np.int16)
    writer.resolved(Outcomes(seqs, outcome, partition, offsets, reason), [""], at=1_005_000 + first)


def _deliver(writer: DeliveriesWriter, rows: np.ndarray, logs: list[int]) -> None:
    rows["at"] = 2_000_000 + int(rows["seq"][0])
    writer.delivered(rows)
    writer.processed(len(rows))
    writer.committed(dict(enumerate(logs)), at=int(rows["at"][0]))


def _as(rows: np.ndarray, kind: np.dtype[np.void]) -> np.ndarray:
    found = np.zeros(len(rows), kind)
    for name in _ROW.names or ():
        found[name] = rows[name]
    return found


def judge_here(folder: Path) -> dict[str, float]:
    """Judge the folder in this process."""
    import time

    from brokerlab.core.scenario import Variant
    from brokerlab.core.words import Word
    from brokerlab.judge import judge_variant
    from brokerlab.ledger.facts import Facts
    from brokerlab.ledger.read import load

    started, cpu_started = time.perf_counter(), time.process_time()
    verdict = judge_variant(Facts(load(folder)), Variant("bench", "anything", allows=frozenset(Word)))
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu_started
    unbalanced = [identity for identity in verdict.identities if not identity.balanced]
    if unbalanced:
        raise SystemExit(f"the books don't balance: {unbalanced}")
    return {
        "seconds": round(seconds, 3),
        "cpu_seconds": round(cpu, 3),
        "peak_mib": round(_peak_mib(), 1),
        "lost": verdict.found(Word.LOST),
        "duplicate": verdict.found(Word.DUPLICATE),
        "redelivered": verdict.found(Word.REDELIVERED),
    }


def _peak_mib() -> float:
    """Linux counts into a process's ru_maxrss what its parent had in memory when it was started; VmHWM is its own."""
    import resource

    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) / 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # macOS: bytes


def run(sizes: tuple[int, ...] = SIZES, folder: Path | None = None) -> list[Judged]:
    """One measurement a size; the ledgers are written below `folder` (default: a temporary one) and removed."""
    found = []
    for messages in sizes:
        with tempfile.TemporaryDirectory(prefix="brokerlab-judge-", dir=folder) as temporary:
            found.append(measure(messages, Path(temporary)))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--messages", type=int, nargs="+", default=SIZES)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        sys.stdout.write(json.dumps(judge_here(asked.child)))
        return
    found = run(tuple(asked.messages), asked.folder)
    sys.stdout.write(as_json(found) if asked.json else as_table(found))


def as_json(found: list[Judged]) -> str:
    return json.dumps([{**asdict(each), "rate": round(each.rate)} for each in found], indent=2) + "\n"


def as_table(found: list[Judged]) -> str:
    lines = [f"{'messages':>12} {'seconds':>8} {'CPU s':>6} {'messages/s':>11} {'peak MiB':>9} {'ledger MiB':>11}"]
    lines += [
        f"{each.messages:>12,} {each.seconds:>8.2f} {each.cpu_seconds:>6.2f} {each.rate:>11,.0f} "
        f"{each.peak_mib:>9,.0f} {each.ledger_mib:>11,.0f}"
        for each in found
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
