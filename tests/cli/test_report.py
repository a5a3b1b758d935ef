"""`brokerlab report`: a stored run as a page, from the ledger of a run on a memory broker."""

from __future__ import annotations

import webbrowser
from pathlib import Path

import pytest

from brokerlab.cli.dossier import gather
from brokerlab.core import folders
from brokerlab.core.files import write_json
from brokerlab.core.load import Load
from brokerlab.core.verdict import Verdict
from brokerlab.engine.plan import Plan
from brokerlab.ledger import store
from brokerlab.reports import json as verdict_json
from tests.cli.conftest import Run
from tests.fakes import verdicts
from tests.fakes.thread_lab import ThreadLab
from tests.unit.engine.test_run import PLAIN, carry_out


@pytest.fixture
def stored(home: Path) -> store.StoredRun:
    run = store.create(folders.runs(), "plain")
    verdict_json.save(carry_out(ThreadLab(), run.folder), run.folder)
    write_json(run.folder / store.OWNER, {"pid": 1, "started": 0})
    return run


def test_it_is_written_into_the_run_folder_or_where_one_says(brokerlab: Run, stored: store.StoredRun) -> None:
    ran = brokerlab("report", "last")
    assert (ran.code, ran.out, ran.err) == (0, f"{stored.folder / 'report.html'}\n", "")
    assert "Messages a second" in (stored.folder / "report.html").read_text()
    ran = brokerlab("report", "last", "-o", "there.html")
    assert (ran.code, ran.out) == (0, f"{Path('there.html').absolute()}\n")
    assert Path("there.html").read_text() == (stored.folder / "report.html").read_text()


def test_open(brokerlab: Run, stored: store.StoredRun, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda url: opened.append(url) or False)
    ran = brokerlab("report", "last", "--open")
    assert opened == [(stored.folder / "report.html").as_uri()]
    assert (ran.code, ran.err) == (0, "no browser could be started here: open that file yourself\n")


def test_what_can_go_wrong_is_a_sentence(brokerlab: Run, stored: store.StoredRun) -> None:
    assert brokerlab("report", "nope").code == 2
    Path("file").touch()
    ran = brokerlab("report", "last", "-o", "file/report.html")
    assert (ran.code, ran.out) == (2, "")
    assert "can't be written" in ran.err
    ledger = next((stored.folder / "ledger").rglob("*.sends"))
    ledger.write_bytes(ledger.read_bytes()[:50])
    ran = brokerlab("report", "last", "-o", "half.html")
    assert ran.code == 3
    assert "is truncated" in ran.err
    assert not Path("half.html").exists()
    (stored.folder / store.VERDICT).unlink()
    ran = brokerlab("report", "last")
    assert ran.code == 2
    assert "it has no verdict" in ran.err


def test_the_charts_count_what_the_books_count(stored: store.StoredRun) -> None:
    run = verdict_json.decode(stored.verdict())
    dossier = gather(run, stored.folder, PLAIN)
    counts, series = run.variants[0].counts, dossier.series["strict"]
    assert (series.sent.sum(), series.claimed.sum()) == (counts["sent"], counts["acked"])
    assert series.received.sum() == counts["received"]
    assert [window.name for window in dossier.story.windows] == ["pause"]


def test_a_run_that_was_not_finished_has_a_report_too(brokerlab: Run, home: Path) -> None:
    run = store.create(folders.runs(), "acks")
    Plan(run.run, "acks", ("acks=1",), Load(), "local", "kafka").save(run.folder)
    verdict_json.save(verdicts.run(verdict=Verdict.INCONCLUSIVE, reasons=("no leader came",)), run.folder)
    assert brokerlab("report", "last").code == 0
    assert "no leader came" in (run.folder / "report.html").read_text()
