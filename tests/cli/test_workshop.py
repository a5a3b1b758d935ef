"""`brokerlab workshop` over a small catalog of our own, on a memory broker, with an attendee who types."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from brokerlab import catalog
from brokerlab.cli import running
from brokerlab.core.load import Load
from brokerlab.core.questions import QUESTIONS
from brokerlab.core.scenario import Scenario
from brokerlab.core.words import Word
from tests.cli.conftest import Run
from tests.fakes.memory_broker import Mischief
from tests.fakes.thread_lab import ThreadLab
from tests.unit.engine.test_run import PLAIN, STRICT

LOSSY = replace(STRICT, name="lossy", allows=frozenset({Word.LOST}), shows=frozenset({Word.LOST}))
SETTINGS = {"acks": "all", "linger.ms": "0"}
QUIET = replace(STRICT, name="quiet", producer=SETTINGS)
LOSSY = replace(LOSSY, producer={**SETTINGS, "acks": "0"})
BASE = replace(PLAIN, load=Load(messages=100, rate=0), variants=(LOSSY, QUIET))
SCENARIOS: dict[str, Scenario] = {
    "first": replace(BASE, name="first", question=QUESTIONS[1], setup="one broker of memory"),
    "second": replace(BASE, name="second", question=QUESTIONS[4]),
}
Says = Callable[..., None]


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> ThreadLab:
    found = ThreadLab()
    found.broker.mischief = Mischief(loses={150})

    @contextmanager
    def ready(*_: Any) -> Iterator[ThreadLab]:
        yield found

    monkeypatch.setattr(running, "ready", ready)
    monkeypatch.setattr(catalog, "scenario_names", lambda: sorted(SCENARIOS))
    monkeypatch.setattr(catalog, "scenario", SCENARIOS.__getitem__)
    monkeypatch.setattr(catalog, "broker", lambda name: found.broker)
    return found


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch) -> Says:
    """Makes the attendee say these lines, one a question, and then close the terminal."""

    def said(*lines: str) -> None:
        rest = list(lines)

        def answer(prompt: str) -> str:
            if not rest:
                raise EOFError
            return rest.pop(0)

        monkeypatch.setattr("builtins.input", answer)
        monkeypatch.setattr(sys, "stdin", type("Terminal", (), {"isatty": staticmethod(lambda: True)}))

    return said


def test_a_question_a_guess_an_experiment_and_how_they_compare(brokerlab: Run, lab: ThreadLab, says: Says) -> None:
    says("2", "q")
    ran = brokerlab("workshop")
    assert "Question 2 of 6" in ran.out
    assert QUESTIONS[1] in ran.out
    assert "The experiment: first (one broker of memory)" in ran.out
    assert "1  lossy  acks=0\n  2  quiet  acks=all\n" in ran.out, "what all have in common is not told"
    assert ran.out.index("Your guess: in which") < ran.out.index("Verdict:") < ran.out.index("of 2 right")
    assert "✗ quiet: you said yes" in ran.out
    assert "Try next:" in ran.out
    assert "Question 5 of 6" in ran.out
    assert "goes on from here" in ran.err


def test_it_goes_on_where_one_stopped_and_again_from_the_beginning(brokerlab: Run, lab: ThreadLab, says: Says) -> None:
    says("s")
    ran = brokerlab("workshop")
    assert (ran.code, "first" in ran.out, "Verdict" in ran.out) == (0, True, False)
    says("q")
    assert "first" not in brokerlab("workshop").out
    says("q")
    assert "first" in brokerlab("workshop", "--again").out
    says("s", "s")
    assert "that is all" in brokerlab("workshop", "--again").err
    says("q")
    assert "first" in brokerlab("workshop").out, "after the end it begins anew"


def test_one_question_alone_changes_nothing_of_where_one_is(brokerlab: Run, lab: ThreadLab, says: Says) -> None:
    says("s", "q")
    brokerlab("workshop")
    says("s")
    ran = brokerlab("workshop", "--question", "2")
    assert "first" in ran.out
    assert "second" not in ran.out
    says("q")
    assert "first" not in brokerlab("workshop").out
    assert brokerlab("workshop", "--question", "7").code == 2


def test_what_is_no_choice_is_asked_again(brokerlab: Run, lab: ThreadLab, says: Says) -> None:
    says("3", "lossy", "q")
    ran = brokerlab("workshop")
    assert ran.err.count("is no choice: numbers from 1 to 2") == 2


def test_without_a_terminal_to_ask_on_it_says_so_and_with_auto_it_asks_nothing(brokerlab: Run, lab: ThreadLab) -> None:
    ran = brokerlab("workshop")
    assert (ran.code, ran.out) == (2, "")
    assert "say --auto" in ran.err
    ran = brokerlab("workshop", "--auto")
    assert ran.out.count("Verdict:") == 2
    assert "you said" not in ran.out
    assert "Your guess" not in ran.out, "nobody guesses"
    assert ran.code in (1, 3), "the worst of what was run"


def test_ctrl_c_ends_it(brokerlab: Run, lab: ThreadLab, says: Says, monkeypatch: pytest.MonkeyPatch) -> None:
    says()

    def interrupted(prompt: str) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("builtins.input", interrupted)
    assert brokerlab("workshop").code == 130
