"""The scenarios with faults of the network, on real brokers: each shows what it must, and a breach would be caught."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from brokerlab import catalog
from brokerlab.core.verdict import Verdict
from brokerlab.core.words import Word
from brokerlab.judge import judge_variant
from brokerlab.labs.local.lab import LocalLab
from brokerlab.ledger.facts import Facts
from brokerlab.ledger.read import load
from tests.lab.test_scenario_run import brokerlab

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the runs of this module are stored; they share one lab."""
    home = tmp_path_factory.mktemp("network")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BROKERLAB_STATE", str(home / "state"))
        patch.setenv("BROKERLAB_RUNS", str(home / "runs"))
        yield home / "runs"
        LocalLab.down()


def held(scenario: str) -> dict[str, dict[str, Any]]:
    """Run it; its variants by name."""
    ran = brokerlab("scenario", "run", scenario, "--messages", "1000", "--keep", "--quiet", "--json")
    assert ran.returncode == 0, ran.stderr + ran.stdout
    return {variant["variant"]: variant for variant in json.loads(ran.stdout)["variants"]}


def test_retries(runs: Path) -> None:
    told = held("retries")
    counts = {
        name: {word: told[name]["findings"][word]["count"] for word in ("duplicate", "reordered")} for name in told
    }
    assert counts["retries"]["duplicate"] > 0
    assert counts["retries"]["reordered"] > 0
    assert counts["retries, one in flight"]["duplicate"] > 0
    assert counts["retries+idempotence"] == {"duplicate": 0, "reordered": 0}
    # What this producer wrote, had idempotence been promised for it:
    (strict,) = (variant for variant in catalog.scenario("retries").variants if "idempotence" in variant.name)
    (ledger,) = runs.glob("*/ledger/retries")
    verdict = judge_variant(Facts(load(ledger)), strict)
    assert verdict.verdict is Verdict.BROKEN
    assert verdict.found(Word.DUPLICATE) == counts["retries"]["duplicate"]


def test_fire_and_forget(runs: Path) -> None:
    told = held("fire-and-forget")
    places = ("gone_in_client", "gone_on_wire", "gone_in_broker")
    gone = {name: {place: told[name]["counts"][place] > 0 for place in places} for name in told}
    assert gone["acks=0"] == {"gone_in_client": False, "gone_on_wire": True, "gone_in_broker": True}
    for name in ("acks=0, queue full", "acks=0, exit at once"):
        assert gone[name]["gone_in_client"], name
    for variant in told.values():
        counts = variant["counts"]
        assert sum(counts[place] for place in places) == counts["sent"] - counts["logged"]
        assert counts["gone_elsewhere"] == 0
