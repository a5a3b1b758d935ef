"""A run's verdict as a table for people: one row a variant, then what was done, what happened, why, and what next.

Verdicts are words and marks, never colours alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Group
from rich.padding import Padding
from rich.text import Text

from brokerlab.core.verdict import RunVerdict, Verdict
from brokerlab.reports import cells
from brokerlab.reports.columns import Column, tables
from brokerlab.reports.marks import MARK

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

STYLE = {
    Verdict.HELD: "bold green",
    Verdict.BROKEN: "bold red",
    Verdict.INCONCLUSIVE: "bold yellow",
    Verdict.SKIPPED: "bold cyan",
}


def show(run: RunVerdict, console: Console, *, question: str = "", folder: Path | None = None) -> None:
    """Print the whole report. folder: where the run is stored."""
    for part in parts(run, console.width, question, folder):
        console.print(part)


def parts(run: RunVerdict, width: int, question: str = "", folder: Path | None = None) -> Iterator[RenderableType]:
    """The report for a terminal of `width` columns, from top to bottom."""
    yield _title(run, question)
    if run.variants:
        yield from _tables(run, width)
    yield from _further(run, width)
    yield from _section("What was done to the broker", [f"{'✓' if r.bit else '✗'} {r.sentence}" for r in run.receipts])
    yield from _section("What happened, and why", run.explanation)
    yield from _section("Where Prometheus differs, explained", list(_explained(run)))
    yield from _section(f"Why {run.verdict.value}", run.reasons)
    yield _verdict_line(run)
    if folder is not None:
        yield _next(run, folder)


def styled(verdict: Verdict) -> Text:
    """A verdict's mark and word."""
    return Text(f"{MARK[verdict]} {verdict.value}", STYLE[verdict])


def _title(run: RunVerdict, question: str) -> RenderableType:
    return Text.assemble("\n", (run.scenario, "bold"), f"  {question}" if question else "", ("  run " + run.run, "dim"))


def _tables(run: RunVerdict, width: int) -> Iterator[RenderableType]:
    texts = cells.columns(run.variants)
    numbers = [Column(name, tuple(map(Text, column)), right=True) for name, column in texts.items()]
    verdicts = Column("verdict", tuple(styled(variant.verdict) for variant in run.variants))
    permitted = Column("permitted", tuple(Text(variant.permits) for variant in run.variants), words=True)
    columns = [*numbers[: cells.HEADLINE], verdicts, *numbers[cells.HEADLINE :], permitted]
    for table in tables(_names(run), columns, width):
        yield Padding(table, (1, 0, 1, 0), expand=False)


def _further(run: RunVerdict, width: int) -> Iterator[RenderableType]:
    """The curves of a load that grows, and what a second group was given."""
    for heading, texts in (
        (cells.CURVES, cells.curves(run.variants)),
        (cells.SECOND_GROUP, cells.second_group(run.variants)),
    ):
        if texts:
            columns = [Column(name, tuple(map(Text, column)), right=True) for name, column in texts.items()]
            yield Text(heading, "bold")
            for table in tables(_names(run), columns, width):
                yield Padding(table, (0, 0, 1, 0), expand=False)


def _names(run: RunVerdict) -> Column:
    """A name such as acks=all+idempotence takes two lines."""
    return Column("variant", tuple(Text(variant.variant.replace("+", "\n+"), "bold") for variant in run.variants))


def _section(heading: str, sentences: Sequence[str]) -> Iterator[RenderableType]:
    if sentences:
        yield Text(heading, "bold")
        yield Padding(Group(*[Text(sentence) for sentence in sentences]), (0, 0, 1, 2), expand=False)


def _explained(run: RunVerdict) -> Iterator[str]:
    for variant in run.variants:
        for each in variant.testimonies:
            if each.explanation:
                yield f"{variant.variant}, {each.counter}: {each.explanation}"


def _verdict_line(run: RunVerdict) -> Text:
    return Text.assemble("Verdict: ", styled(run.verdict), f" (exit code {run.exit_code})")


def _next(run: RunVerdict, folder: Path) -> Text:
    return Text.assemble(
        ("Run folder: ", "dim"), str(folder), "\n", ("Next: ", "dim"), f"brokerlab scenario check {run.run}"
    )
