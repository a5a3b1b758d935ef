"""Several runs as one ladder: a row a guarantee, a column an anomaly, in each cell how many were observed.

0 is shown with its bound (rule of three). What a guarantee must show stands in its cell even if it was not seen.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.padding import Padding
from rich.text import Text

from brokerlab.core.verdict import EXIT_CODE, RunVerdict, VariantVerdict, Verdict, upper_bound, worst
from brokerlab.core.words import Word
from brokerlab.reports import cells
from brokerlab.reports.columns import Column, tables
from brokerlab.reports.json import VERSION, encode
from brokerlab.reports.table import styled

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

ALWAYS = (Word.LOST, Word.DUPLICATE, Word.REDELIVERED)


@dataclass(frozen=True)
class Rung:
    """One row: one guarantee in one scenario."""

    scenario: str
    verdict: VariantVerdict

    def observed(self, word: Word) -> int:
        return self.verdict.found(word)

    def bound(self, word: Word) -> float | None:
        return upper_bound(self.observed(word), cells.base(self.verdict))

    def cell(self, word: Word) -> str:
        return cells.observed(self.observed(word), cells.base(self.verdict))


def rungs(runs: Sequence[RunVerdict]) -> list[Rung]:
    return [Rung(run.scenario, variant) for run in runs for variant in run.variants]


def words(runs: Sequence[RunVerdict]) -> list[Word]:
    """The columns: what was observed anywhere, and what everybody asks for."""
    seen = {word for rung in rungs(runs) for word in Word if rung.observed(word)}
    return [word for word in Word if word in seen or word in ALWAYS]


def verdict(runs: Sequence[RunVerdict]) -> Verdict:
    return worst(run.verdict for run in runs)


def show(runs: Sequence[RunVerdict], console: Console) -> None:
    for part in parts(runs, console.width):
        console.print(part)


def parts(runs: Sequence[RunVerdict], width: int) -> Iterator[RenderableType]:
    """For a terminal of `width` columns."""
    rows = rungs(runs)
    if rows:
        names = Column("guarantee", tuple(_named(rung) for rung in rows))
        verdicts = Column("verdict", tuple(styled(rung.verdict.verdict) for rung in rows))
        found = [Column(word.value, tuple(Text(rung.cell(word)) for rung in rows), right=True) for word in words(runs)]
        for table in tables(names, [verdicts, *found], width):
            yield Padding(table, (1, 0, 1, 0), expand=False)
    for run in runs:
        yield Text.assemble((run.scenario, "bold"), "  ", styled(run.verdict), ("  run " + run.run, "dim"))
        if run.verdict is not Verdict.HELD:
            yield Padding(Text("\n".join(run.reasons)), (0, 0, 1, 2), expand=False)
    found_worst = verdict(runs)
    yield Text.assemble("\nVerdict: ", styled(found_worst), f" (exit code {EXIT_CODE[found_worst]})")


def _named(rung: Rung) -> Text:
    return Text.assemble((rung.scenario, "dim"), "\n", (rung.verdict.variant.replace("+", "\n+"), "bold"))


def render_json(runs: Sequence[RunVerdict]) -> str:
    found = verdict(runs)
    told = {
        "version": VERSION,
        "verdict": found.value,
        "exit_code": EXIT_CODE[found],
        "matrix": [_row(rung, words(runs)) for rung in rungs(runs)],
        "runs": [encode(run) for run in runs],
    }
    return json.dumps(told, indent=2)


def _row(rung: Rung, columns: Sequence[Word]) -> Mapping[str, Any]:
    return {
        "scenario": rung.scenario,
        "variant": rung.verdict.variant,
        "verdict": rung.verdict.verdict.value,
        "observed": {word.value: rung.observed(word) for word in columns},
        "upper_bounds": {word.value: rung.bound(word) for word in columns},
    }
