"""`brokerlab workshop`: the six questions in the terminal, each with a guess, an experiment, and what came of it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from brokerlab.cli import options, terminal, tree
from brokerlab.core import folders
from brokerlab.core.errors import UsageError
from brokerlab.core.questions import QUESTIONS

if TYPE_CHECKING:
    from rich.console import Console

    from brokerlab.cli.labs import Where
    from brokerlab.core.scenario import Scenario
    from brokerlab.core.verdict import RunVerdict

app = tree.single()

Auto = Annotated[bool, typer.Option("--auto", help="Ask nothing: every experiment, one after the other.")]
Again = Annotated[bool, typer.Option("--again", help="From the beginning, not from where you stopped.")]
Number = Annotated[
    int | None, typer.Option("--question", min=1, max=len(QUESTIONS), metavar="N", help="This question alone.")
]
KEYS = "numbers, or Enter for none; s skips this experiment, q quits"


@app.command(
    "workshop",
    epilog=tree.epilog(
        """
brokerlab workshop                  goes on where you stopped
brokerlab workshop --question 3
brokerlab workshop --auto --quick
"""
    ),
)
def workshop(
    auto: Auto = False,
    again: Again = False,
    question: Number = None,
    quick: options.Quick = False,
    java: options.Java = None,
    prometheus: options.Prometheus = True,
    keep: options.Keep = False,
    runs_dir: options.RunsDir = None,
) -> None:
    """Walk through the six questions: guess, see the experiment, compare.

    Exit code: that of the worst verdict among the experiments that were run.
    """
    from brokerlab.cli import labs
    from brokerlab.core.verdict import EXIT_CODE, worst

    if not auto and not sys.stdin.isatty():
        raise UsageError("the workshop asks questions, and there is no terminal to ask on", "say --auto")
    where = labs.Where(java=str(java) if java else None, prometheus=prometheus, keep=keep)
    tour = Tour(terminal.console(), where, runs_dir or folders.runs(), auto=auto, quick=quick)
    chosen = QUESTIONS if question is None else [QUESTIONS[question - 1]]
    progress = Progress.load(kept=question is None and not auto, again=again)
    verdicts = tour.walk(chosen, progress)
    raise typer.Exit(EXIT_CODE[worst(verdict.verdict for verdict in verdicts)] if verdicts else 0)


class QuitError(Exception):
    """The attendee has had enough for now."""


@dataclass
class Tour:
    """One walk through questions."""

    console: Console
    where: Where
    runs: Path
    auto: bool
    quick: bool
    verdicts: list[RunVerdict] = field(default_factory=list)

    def walk(self, questions: Sequence[str], progress: Progress) -> list[RunVerdict]:
        """Through these questions, without the experiments that are finished."""
        from brokerlab import catalog

        scenarios = [catalog.scenario(name) for name in catalog.scenario_names()]
        left = [each for each in scenarios if each.name not in progress.finished]
        try:
            for text in questions:
                self._question(text, [each for each in left if each.question == text], progress)
        except QuitError:
            terminal.say("until next time: `brokerlab workshop` goes on from here")
        else:
            progress.forget()
            terminal.say("that is all: `brokerlab runs list` has your experiments, `brokerlab report RUN` their pages")
        return self.verdicts

    def _question(self, text: str, scenarios: Sequence[Scenario], progress: Progress) -> None:
        from brokerlab.reports import lesson

        if scenarios:
            self.console.print(lesson.question(QUESTIONS.index(text) + 1, len(QUESTIONS), text))
        for scenario in scenarios:
            self._experiment(scenario)
            progress.add(scenario.name)

    def _experiment(self, scenario: Scenario) -> None:
        from brokerlab.cli import running
        from brokerlab.reports import lesson, table
        from brokerlab.reports.live import watching

        words = lesson.at_issue(scenario)
        self._print(*lesson.experiment(scenario), *lesson.asked(words, of_someone=not self.auto))
        guess = None if self.auto else self._guess(scenario)
        if guess is None and not self.auto:
            return
        wish = running.wish(scenario.name, (), {}, quick=self.quick)
        with watching(terminal.console(stderr=True)) as watcher:
            verdict, stored = running.carry_out(wish, self.where, self.runs, watcher)
        self.verdicts.append(verdict)
        table.show(verdict, self.console, question=scenario.question, folder=stored.folder)
        self._print(*lesson.outcome(verdict, words, guess), lesson.onward(verdict))

    def _print(self, *parts: object) -> None:
        for part in parts:
            self.console.print(part)

    def _guess(self, scenario: Scenario) -> set[str] | None:
        """The names of the variants that were chosen; None to skip. Raises QuitError."""
        while True:
            try:
                said = input(f"({KEYS}) > ").strip().lower()
            except EOFError:
                raise QuitError from None
            if said == "q":
                raise QuitError
            if said == "s":
                return None
            chosen = said.replace(",", " ").split()
            if all(word.isdigit() and 1 <= int(word) <= len(scenario.variants) for word in chosen):
                return {scenario.variants[int(word) - 1].name for word in chosen}
            terminal.say(f"{said!r} is no choice: numbers from 1 to {len(scenario.variants)}, such as: 1 2")


@dataclass
class Progress:
    """The scenarios that are finished; kept for the next walk, unless this one is not to be remembered."""

    finished: set[str]
    path: Path | None

    @classmethod
    def load(cls, *, kept: bool, again: bool) -> Progress:
        """What can't be read is none."""
        import json

        path = folders.state() / "workshop.json"
        if not kept:
            return cls(set(), None)
        try:
            told = [] if again else json.loads(path.read_text("utf-8"))
        except (OSError, ValueError):
            told = []
        return cls({name for name in told if isinstance(name, str)} if isinstance(told, list) else set(), path)

    def add(self, name: str) -> None:
        from brokerlab.core.files import write_json

        self.finished.add(name)
        if self.path:
            write_json(self.path, sorted(self.finished))

    def forget(self) -> None:
        if self.path:
            self.path.unlink(missing_ok=True)
