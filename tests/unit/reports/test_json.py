"""JSON: whole, parseable, and back again."""

from __future__ import annotations

import json as standard
from pathlib import Path

import pytest

from brokerlab.core.errors import UsageError
from brokerlab.core.verdict import RunVerdict, Verdict
from brokerlab.reports import json
from tests.fakes import verdicts


@pytest.mark.parametrize("run", [verdicts.HELD, verdicts.GROWN])
def test_there_and_back(run: RunVerdict) -> None:
    assert json.decode(standard.loads(json.render(run))) == run


def test_what_a_script_looks_for() -> None:
    told = standard.loads(json.render(verdicts.HELD))
    assert (told["verdict"], told["exit_code"], told["version"]) == ("held", 0, 1)
    acks_1, acks_all = told["variants"][1:3]
    assert (acks_1["lost"], acks_1["lost_upper_bound"], acks_1["counts"]["acked"]) == (300, None, 1990)
    assert (acks_all["duplicated"], acks_all["lost_upper_bound"]) == (329, 3 / 2000)
    assert acks_all["findings"]["duplicate"]["count"] == 312
    assert acks_all["testimonies"][0]["agrees"] is True
    assert acks_all["identities"][0]["balanced"] is True
    assert told["receipts"][1]["facts"] == {"node": "kafka-1"}


def test_a_saved_verdict_is_private(tmp_path: Path) -> None:
    json.save(verdicts.HELD, tmp_path)
    assert (tmp_path / "verdict.json").stat().st_mode & 0o777 == 0o600


def test_another_version_is_refused_with_a_sentence() -> None:
    with pytest.raises(UsageError, match="version 2"):
        json.decode({"version": 2})


@pytest.mark.parametrize("verdict", list(Verdict))
def test_every_verdict_survives(verdict: Verdict) -> None:
    run = verdicts.run(verdicts.variant("v", verdict), verdict=verdict)
    assert json.decode(standard.loads(json.render(run))).verdict is verdict
