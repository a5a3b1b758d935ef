"""Several runs as one page: the matrix of guarantees and anomalies, then each scenario's results and course."""

from __future__ import annotations

from collections.abc import Sequence

import htpy as h

from brokerlab.core.verdict import RunVerdict
from brokerlab.core.words import Word
from brokerlab.reports import ladder
from brokerlab.reports.html import course, curves, evidence, page, tables
from brokerlab.reports.html.dossier import Dossier


def render(runs: Sequence[RunVerdict], dossiers: Sequence[Dossier]) -> str:
    """dossiers: of those runs that left a run folder."""
    verdict = ladder.verdict(runs)
    gathered = {dossier.verdict.run: dossier for dossier in dossiers}
    sections = [("ladder", "The whole ladder", _matrix(runs))]
    sections += [(run.scenario, run.scenario, _scenario(run, gathered.get(run.run))) for run in runs]
    sections.append(("method", "Method", evidence.obtained()))
    hero = h.div(".hero")[
        h.h1["What is each guarantee worth?"],
        h.p(".claim")[tables.badge(verdict), f" {len(runs)} experiments on a real broker under real faults"],
    ]
    foot = h.footer[h.p["Again: ", h.code["brokerlab scenario run all"]]]
    return page.whole(f"all scenarios: {verdict.value}", hero, sections, foot)


def _matrix(runs: Sequence[RunVerdict]) -> h.Renderable:
    words = ladder.words(runs)
    return h.fragment[
        tables.stacked(
            "How many of each anomaly were observed; 0 with its bound",
            ("guarantee", "verdict", *[word.value for word in words]),
            [_row(rung, words) for rung in ladder.rungs(runs)],
            worded=False,
        ),
        evidence.glossary(words),
    ]


def _row(rung: ladder.Rung, words: Sequence[Word]) -> list[h.Node]:
    name = h.fragment[h.small[rung.scenario], tables.breakable(rung.verdict.variant)]
    found = [tables.lines(rung.cell(word), striking=bool(rung.observed(word))) for word in words]
    return [name, tables.badge(rung.verdict.verdict), *found]


def _scenario(run: RunVerdict, dossier: Dossier | None) -> h.Renderable:
    if dossier is None:
        return h.fragment[h.p[tables.badge(run.verdict)], h.ul[[h.li[reason] for reason in run.reasons]]]
    scenario, charts = dossier.scenario, course.courses(dossier, numbers=False)
    return h.fragment[
        h.p[h.b[scenario.question], h.br, tables.badge(run.verdict), f" {scenario.claim}"] if scenario else None,
        tables.results(run) if run.variants else None,
        curves.curves(run),
        page.told(dossier),
        h.details[h.summary["Course"], charts] if charts else None,
        h.p(".note")["Everything of this run: ", h.code[f"brokerlab report {run.run} --open"]],
    ]
