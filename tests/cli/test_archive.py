"""`brokerlab runs export` and `diff`: a run judged again elsewhere, and two runs compared."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from brokerlab import catalog
from brokerlab.core import folders
from brokerlab.core.files import write_json
from brokerlab.ledger import store
from brokerlab.reports import json as verdict_json
from tests.cli.conftest import Run
from tests.fakes.memory_broker import Mischief
from tests.fakes.thread_lab import ThreadLab
from tests.unit.engine.test_run import PLAIN, carry_out

Make = Callable[..., store.StoredRun]


@pytest.fixture
def make(home: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Carries out PLAIN with so many messages, and stores the run; the catalog knows it."""
    monkeypatch.setattr(catalog, "scenario_names", lambda: ["plain"])
    monkeypatch.setattr(catalog, "scenario", lambda name: PLAIN)

    def made(messages: int = 200, loses: set[int] | None = None) -> store.StoredRun:
        run = store.create(folders.runs(), "plain")
        lab = ThreadLab()
        lab.broker.mischief = Mischief(loses=loses or set())
        scenario = replace(PLAIN, load=replace(PLAIN.load, messages=messages))
        verdict_json.save(carry_out(lab, run.folder, scenario), run.folder)
        write_json(run.folder / store.OWNER, {"pid": 1, "started": 0})
        return run

    return made


def test_an_exported_run_is_judged_elsewhere_as_it_was_here(brokerlab: Run, make: Make) -> None:
    run = make(loses={150})
    here = brokerlab("scenario", "check", "last", "--json")
    (run.folder / "logs" / "producer-0.json").write_text('{"sasl.password": "secret"}')
    (run.folder / "logs" / "producer-0.log").write_text("what it said")
    ran = brokerlab("runs", "export", "last", "run.tar.gz")
    assert (ran.code, ran.out) == (0, "")
    assert Path("run.tar.gz").stat().st_mode & 0o777 == 0o600
    assert brokerlab("runs", "delete", "last", "--yes").code == 0
    with tarfile.open("run.tar.gz") as archive:
        names = archive.getnames()
        archive.extractall("elsewhere", filter="data")
    assert f"{run.run}/logs/producer-0.log" in names
    assert f"{run.run}/logs/producer-0.json" not in names
    there = brokerlab("scenario", "check", f"elsewhere/{run.run}", "--json")
    assert (there.code, json.loads(there.out)) == (here.code, json.loads(here.out))
    assert here.code == 1
    assert brokerlab("report", f"elsewhere/{run.run}", "-o", "report.html").code == 0


def test_a_run_that_is_running_or_a_place_that_cannot_be_written_is_a_sentence(brokerlab: Run, make: Make) -> None:
    run = make()
    ran = brokerlab("runs", "export", "last", "nowhere/run.tar.gz")
    assert (ran.code, "can't be written" in ran.err) == (2, True)
    (run.folder / store.VERDICT).unlink()
    write_json(run.folder / store.OWNER, store._me())
    ran = brokerlab("runs", "export", "last", "run.tar.gz")
    assert (ran.code, "still running" in ran.err) == (2, True)
    assert list(Path().iterdir()) == []


def test_what_differs_between_two_runs(brokerlab: Run, make: Make) -> None:
    one, other = make(), make(100, loses={70})
    ran = brokerlab("runs", "diff", one.run, other.run, "--json")
    told = json.loads(ran.out)
    assert (told["one"], told["other"]) == (one.run, other.run)
    found = {(d["section"], d["what"]): (d["one"], d["other"]) for d in told["differences"]}
    assert found["experiment", "messages"] == ("200", "100")
    assert found["experiment", "verdict"] == ("held", "broken")
    assert found["counts", "strict: lost"] == ("0", "1")
    assert ("experiment", "lab") not in found
    text = brokerlab("runs", "diff", one.run, other.run).out
    assert ["experiment", "messages", "200", "100"] in [line.split() for line in text.splitlines()]


def test_a_run_does_not_differ_from_itself(brokerlab: Run, make: Make) -> None:
    make()
    ran = brokerlab("runs", "diff", "last", "last")
    assert (ran.code, ran.out, ran.err) == (0, "", "the two runs differ in nothing\n")


def test_a_folder_that_is_no_run_is_not_found(brokerlab: Run, make: Make) -> None:
    Path("empty").mkdir()
    assert brokerlab("scenario", "check", "empty").code == 2
