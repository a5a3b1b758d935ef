"""The course of each variant in time: rates, what is behind, latencies, leaders, under the faults' windows."""

from __future__ import annotations

import math
from collections.abc import Iterator

import htpy as h
import numpy as np

from brokerlab.core.verdict import VariantVerdict
from brokerlab.ledger.series import Series
from brokerlab.reports.html import lanes, tables
from brokerlab.reports.html.dossier import Dossier
from brokerlab.reports.html.plot import Line, axis, legend, linear, logarithmic, number, plot, strip


def courses(dossier: Dossier, *, numbers: bool = True) -> h.Renderable | None:
    """A figure a variant; nothing without a ledger. numbers: also as a table, which takes more room than the charts."""
    if not dossier.series:
        return None
    judged = [variant for variant in dossier.verdict.variants if variant.variant in dossier.series]
    return h.div(".courses")[[_course(dossier, each, dossier.series[each.variant], numbers) for each in judged]]


def _course(dossier: Dossier, verdict: VariantVerdict, series: Series, numbers: bool) -> h.Element:
    windows = dossier.story.windows
    return h.section(".course")[
        h.h3[verdict.variant, " ", tables.badge(verdict.verdict)],
        strip(series.grid, windows),
        [_panel(dossier, series, title, lines) for title, lines in _panels(verdict, series)],
        lanes.lanes(dossier, verdict.variant, series.grid),
        axis(series.grid),
        h.details[h.summary["The numbers of these charts"], _table(verdict, series)] if numbers else None,
    ]


def _panels(verdict: VariantVerdict, series: Series) -> Iterator[tuple[str, list[Line]]]:
    a_second = np.float64(1e6 / series.grid.width_us)
    claimed = "handed over" if verdict.counts.get("handed") else "acked"
    yield (
        "Messages a second",
        [
            Line("sent", series.sent * a_second, "sent", filled=True),
            Line(claimed, series.claimed * a_second, "claimed"),
            Line("received", series.received * a_second, "received"),
        ],
    )
    yield (
        "Sent, but not received yet, or never",
        [Line("behind", series.behind.astype(np.float64), "behind", filled=True)],
    )
    if not all(np.isnan(values).all() for values in series.answer_ms.values()):
        yield (
            "Milliseconds from sending to the acknowledgement",
            [Line(name, values, name) for name, values in series.answer_ms.items()],
        )
    yield (
        "Milliseconds from sending to the reader",
        [Line(name, values, name) for name, values in series.arrival_ms.items()],
    )


def _panel(dossier: Dossier, series: Series, title: str, lines: list[Line]) -> h.Renderable | None:
    scale = logarithmic(lines) if title.startswith("Milliseconds") else linear(lines)
    if scale is None:
        return None
    told = [line for line in lines if not np.isnan(line.values).all()]
    peaks = ", ".join(f"{line.name} up to {number(np.nanmax(line.values))}" for line in told)
    return h.figure[
        h.figcaption[h.span[title], legend(lines)],
        plot(series.grid, scale, lines, dossier.story.windows, f"{title}: {peaks}"),
    ]


def _table(verdict: VariantVerdict, series: Series) -> h.Renderable:
    names = ("from (s)", "sent", "claimed", "received", "behind", "ack p50", "ack p99", "arrival p50", "arrival p99")
    columns = (
        np.arange(series.grid.bins) * series.grid.width_us / 1e6,
        series.sent,
        series.claimed,
        series.received,
        series.behind,
        *series.answer_ms.values(),
        *series.arrival_ms.values(),
    )
    rows = [list(map(_figure, row)) for row in zip(*columns, strict=True)]
    caption = f"{verdict.variant}, each {series.grid.width_us / 1e6:g} s; durations in ms"
    return tables.plain(caption, names, rows, worded=False)


def _figure(value: float) -> str:
    if math.isnan(value):
        return ""
    return f"{value:,.4g}" if value % 1 else f"{value:,.0f}"
