"""What stands behind the numbers: autopsies, the books, the second witness, the settings, the method and its limits."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import htpy as h

from brokerlab.core.scenario import Variant
from brokerlab.core.verdict import Autopsy, Testimony, VariantVerdict
from brokerlab.core.words import MEANING, Word
from brokerlab.reports import autopsies, method
from brokerlab.reports.html import tables
from brokerlab.reports.html.dossier import Dossier
from brokerlab.reports.html.plot import seconds

SHOWN = 2  # autopsies a variant and word


def examined(dossier: Dossier) -> h.Renderable | None:
    """Some messages of each kind of trouble, from being sent to the audit."""
    cards = [_autopsy(dossier, variant, each) for variant in dossier.verdict.variants for each in _some(variant)]
    return h.div(".cards")[cards] if cards else None


def _some(variant: VariantVerdict) -> Iterator[Autopsy]:
    for word in Word:
        yield from [each for each in variant.autopsies if each.word is word][:SHOWN]


def _autopsy(dossier: Dossier, variant: VariantVerdict, autopsy: Autopsy) -> h.Element:
    count = variant.found(autopsy.word)
    scenery = dossier.scenery(variant.variant)
    events = autopsies.events(autopsy, scenery)
    return h.article(".card")[
        h.h3[f"{autopsies.name(autopsy.message)} ", h.span(".word")[autopsy.word.value]],
        h.p(".note")[f"{variant.variant}: one of {count:,}"],
        h.ol(".events")[[_event(dossier, event) for event in events]],
        h.p(".conclusion")[autopsies.conclusion(autopsy)],
    ]


def _event(dossier: Dossier, event: autopsies.Event) -> h.Element:
    when = seconds(dossier.grid, event.at_us) if event.at_us and dossier.grid else "afterwards"
    return h.li[h.span(".when")[when], h.span[event.text]]


def glossary(words: Collection[Word]) -> h.Element:
    """What these words mean."""
    return h.details[
        h.summary["What the words mean"],
        h.dl[[h.div[h.dt[word.value], h.dd[MEANING[word]]] for word in Word if word in words]],
    ]


def prometheus(dossier: Dossier) -> h.Renderable:
    rows = [
        (f"{v.variant}: {each.counter}", f"{each.ledger:,}", _said(each.prometheus), _agreement(each))
        for v in dossier.verdict.variants
        for each in v.testimonies
    ]
    if not rows:
        return h.p["Prometheus was not asked."]
    caption = "The ledger decides; Prometheus is the second witness"
    return tables.plain(caption, ("number", "ledger", "Prometheus", "agreement"), rows)


def _said(number: int | None) -> str:
    return "no such number" if number is None else f"{number:,}"


def _agreement(each: Testimony) -> str:
    return each.explanation or ("✓ the same" if each.agrees else "✗ differs")


def books(dossier: Dossier) -> h.Element:
    rows = [
        (f"{v.variant}: {each.name}", f"{each.left:,}", f"{each.right:,}", "✓" if each.balanced else "✗")
        for v in dossier.verdict.variants
        for each in v.identities
    ]
    caption = "The books: both sides are counted on their own"
    return tables.plain(caption, ("identity", "left", "right", "balanced"), rows)


def differing(dossier: Dossier) -> h.Renderable | None:
    """What each variant sets at its clients and its topic."""
    chosen = [dossier.variant(each.variant) for each in dossier.verdict.variants]
    rows = [
        (f"{variant.name}: {whose}", ", ".join(f"{key}={value}" for key, value in settings.items()))
        for variant in chosen
        if variant
        for whose, settings in _settings(variant)
        if settings
    ]
    return tables.plain("What the variants set", ("variant", "settings"), rows) if rows else None


def _settings(variant: Variant) -> Iterator[tuple[str, Mapping[str, str]]]:
    """The application's own behaviour (`options`) among them."""
    for whose in ("producer", "processor", "consumer", "topic", "options"):
        yield whose, getattr(variant, whose)


def read_back(dossier: Dossier) -> h.Renderable:
    """The settings as the broker described them, each group of resources that say the same once."""
    return h.fragment[[_resource(names, settings) for names, settings in _alike(dossier.settings)]]


def _alike(settings: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[list[str], Mapping[str, str]]]:
    groups: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for name, values in settings.items():
        groups.setdefault(tuple(sorted(values.items())), []).append(name)
    for pairs, names in groups.items():
        yield names, dict(pairs)


def _resource(names: list[str], settings: Mapping[str, str]) -> h.Element:
    told = ", ".join(names)
    return h.details[
        h.summary[f"{told}: {len(settings)} settings"], tables.plain(told, ("setting", "value"), list(settings.items()))
    ]


def obtained() -> h.Renderable:
    return h.div(".method")[
        h.div[h.h3["How the numbers were obtained"], h.ul[[h.li[each] for each in method.HOW]]],
        h.div[h.h3["What they do not prove"], h.ul[[h.li[each] for each in method.LIMITS]]],
    ]
