"""`brokerlab scenario run all` over a small catalog of our own, on a memory broker."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from brokerlab import catalog
from brokerlab.cli import every
from brokerlab.core.errors import LabError
from brokerlab.core.load import Load
from brokerlab.core.words import Word
from tests.cli.conftest import Run
from tests.fakes.memory_broker import Mischief
from tests.fakes.thread_lab import ThreadLab
from tests.unit.engine.test_run import PLAIN, STRICT

BASE = replace(PLAIN, load=Load(messages=1000, rate=0))
LENIENT = replace(STRICT, name="lenient", allows=frozenset({Word.LOST}))
SCENARIOS = {
    "one": replace(BASE, name="one", question="What is lost?"),
    "two": replace(BASE, name="two", variants=(LENIENT,)),
}


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> ThreadLab:
    """The catalog has SCENARIOS, and the lab is always the same one."""
    found = ThreadLab()

    @contextmanager
    def ready(*_: Any) -> Iterator[ThreadLab]:
        yield found

    monkeypatch.setattr(every, "ready", ready)
    monkeypatch.setattr(catalog, "scenario_names", lambda: sorted(SCENARIOS))
    monkeypatch.setattr(catalog, "scenario", SCENARIOS.__getitem__)
    monkeypatch.setattr(catalog, "broker", lambda name: found.broker)
    return found


def test_one_summary_in_every_form(brokerlab: Run, lab: ThreadLab) -> None:
    ran = brokerlab("scenario", "run", "all", "--quick", "--json", "--html", "all.html", "--junit", "all.xml")
    told = json.loads(ran.out)
    assert (ran.code, told["verdict"], told["exit_code"]) == (0, "held", 0)
    assert [(row["scenario"], row["variant"], row["observed"]["lost"]) for row in told["matrix"]] == [
        ("one", "strict", 0),
        ("two", "lenient", 0),
    ]
    assert told["matrix"][0]["upper_bounds"]["lost"] == 3 / 300
    assert [run["variants"][0]["counts"]["sent"] for run in told["runs"]] == [300, 300]
    suites = ET.parse("all.xml").getroot().findall("testsuite")
    assert [suite.get("name") for suite in suites] == ["brokerlab.one", "brokerlab.two"]
    page = Path("all.html").read_text()
    assert "What is lost?" in page
    assert "≤ 1 %" in page
    assert "one: held" in ran.err
    assert [run["state"] for run in json.loads(brokerlab("runs", "list", "--json").out)] == ["held", "held"]


def test_the_table_and_the_worst_exit_code(brokerlab: Run, lab: ThreadLab) -> None:
    lab.broker.mischief = Mischief(loses={150})
    ran = brokerlab("scenario", "run", "all", "--quick", "--quiet")
    assert (ran.code, ran.err) == (1, "")
    lines = [" ".join(line.split()) for line in ran.out.splitlines()]
    assert "guarantee verdict lost duplicate redelivered" in lines
    assert any(line.startswith("one ✗ broken 1 0") for line in lines)
    assert any(line.startswith("two ✓ held 1 0") for line in lines)
    assert "Verdict: ✗ broken (exit code 1)" in lines


@pytest.mark.parametrize("what", ["experiment", "whole"])
def test_one_that_cannot_be_run_does_not_stop_the_others(
    brokerlab: Run, lab: ThreadLab, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    usual = getattr(every, what)

    def failing(*arguments: Any) -> Any:
        if what == "whole" or arguments[1].scenario.name == "two":
            raise LabError("the broker is gone", "start another")
        return usual(*arguments)

    monkeypatch.setattr(every, what, failing)
    ran = brokerlab("scenario", "run", "all", "--quick", "--json", "--html", "all.html")
    told = json.loads(ran.out)
    assert (ran.code, [run["verdict"] for run in told["runs"]]) == (3, ["held", "inconclusive"])
    assert told["runs"][1]["reasons"] == ["the broker is gone", "start another"]
    assert "the broker is gone" in Path("all.html").read_text()
    assert "the broker is gone" in brokerlab("scenario", "run", "all", "--quick", "--quiet").out


def test_an_interruption_ends_it_all(brokerlab: Run, lab: ThreadLab, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupting(*_: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(every, "experiment", interrupting)
    ran = brokerlab("scenario", "run", "all", "--html", "all.html")
    assert (ran.code, ran.out) == (130, "")
    assert not Path("all.html").exists()


def test_what_makes_no_sense_for_all_is_refused(brokerlab: Run, lab: ThreadLab) -> None:
    ran = brokerlab("scenario", "run", "all", "--only", "strict")
    assert ran.code == 2
    assert "--only chooses among one scenario's variants" in ran.err


def test_quick_is_fewer_messages_and_nothing_else() -> None:
    usual = Load(messages=2000, rate=700)
    assert usual.quick == replace(usual, messages=600)
    assert Load(messages=500).quick.messages == 300
    assert Load(messages=100).quick.messages == 100
