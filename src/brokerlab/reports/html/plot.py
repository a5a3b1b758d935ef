"""Plots as static SVG that stretches with the page, beside labels that are text of the page: readable at any width.

A plot's own coordinates are bins from left to right and 0 (top) to 100 (bottom); strokes do not stretch. Lines differ
in dash as well as in colour, by a CSS class.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import htpy as h
import numpy as np

from brokerlab.core.scenario import Window
from brokerlab.ledger.series import Grid, Reals

HEIGHT = 100
_STRETCHED = {"preserveAspectRatio": "none", "aria-hidden": "true", "focusable": "false"}


@dataclass(frozen=True)
class Scale:
    """From values to heights: linear from 0, or logarithmic."""

    low: float
    high: float
    logarithmic: bool = False

    def y(self, value: float) -> float:
        if self.logarithmic:
            share = math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return HEIGHT * (1 - min(max(share, 0.0), 1.0))

    def ticks(self) -> list[float]:
        if self.logarithmic:
            powers = range(round(math.log10(self.low)), round(math.log10(self.high)) + 1)
            return [10.0**power for power in powers][:: 1 + len(powers) // 6]
        return [self.high * part / 2 for part in range(3)]


@dataclass(frozen=True)
class Line:
    """One line of a plot. name: what the legend says. look: a CSS class. filled: down to 0."""

    name: str
    values: Reals
    look: str
    filled: bool = False


def linear(lines: Sequence[Line]) -> Scale:
    """From 0 to a round number above all values."""
    return Scale(0, _rounded_up(max((float(np.nanmax(line.values, initial=0)) for line in lines), default=0) or 1))


def logarithmic(lines: Sequence[Line]) -> Scale | None:
    """Whole powers of ten around all values; None when there are none."""
    values = np.concatenate([line.values[~np.isnan(line.values)] for line in lines])
    values = values[values > 0]
    if not len(values):
        return None
    low, high = math.floor(math.log10(values.min())), math.ceil(math.log10(values.max()))
    return Scale(10.0**low, 10.0 ** max(high, low + 1), logarithmic=True)


def _rounded_up(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    return float(next(step * power for step in (1, 2, 4, 6, 8, 10) if step * power >= value))


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:g}"


def plot(grid: Grid, scale: Scale, lines: Sequence[Line], windows: Sequence[Window], says: str) -> h.Element:
    """The plot and the labels of its y axis. says: what it shows, for those who can't see it."""
    marks = h.fragment[
        [_shade(grid, window) for window in windows],
        [h.path(f".area.{line.look}", d=_area(line, scale)) for line in lines if line.filled],
        [h.path(f".line.{line.look}", d=" ".join(_steps(line, scale))) for line in lines],
        [hint(f"{place * grid.width_us / 1e6:g} s", lines, place) for place in range(grid.bins)],
    ]
    return framed(scale, grid.bins, marks, says)


def framed(scale: Scale, width: int, marks: h.Renderable, says: str) -> h.Element:
    """Marks over the rules of a y axis, with its labels beside them."""
    return h.div(".plot", role="img", aria_label=says)[
        h.div(".y", aria_hidden="true")[
            [h.span(style=f"top:{scale.y(tick):.1f}%")[number(tick)] for tick in scale.ticks()]
        ],
        h.svg(".marks", {"viewBox": f"0 0 {width} {HEIGHT}", **_STRETCHED})[
            [h.path(".rule", d=f"M0 {scale.y(tick):.1f}H{width}") for tick in scale.ticks()],
            marks,
        ],
    ]


def legend(lines: Sequence[Line]) -> h.Element:
    return h.ul(".legend")[
        [
            h.li[
                h.svg(".key", {"viewBox": "0 0 28 10", "aria-hidden": "true"})[
                    line.filled and h.rect(f".area.{line.look}", x="0", y="0", width="28", height="10"),
                    h.path(f".line.{line.look}", d="M0 5H28"),
                ],
                line.name,
            ]
            for line in lines
        ]
    ]


def strip(grid: Grid, windows: Sequence[Window]) -> h.Element:
    """The faults as bars, one row each, with their names below: at the left edge those that begin there, and so on."""
    return h.div(".strip")[[h.div(".bar")[_extent(grid, each), _name(grid, each)] for each in windows]]


def axis(grid: Grid) -> h.Element:
    """Seconds since the first message."""
    span = (grid.end_us - grid.start_us) / 1e6
    step = _rounded_up(span / 5)
    ticks = [step * n for n in range(math.floor(span / step) + 1)]
    return h.div(".axis", aria_hidden="true")[
        [h.span(style=f"left:{tick / span * 100:.2f}%")[f"{tick:g} s"] for tick in ticks if tick < span * 0.98]
    ]


def seconds(grid: Grid, at_us: int) -> str:
    """A time as the axis says it; to the millisecond."""
    return f"{(at_us - grid.start_us) / 1e6:,.3f} s"


def lasted(grid: Grid, window: Window) -> str:
    started, ended = ((at - grid.start_us) / 1e6 for at in (window.started_us, window.ended_us))
    return f"{started:.1f} to {ended:.1f} s"


def _steps(line: Line, scale: Scale) -> Iterator[str]:
    """A level piece a bin, joined where both neighbours have a value."""
    drawing = False
    for place, value in enumerate(line.values):
        if math.isnan(value):
            drawing = False
            continue
        yield f"{'V' if drawing else f'M{place} '}{scale.y(value):.1f}H{place + 1}"
        drawing = True


def _area(line: Line, scale: Scale) -> str:
    pieces = [f"V{scale.y(value):.1f}H{place + 1}" for place, value in enumerate(line.values)]
    return f"M0 {HEIGHT}{''.join(pieces)}V{HEIGHT}Z"


def _shade(grid: Grid, window: Window) -> h.Fragment:
    left, right = (_bins(grid, at) for at in (window.started_us, window.ended_us))
    return h.fragment[
        h.rect(".shade", x=f"{left:.2f}", y="0", width=f"{max(right - left, 0):.2f}", height=str(HEIGHT)),
        h.path(".edge", d=f"M{left:.2f} 0V{HEIGHT}M{right:.2f} 0V{HEIGHT}"),
    ]


def hint(at: str, lines: Sequence[Line], place: int) -> h.Element:
    """What a pointer that rests on a place of the x axis is told."""
    values = [f"{line.name} {number(line.values[place])}" for line in lines if not math.isnan(line.values[place])]
    return h.rect(".hint", x=str(place), y="0", width="1", height=str(HEIGHT))[h.title[f"{at}: {', '.join(values)}"]]


def _bins(grid: Grid, at_us: float) -> float:
    return min(max((at_us - grid.start_us) / grid.width_us, 0), grid.bins)


def _share(grid: Grid, at_us: float) -> float:
    """In percent of the plot's width."""
    return _bins(grid, at_us) / grid.bins * 100


def _extent(grid: Grid, window: Window) -> h.Element:
    left, right = _share(grid, window.started_us), _share(grid, window.ended_us)
    return h.span(".extent", style=f"left:{left:.2f}%;width:{right - left:.2f}%")


def _name(grid: Grid, window: Window) -> h.Element:
    middle = _share(grid, (window.started_us + window.ended_us) / 2)
    return h.span(".name", style=f"--at:{middle:.2f}%")[
        h.span(aria_hidden="true")["⚡ "], f"{window.name}, {lasted(grid, window)}"
    ]
