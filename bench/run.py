"""Every figure of the README, from one run on one machine: `python bench/run.py` prints one table.

    python bench/run.py [--messages N] [--rounds N] [--only start,produce,endtoend,judge] [--json FILE]

What is compared is measured in turns, round by round; a figure is the median of its rounds, a ratio the median of the
rounds' ratios, so that a machine that is busy for a while is busy for both sides.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

import endtoend
import judge
import labstart
import produce
from cluster import Cluster, cluster

PARTS = ("start", "produce", "endtoend", "judge")


@dataclass(frozen=True)
class Figure:
    """One row. ratio: ours to theirs, in the direction in which more is better."""

    name: str
    value: str
    compared: str = ""
    ratio: float | None = None
    target: str = ""


def in_turns(sides: Sequence[Callable[[], float | None]], rounds: int) -> list[list[float]]:
    """Each side's results, one a round; a side that can't be measured has none.

    Each round begins with another side: what a side leaves behind (files to be deleted, warm caches) meets all others.
    """
    found: list[list[float]] = [[] for _ in sides]
    for number in range(rounds):
        for turn in range(len(sides)):
            which = (number + turn) % len(sides)
            result = sides[which]()
            if result is not None:
                found[which].append(result)
    return found


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float | None:
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True)) if theirs else None


def start(rounds: int) -> Iterable[Figure]:
    labstart.ours()  # makes the caches
    ours, theirs = in_turns((labstart.ours, labstart.kafkas_own_way), rounds)
    yield Figure(
        "lab start, Prometheus included",
        f"{statistics.median(ours):.1f} s",
        f"Kafka's own way {statistics.median(theirs):.1f} s",
        ratio(theirs, ours),
        "2; 5 s",
    )


def producing(found: Cluster, messages: int, rounds: int) -> Iterable[Figure]:
    sides = (
        produce.ours,
        produce.kcat,
        produce.kcat_tuned,
        produce.performance,
        produce.without_ledger,
        produce.client_alone,
        produce.ours_by_two,
    )
    produce.ours(found, messages // 10)  # the first clients of new brokers pay for them
    results = in_turns([partial(side, found, messages) for side in sides], rounds)
    ours = results[0]
    names = (
        "kcat -P, its defaults",
        "kcat -P, our settings",
        "ProducerPerformance, its defaults",
        "our loop without ledger and metrics",
        "confluent-kafka alone, counting",
    )
    targets = ("0.9", "", "1", "", "")
    yield Figure("producing, every message accounted for", per_second(ours))
    for name, theirs, target in zip(names, results[1:-1], targets, strict=True):
        yield Figure(
            "  against", "", f"{name}: {per_second(theirs) if theirs else 'not installed'}", ratio(ours, theirs), target
        )
    two, kcat = results[-1], results[1]
    yield Figure("  by two agents", per_second(two), f"{names[0]}, again" if kcat else "", ratio(two, kcat), "0.9")


def all_the_way(found: Cluster, messages: int, rounds: int) -> Iterable[Figure]:
    runs = [endtoend.end_to_end(found, messages) for _ in range(rounds)]
    middle = sorted(runs, key=lambda one: one.rate)[len(runs) // 2]
    parts = (
        f"produced {middle.produced:.1f} s, drained +{middle.drained:.1f} s, audited {middle.audited:.1f} s, "
        f"judged {middle.judged:.1f} s"
    )
    yield Figure("produced, read, audited, judged", per_second([middle.rate]), parts, None, "90,000/s")


def judging() -> Iterable[Figure]:
    for one in judge.run():
        yield Figure(
            f"judging {one.messages:,} messages",
            f"{one.seconds:.2f} s",
            f"{one.rate:,.0f}/s, peak {one.peak_mib:,.0f} MiB, ledger {one.ledger_mib:,.0f} MiB",
            None,
            "1 GiB at 10 million" if one.messages == max(judge.SIZES) else "",
        )


def per_second(results: Sequence[float]) -> str:
    return f"{statistics.median(results):,.0f}/s"


def measured(asked: argparse.Namespace) -> Iterable[Figure]:
    if "start" in asked.only:
        yield from start(asked.rounds)
    if {"produce", "endtoend"} & set(asked.only):
        with cluster() as found:
            if "produce" in asked.only:
                yield from producing(found, asked.messages, asked.rounds)
            if "endtoend" in asked.only:
                yield from all_the_way(found, 2 * asked.messages, asked.rounds)
    if "judge" in asked.only:
        yield from judging()


def table(figures: Sequence[Figure]) -> Table:
    load = f"{os.getloadavg()[0]:.1f}"
    made = Table(title=f"{platform.platform()}, {os.cpu_count()} cores, load average {load}", title_justify="left")
    for column in ("what", "brokerlab", "compared with", "ratio", "target"):
        made.add_column(column, justify="right" if column in ("brokerlab", "ratio", "target") else "left")
    for one in figures:
        made.add_row(one.name, one.value, one.compared, f"{one.ratio:.2f}" if one.ratio else "", one.target)
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--messages", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", type=lambda text: text.split(","), default=PARTS)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    figures = []
    for figure in measured(asked):
        sys.stderr.write(f"{figure.name or '...'}: {figure.value} {figure.compared}\n")
        figures.append(figure)
    Console(width=140).print(table(figures))
    if asked.json:
        asked.json.write_text(json.dumps([asdict(figure) for figure in figures], indent=2) + "\n")


if __name__ == "__main__":
    main()
