"""`make soak`: ten minutes at 10,000 messages a second while a broker is killed every 30 seconds.

    python bench/soak.py [--minutes N] [--rate N] [--every SECONDS] [--json FILE]

One run of the engine itself, with one variant (acks=all, idempotent) and a timeline of kills: each time the leader of
all partitions is killed, and started again after a third of the time between kills. Nothing may be lost or written
twice, the books must balance, and the memory of the command and of each agent must stay as it was after the first
fifth of the load. Exit code: the verdict's (0 held, 1 broken, 3 inconclusive), and 1 when memory grew.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import Event, Thread

import psutil
from rich.console import Console
from rich.table import Table

from brokerlab.brokers.kafka import BROKER
from brokerlab.core.lab import Lab
from brokerlab.core.load import Load
from brokerlab.core.scenario import Heal, Hurt, Scenario, Send, Step, Story, Variant
from brokerlab.core.verdict import RunVerdict, Verdict
from brokerlab.core.watch import Silent
from brokerlab.core.words import Word
from brokerlab.engine.plan import read_story
from brokerlab.engine.run import Request, run
from brokerlab.faults.kill import KillLeader
from brokerlab.labs.local import state
from brokerlab.labs.local.lab import KIND, LocalLab

NODES = 3
SAFE = Variant(
    name="acks=all+idempotence",
    permits="no loss, nothing written twice, in order",
    producer={"acks": "all", "enable.idempotence": "true", "delivery.timeout.ms": "120000"},
    allows=frozenset({Word.REDELIVERED, Word.REWIND}),
)
MIB = 1 << 20
GROWTH_MIB, GROWTH = 8, 0.10  # what may come on top: allocators' noise, not a leak at this rate


@dataclass
class Memory:
    """One process: MiB of its own, once a second, without mapped files: the ledger's pages are the page cache's."""

    name: str
    samples: list[float] = field(default_factory=list)

    def fifth(self, number: int) -> float:
        """The median of one fifth of the samples, 1 to 5."""
        size = max(1, len(self.samples) // 5)
        return statistics.median(self.samples[(number - 1) * size : number * size])

    @property
    def flat(self) -> bool:
        """The first fifth is warming up."""
        return self.fifth(5) <= self.fifth(2) * (1 + GROWTH) + GROWTH_MIB


class Meter(Silent):
    """Watches a run, and from its load until its drain the memory of this process and of its agents."""

    def __init__(self) -> None:
        self.found: dict[str, Memory] = {}
        self.loads: list[float] = []
        self._over = Event()
        self._thread = Thread(target=self._look, daemon=True)

    def phase(self, name: str) -> None:
        say(name)
        if name == "load":
            self._thread.start()
        if name == "drain":
            self._over.set()
            self._thread.join()

    def fault(self, name: str, sentence: str, *, active: bool) -> None:
        say(sentence)

    def _look(self) -> None:
        while not self._over.wait(1):
            self.loads.append(os.getloadavg()[0])
            for name, process in _ours():
                with contextlib.suppress(psutil.Error):
                    self.found.setdefault(name, Memory(name)).samples.append(_own(process))


def _ours() -> Iterator[tuple[str, psutil.Process]]:
    """This process, and those of the lab's agents."""
    yield "the command", psutil.Process()
    found = state.load(KIND)
    for name, one in found.processes.items() if found else ():
        process = one.find()
        if process and name.startswith("agent "):
            yield name.removeprefix("agent "), process


def _own(process: psutil.Process) -> float:
    memory = process.memory_info()
    return float(memory.rss - getattr(memory, "shared", 0)) / MIB


def timeline(kills: int, every: float) -> tuple[Step, ...]:
    """Each cycle sends its share; the leader dies after a third of it, and comes back after another."""
    steps: list[Step] = []
    for number in range(1, kills + 1):
        upto, name = number / (kills + 1), f"kill {number}"
        steps += [
            Send(upto, at_most=every / 3),
            Hurt(name, KillLeader()),
            Send(upto, at_most=every / 3),
            Heal(name),
            Send(upto),
        ]
    return (*steps, Send(1.0, answered=("*",)))


def soak(minutes: float, rate: int, every: float, folder: Path) -> tuple[RunVerdict, Story, Meter]:
    kills = int(minutes * 60 / every) - 1
    load = Load(messages=int(minutes * 60 * rate), rate=rate, partitions=3)
    scenario = Scenario(
        name="soak",
        question="Does it last?",
        claim="acks=all and idempotence lose nothing and write nothing twice, however often a leader dies.",
        variants=(SAFE,),
        timeline=timeline(kills, every),
        explain=lambda *_: (),
        load=load,
    )
    meter = Meter()
    lab = LocalLab.up(BROKER.nodes(NODES), with_prometheus=False)
    try:
        _await_ready(lab)
        verdict = run(Request(lab, BROKER, "soak", scenario, (SAFE,), load, folder), meter)
    finally:
        LocalLab.down()
    return verdict, read_story(folder), meter


def _await_ready(lab: Lab) -> None:
    admin = BROKER.admin(lab.endpoint(BROKER.port), {})
    admin.await_ready(NODES, 60)
    admin.close()


def whole_again(story: Story, name: str) -> float | None:
    """Seconds from the kill until every partition had all its replicas in sync again."""
    struck = int(story.receipts[name].facts["at_us"])
    lacking: set[tuple[str, int]] = set()
    for sighting in story.sightings:
        if sighting.at_us < struck:
            continue
        state = sighting.state
        where = (state.topic, state.partition)
        (lacking.discard if len(state.isr) == len(state.replicas) and state.leader >= 0 else lacking.add)(where)
        if not lacking and sighting.at_us > struck:
            return (sighting.at_us - struck) / 1e6
    return None


def report(verdict: RunVerdict, story: Story, meter: Meter, console: Console) -> bool:
    """Print it all; returns whether the memory stayed flat."""
    (variant,) = verdict.variants
    kills = Table("kill", "node", "at stake", "another leads after", "in sync again after")
    for name, receipt in story.receipts.items():
        again, facts = whole_again(story, name), receipt.facts
        after = f"{facts['fail_over_s']:.1f} s" if facts["fail_over_s"] else "-"
        stake = f"{sum(facts['at_stake'].values()):,}"
        kills.add_row(name, facts["node"], stake, after, f"{again:.1f} s" if again else "-")
    memory = Table("memory (MiB)", *(f"fifth {n}" for n in range(1, 6)), "highest", "flat")
    for each in meter.found.values():
        fifths = [f"{each.fifth(n):.0f}" for n in range(1, 6)]
        memory.add_row(each.name, *fifths, f"{max(each.samples):.0f}", "yes" if each.flat else "NO")
    numbers = Table("sent", "acked", "received", "lost", "written twice", "delivered twice", "books", "verdict")
    counts = variant.counts
    numbers.add_row(
        *(f"{counts[word]:,}" for word in ("sent", "acked", "received")),
        *(f"{variant.found(word):,}" for word in (Word.LOST, Word.DUPLICATE, Word.REDELIVERED)),
        "balanced" if all(identity.balanced for identity in variant.identities) else "NOT balanced",
        verdict.verdict.value,
    )
    for table in (kills, memory, numbers):
        console.print(table)
    console.print(*verdict.reasons, sep="\n")
    console.print(
        f"load average of the machine meanwhile: {statistics.median(meter.loads):.1f} on {os.cpu_count()} cores"
    )
    return all(each.flat for each in meter.found.values())


def say(sentence: str) -> None:
    print(f"{time.strftime('%H:%M:%S')}  {sentence}", file=sys.stderr, flush=True)  # noqa: T201


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--rate", type=int, default=10_000)
    parser.add_argument("--every", type=float, default=30, metavar="SECONDS")
    parser.add_argument("--json", type=Path, metavar="FILE")
    asked = parser.parse_args()
    if asked.minutes * 60 < 2 * asked.every or asked.every < 15 or asked.rate < 1:
        parser.error("at least two kills, 15 seconds apart, and one message a second")
    with tempfile.TemporaryDirectory(prefix="brokerlab-soak-") as temporary:
        os.environ["BROKERLAB_STATE"] = str(Path(temporary) / "state")
        verdict, story, meter = soak(asked.minutes, asked.rate, asked.every, Path(temporary) / "run")
    flat = report(verdict, story, meter, Console(width=140))
    if asked.json:
        from brokerlab.reports.json import encode

        told = {"verdict": encode(verdict), "memory": [asdict(each) for each in meter.found.values()], "flat": flat}
        asked.json.write_text(json.dumps(told))
    return verdict.exit_code if verdict.verdict is not Verdict.HELD else int(not flat)


if __name__ == "__main__":
    sys.exit(main())
