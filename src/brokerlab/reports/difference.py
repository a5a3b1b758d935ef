"""What differs between two runs: the load, the settings, when the faults struck, and what was counted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

from brokerlab.core.verdict import VariantVerdict
from brokerlab.reports.html.dossier import Dossier

NOTHING = "-"
_PORT = re.compile(r"(?<=[\w.]):\d{4,5}\b")


@dataclass(frozen=True)
class Difference:
    """One thing that is not the same in both runs. section: experiment, settings, faults or counts."""

    section: str
    what: str
    one: str
    other: str


def differences(one: Dossier, other: Dossier) -> Iterator[Difference]:
    """In the order of cause and effect."""
    for section, tell in SECTIONS.items():
        left, right = tell(one), tell(other)
        for what in [*left, *(what for what in right if what not in left)]:
            if left.get(what, NOTHING) != right.get(what, NOTHING):
                yield Difference(section, what, left.get(what, NOTHING), right.get(what, NOTHING))


def _experiment(dossier: Dossier) -> Mapping[str, str]:
    run = dossier.verdict
    told = {"scenario": run.scenario, "verdict": run.verdict.value, "lab": dossier.lab, "broker": dossier.broker}
    return told | {name: str(value) for name, value in asdict(dossier.load).items()}


def _settings(dossier: Dossier) -> Mapping[str, str]:
    """A topic is named by its variant, since its own name has the run's id; ports, which are any, are left out."""
    variants = {topic: f"topic of {variant}" for variant, topic in dossier.story.topics.items()}
    return {
        f"{variants.get(resource, resource)}: {setting}": _PORT.sub(":port", value)
        for resource, settings in dossier.settings.items()
        for setting, value in settings.items()
    }


def _faults(dossier: Dossier) -> Mapping[str, str]:
    """In seconds since the timeline began."""
    story = dossier.story
    began = min((span.started_us for span in story.spans), default=0)
    told = {f"{name}: bit": "yes" if receipt.bit else "no" for name, receipt in story.receipts.items()}
    for window in story.windows:
        told[f"{window.name}: struck"] = f"{(window.started_us - began) / 1e6:.1f} s"
        told[f"{window.name}: lasted"] = f"{(window.ended_us - window.started_us) / 1e6:.1f} s"
    return told


def _counts(dossier: Dossier) -> Mapping[str, str]:
    return {
        f"{variant.variant}: {what}": value
        for variant in dossier.verdict.variants
        for what, value in _of_variant(variant)
    }


def _of_variant(variant: VariantVerdict) -> Iterator[tuple[str, str]]:
    yield "verdict", variant.verdict.value
    yield from ((name, f"{count:,}") for name, count in variant.counts.items())
    yield from ((word.value, f"{finding.count:,}") for word, finding in variant.findings.items())
    yield from ((f"{name} ms", f"{value:,.1f}") for name, value in variant.latency_ms.items())


SECTIONS = {"experiment": _experiment, "settings": _settings, "faults": _faults, "counts": _counts}
