"""`brokerlab runs` on a store of literal runs."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from brokerlab.core import folders
from brokerlab.core.files import write_json
from brokerlab.ledger import store
from brokerlab.reports import json as verdict_json
from tests.cli.conftest import Run
from tests.fakes import verdicts


@pytest.fixture
def stored(home: Path) -> store.StoredRun:
    """A finished run whose process has ended."""
    run = store.create(folders.runs(), "acks")
    write_json(run.folder / store.PLAN, {"scenario": "acks", "load": {"messages": 2000}})
    write_json(run.folder / store.OWNER, {"pid": 1, "started": 0})
    verdict_json.save(verdicts.HELD, run.folder)
    return run


def test_list(brokerlab: Run, stored: store.StoredRun) -> None:
    cut_short = store.create(folders.runs(), "acks")
    write_json(cut_short.folder / store.OWNER, {"pid": 1, "started": 0})
    lines = {line.split()[0]: line.split()[1:] for line in brokerlab("runs", "list").out.splitlines()}
    assert lines[stored.run] == ["acks", "2,000", "held"]
    assert lines[cut_short.run] == ["?", "?", "interrupted"]
    told = {run["run"]: run["state"] for run in json.loads(brokerlab("runs", "list", "--json").out)}
    assert told == {stored.run: "held", cut_short.run: "interrupted"}


def test_list_of_nothing_is_said_on_standard_error(brokerlab: Run) -> None:
    ran = brokerlab("runs", "list")
    assert (ran.code, ran.out) == (0, "")
    assert "no runs in" in ran.err
    assert json.loads(brokerlab("runs", "list", "--json").out) == []


def test_show(brokerlab: Run, stored: store.StoredRun) -> None:
    ran = brokerlab("runs", "show", "last")
    assert (ran.code, ran.err) == (0, "")
    assert "✓ held (exit code 0)" in ran.out
    assert "How do we guarantee it arrives?" in ran.out
    told = json.loads(brokerlab("runs", "show", stored.run[:15], "--json").out)
    assert verdict_json.decode(told) == verdicts.HELD


def test_show_draws_a_picture(brokerlab: Run, stored: store.StoredRun, home: Path) -> None:
    assert brokerlab("runs", "show", "last", "--svg", "acks.svg").code == 0
    picture = (home / "acks.svg").read_text()
    assert ET.fromstring(picture).tag.endswith("svg")
    assert "412" in picture
    assert "url(http" not in picture
    assert stored.run not in picture.replace(verdicts.RUN_ID, "")  # no path of this machine


def test_a_file_that_cannot_be_written_is_a_sentence(brokerlab: Run, stored: store.StoredRun, home: Path) -> None:
    (home / "file").write_text("")
    ran = brokerlab("runs", "show", "last", "--svg", "file/acks.svg")
    assert (ran.code, ran.out) == (2, "")
    assert "file/acks.svg can't be written" in ran.err


def test_show_of_an_interrupted_run_says_so(brokerlab: Run, stored: store.StoredRun) -> None:
    (stored.folder / store.VERDICT).unlink()
    ran = brokerlab("runs", "show", "last")
    assert (ran.code, ran.out) == (2, "")
    assert "is interrupted: it has no verdict" in ran.err


def test_delete_asks_before(brokerlab: Run, stored: store.StoredRun, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = brokerlab("runs", "delete", "last")
    assert ran.code == 2
    assert "no terminal to ask on" in ran.err
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.confirm", lambda question, err: False)
    assert brokerlab("runs", "delete", "last").code == 130
    assert stored.folder.is_dir()
    assert brokerlab("runs", "delete", "last", "--yes").code == 0
    assert list(folders.runs().iterdir()) == []


def test_check_of_an_incomplete_folder_is_a_sentence(brokerlab: Run, stored: store.StoredRun) -> None:
    ran = brokerlab("scenario", "check", "last")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error: ")
