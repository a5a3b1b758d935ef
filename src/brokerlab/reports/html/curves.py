"""How throughput and lag went as the load grew: every variant in one picture, stage by stage, and as a table."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import htpy as h
import numpy as np

from brokerlab.core.verdict import RunVerdict, Stage, VariantVerdict
from brokerlab.reports import cells
from brokerlab.reports.html import tables
from brokerlab.reports.html.plot import Line, Scale, framed, hint, legend, linear, logarithmic, number

LOOKS = 6  # as many as the style sheet has, told apart by dash as well as by colour


def curves(run: RunVerdict) -> h.Renderable | None:
    """Nothing where the load did not grow."""
    grown = [variant for variant in run.variants if any(stage.grows for stage in variant.stages)]
    if not grown:
        return None
    stages = [stage.name for stage in grown[0].stages]
    lags = {name: _lines(grown, name) for name in ("p50", "p99")}
    common = logarithmic([line for lines in lags.values() for line in lines])  # so that both can be compared
    panels = [("Messages a second that came through", rates := _lines(grown, ""), linear(rates))]
    if common:
        panels += [(f"Milliseconds from sent to delivered, {name}", lines, common) for name, lines in lags.items()]
    return h.fragment[
        legend(rates),
        h.div(".curves")[[_panel(title, stages, lines, scale) for title, lines, scale in panels]],
        _table(grown, cells.CURVES, cells.curves(grown)),
        _table(grown, cells.SECOND_GROUP, cells.second_group(grown)),
    ]


def _lines(variants: Sequence[VariantVerdict], quantile: str) -> list[Line]:
    """quantile: of the lag; "": the rate."""
    return [
        Line(each.variant, np.array([_value(stage, quantile) for stage in each.stages]), f"v{place % LOOKS}")
        for place, each in enumerate(variants)
    ]


def _value(stage: Stage, quantile: str) -> float:
    return stage.lag_ms.get(quantile, math.nan) if quantile else stage.per_second


def _panel(title: str, stages: Sequence[str], lines: Sequence[Line], scale: Scale) -> h.Element:
    marks = h.fragment[
        [h.path(f".line.{line.look}", d=" ".join(_joined(line, scale))) for line in lines],
        [
            h.path(f".dots.{line.look}", d="".join(f"M{x:g} {y:.1f}h0" for x, y in _points(line, scale)))
            for line in lines
        ],
        [hint(stage, lines, place) for place, stage in enumerate(stages)],
    ]
    told = "; ".join(f"{line.name}: {', '.join(map(_said, line.values))}" for line in lines)
    return h.figure[
        h.figcaption[title],
        framed(scale, len(stages), marks, f"{title}, at {', '.join(stages)}. {told}"),
        h.ol(".stages", aria_hidden="true")[[h.li[stage] for stage in stages]],
    ]


def _said(value: float) -> str:
    return "none" if math.isnan(value) else number(round(value))


def _points(line: Line, scale: Scale) -> Iterator[tuple[float, float]]:
    """In the middle of each stage that has a value."""
    for place, value in enumerate(line.values):
        if not math.isnan(value):
            yield place + 0.5, scale.y(float(value))


def _joined(line: Line, scale: Scale) -> Iterator[str]:
    for number_, (x, y) in enumerate(_points(line, scale)):
        yield f"{'L' if number_ else 'M'}{x:g} {y:.1f}"


def _table(variants: Sequence[VariantVerdict], caption: str, texts: dict[str, tuple[str, ...]]) -> h.Renderable | None:
    if not texts:
        return None
    rows = zip(*texts.values(), strict=True)
    return tables.stacked(
        caption,
        ("variant", *texts),
        [
            [each.variant, *[tables.lines(text, striking=False) for text in row]]
            for each, row in zip(variants, rows, strict=True)
        ],
        worded=False,
    )
