"""Scenarios on real brokers, each with a variant that promises what its settings do not keep: it must be caught."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from brokerlab import catalog
from brokerlab.brokers.kafka import BROKER
from brokerlab.core.scenario import Scenario, Variant
from brokerlab.core.verdict import RunVerdict, Verdict
from brokerlab.core.watch import Silent
from brokerlab.core.words import Word
from brokerlab.engine.run import Request, run
from brokerlab.labs.local.lab import LocalLab

pytestmark = pytest.mark.lab


def with_liar(name: str, promises: str, does: str) -> tuple[Scenario, Variant]:
    """The scenario with one variant more: it promises what one variant does, and does what another one does."""
    scenario = catalog.scenario(name)
    by_name = {variant.name: variant for variant in scenario.variants}
    honest = by_name[promises]
    liar = replace(by_name[does], name="liar", allows=honest.allows, shows=honest.shows)
    return replace(scenario, variants=(*scenario.variants, liar)), liar


def carry_out(lab: LocalLab, scenario: Scenario, folder: Path) -> RunVerdict:
    request = Request(lab, BROKER, folder.name, scenario, scenario.variants, scenario.load, folder)
    return run(request, Silent())


def test_consumer_crash(lab: LocalLab, tmp_path: Path) -> None:
    scenario, _ = with_liar("consumer-crash", promises="commit after", does="commit before")
    verdict = carry_out(lab, scenario, tmp_path)
    *honest, liar = verdict.variants
    assert [variant.verdict for variant in honest] == [Verdict.HELD] * 3, verdict.reasons
    assert (liar.verdict, verdict.verdict) == (Verdict.BROKEN, Verdict.BROKEN)
    assert liar.found(Word.MISSED) > 0
