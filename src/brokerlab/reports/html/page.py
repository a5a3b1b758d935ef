"""The report of one run as one HTML file: nothing is loaded from anywhere, and no script is in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import htpy as h
from markupsafe import Markup

from brokerlab.core.words import Word
from brokerlab.reports.html import course, curves, evidence, picture, tables
from brokerlab.reports.html.dossier import Dossier

STYLE = Path(__file__).with_name("style.css")
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
Section: TypeAlias = tuple[str, str, h.Renderable]


def render(dossier: Dossier) -> str:
    run = dossier.verdict
    sections = [(anchor, heading, content) for anchor, heading, content in _sections(dossier) if content is not None]
    return whole(f"{run.scenario}: {run.verdict.value}", _hero(dossier), sections, _foot(dossier))


def whole(title: str, hero: h.Element, sections: Sequence[Section], foot: h.Element) -> str:
    """A page of ours; each section: (anchor, heading, content)."""
    page = h.html(lang="en")[
        h.head[
            h.meta(charset="utf-8"),
            h.meta(http_equiv="Content-Security-Policy", content=POLICY),
            h.meta(name="viewport", content="width=device-width, initial-scale=1"),
            h.meta(name="color-scheme", content="light dark"),
            h.title[f"brokerlab · {title}"],
            h.style[Markup(STYLE.read_text("utf-8"))],  # noqa: S704 - our own file
        ],
        h.body[
            h.a(".skip", href="#main")["Skip to the report"],
            h.header(".top")[
                h.p(".name")["brokerlab"],
                h.nav(aria_label="Sections")[[h.a(href=f"#{anchor}")[heading] for anchor, heading, _ in sections]],
                _theme(),
            ],
            h.main("#main")[hero, [_section(*section) for section in sections]],
            foot,
        ],
    ]
    return f"{page}\n"


def _theme() -> h.Element:
    """Light, dark or the system's: radio buttons that the style sheet itself reads."""
    return h.fieldset(".theme")[
        h.legend["Colours"],
        [
            h.label[h.input(type="radio", name="theme", id=f"theme-{name}", checked=name == "auto"), h.span[name]]
            for name in ("auto", "light", "dark")
        ],
    ]


def _section(anchor: str, heading: str, content: h.Renderable) -> h.Element:
    return h.section(f"#{anchor}", aria_labelledby=f"{anchor}-heading")[h.h2(f"#{anchor}-heading")[heading], content]


def _hero(dossier: Dossier) -> h.Element:
    run, scenario = dossier.verdict, dossier.scenario
    return h.div(".hero")[
        h.p(".note")[f"{run.scenario} · run {run.run} · lab {dossier.lab}, broker {dossier.broker}"],
        h.h1[scenario.question if scenario else run.scenario],
        h.p(".claim")[tables.badge(run.verdict), " ", scenario.claim if scenario else ""],
    ]


def _sections(dossier: Dossier) -> list[tuple[str, str, h.Renderable | None]]:
    run = dossier.verdict
    return [
        ("results", "Results", tables.results(run) if run.variants else None),
        ("curves", "Load and lag", curves.curves(run)),
        ("why", "What happened, and why", told(dossier)),
        ("setup", "Set-up", _setup(dossier)),
        ("course", "Course", course.courses(dossier)),
        ("autopsies", "Autopsies", evidence.examined(dossier)),
        ("method", "Method", evidence.obtained()),
        ("evidence", "Evidence", _evidence(dossier)),
        ("settings", "Settings", _settings(dossier)),
    ]


def told(dossier: Dossier) -> h.Renderable:
    """What happened, why, and what was done to the broker."""
    run = dossier.verdict
    receipts = [("✓ " if each.bit else "✗ did not bite: ", each.sentence) for each in run.receipts]
    return h.fragment[
        h.div(".account")[
            h.div[[h.p[sentence] for sentence in run.explanation]],
            h.div[
                h.h4["What was done to the broker"],
                h.ul(".receipts")[[h.li[mark, sentence] for mark, sentence in receipts]],
            ],
        ],
        [h.h3[f"Why {run.verdict.value}"], h.ul[[h.li[reason] for reason in run.reasons]]] if run.reasons else None,
        evidence.glossary({word for variant in run.variants for word in Word if variant.found(word)} | {Word.LOST}),
    ]


def _setup(dossier: Dossier) -> h.Renderable | None:
    load = dossier.load
    if not dossier.story.topics:
        return None
    rate = f"{load.rate:,} a second" if load.rate else "as fast as it goes"
    return h.fragment[
        h.p[dossier.scenario.setup] if dossier.scenario else None,
        picture.picture(dossier),
        h.p(".note")[f"Each variant: {load.messages:,} messages of {load.size} bytes, {rate}; seed {load.seed}"],
    ]


def _evidence(dossier: Dossier) -> h.Renderable | None:
    if not dossier.verdict.variants:
        return None
    return h.fragment[
        h.details(open=True)[h.summary["Prometheus against the ledger"], evidence.prometheus(dossier)],
        h.details[h.summary["The books"], evidence.books(dossier)],
    ]


def _settings(dossier: Dossier) -> h.Renderable | None:
    if not dossier.settings:
        return None
    return h.fragment[
        evidence.differing(dossier),
        h.h3["Read back from the broker"],
        evidence.read_back(dossier),
    ]


def _foot(dossier: Dossier) -> h.Element:
    run = dossier.verdict
    return h.footer[
        h.p["Again: ", h.code[f"brokerlab scenario run {run.scenario} --seed {dossier.load.seed}"]],
        h.p["Judged from what was written down: ", h.code[f"brokerlab scenario check {run.run}"]],
    ]
