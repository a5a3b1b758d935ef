"""Tables of the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import htpy as h

from brokerlab.core.verdict import RunVerdict, VariantVerdict, Verdict
from brokerlab.core.words import LOSS, Word
from brokerlab.reports import cells
from brokerlab.reports.marks import MARK


def badge(verdict: Verdict) -> h.Element:
    """A verdict's mark and word, in its colour too."""
    return h.span(f".badge.{verdict.value}")[f"{MARK[verdict]} {verdict.value}"]


def plain(caption: str, headings: Sequence[str], rows: Iterable[Sequence[h.Node]], *, worded: bool = True) -> h.Element:
    """The first cell of a row is its heading. Where it is too wide it scrolls, by keyboard too. worded: the last column
    has words, not numbers."""
    return _framed(
        caption,
        h.table(class_=["worded"] if worded else None)[
            h.caption[caption],
            h.thead[h.tr[[h.th(scope="col")[heading] for heading in headings]]],
            h.tbody[[h.tr[h.th(scope="row")[row[0]], [h.td[cell] for cell in row[1:]]] for row in rows]],
        ],
    )


def stacked(
    caption: str, headings: Sequence[str], rows: Iterable[Sequence[h.Node]], *, worded: bool = True
) -> h.Element:
    """On a phone each row becomes a block whose cells name their columns; the roles keep it a table for all that."""
    return _framed(
        caption,
        h.table(class_=["stacked", *(["worded"] if worded else [])], role="table")[
            h.caption[caption],
            h.thead(role="rowgroup")[
                h.tr(role="row")[[h.th(scope="col", role="columnheader")[heading] for heading in headings]]
            ],
            h.tbody(role="rowgroup")[[_row(headings, row) for row in rows]],
        ],
    )


def _framed(caption: str, table: h.Element) -> h.Element:
    return h.div(".scroll", tabindex="0", role="region", aria_label=caption)[table]


def _row(headings: Sequence[str], row: Sequence[h.Node]) -> h.Element:
    first, *rest = row
    return h.tr(role="row")[
        h.th(scope="row", role="rowheader")[first],
        [h.td(role="cell", data_label=heading)[h.div[cell]] for heading, cell in zip(headings[1:], rest, strict=True)],
    ]


def breakable(name: str) -> h.Node:
    """A name such as acks=all+idempotence may take two lines."""
    first, *rest = name.split("+")
    return h.fragment[first, [[h.wbr, f"+{part}"] for part in rest]]


def results(run: RunVerdict) -> h.Element:
    """The terminal's table: the same columns, numbers and words."""
    texts = cells.columns(run.variants)
    names = list(texts)
    headings = ("variant", *names[: cells.HEADLINE], "verdict", *names[cells.HEADLINE :], "permitted")
    rows = [
        _result(variant, dict(zip(names, row, strict=True)))
        for variant, row in zip(run.variants, zip(*texts.values(), strict=True), strict=True)
    ]
    return stacked("What became of the messages", headings, rows)


def _result(variant: VariantVerdict, texts: Mapping[str, str]) -> list[h.Node]:
    found = {
        "lost": sum(map(variant.found, (*LOSS, Word.MISSED))),
        "duplicated": variant.duplicated + variant.found(Word.DUPLICATE_EFFECT),
    }
    numbers = [lines(text, striking=bool(found.get(name))) for name, text in texts.items()]
    name, verdict = breakable(variant.variant), badge(variant.verdict)
    return [name, *numbers[: cells.HEADLINE], verdict, *numbers[cells.HEADLINE :], variant.permits]


def lines(text: str, *, striking: bool) -> h.Node:
    """The headline number, and its split or bound below it."""
    first, *rest = text.split("\n")
    return h.fragment[h.b[h.mark[first] if striking else first], [h.small[line] for line in rest]]
