"""The parts of the workshop's tour: a question, its experiment told without its outcome, and the guess against it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.panel import Panel
from rich.text import Text

from brokerlab.core.scenario import Scenario, Variant
from brokerlab.core.verdict import RunVerdict, VariantVerdict
from brokerlab.core.words import ALWAYS_PERMITTED, MEANING, PREVENTS_JUDGEMENT, Word
from brokerlab.reports import cells
from brokerlab.reports.scenarios import timeline

if TYPE_CHECKING:
    from rich.console import RenderableType

_READERS_STEPS = {Word.REWIND, Word.SKIP}  # what a reader did, not what became of a message


def question(number: int, of: int, text: str) -> RenderableType:
    title = f"Question {number} of {of}"
    return Panel(Text(text, "bold"), title=title, title_align="left", expand=False, padding=(1, 3))


def experiment(scenario: Scenario) -> Iterator[RenderableType]:
    """What is going to be done, to whom; not what comes of it."""
    yield Text.assemble("\nThe experiment: ", (scenario.name, "bold"), f" ({scenario.setup})")
    yield Padding(timeline(scenario.timeline), (0, 0, 0, 2), expand=False)
    yield Text("\nAll of these go through it at the same time:")
    for number, variant in enumerate(scenario.variants, 1):
        told = " ".join(f"{key}={value}" for key, value in _own(variant, scenario).items())
        yield Text.assemble(f"  {number}  ", (variant.name, "bold"), (f"  {told}", "dim"))


def at_issue(scenario: Scenario) -> list[Word]:
    """What the guess is about: whatever some variant must show; without any, all that can become of a message."""
    shown = {word for variant in scenario.variants for word in variant.shows}
    others = ALWAYS_PERMITTED | PREVENTS_JUDGEMENT | _READERS_STEPS
    return [word for word in Word if word in shown or (not shown and word not in others)]


def asked(words: Sequence[Word], *, of_someone: bool) -> Iterator[RenderableType]:
    """of_someone: there is someone who guesses."""
    whose = "Your guess: in" if of_someone else "In"
    yield Text(f"\n{whose} which of them will there be messages that are")
    for word in words:
        yield Text.assemble("  ", (word.value, "bold"), f": {MEANING[word]}")


def outcome(run: RunVerdict, words: Sequence[Word], guess: Collection[str] | None) -> Iterator[RenderableType]:
    """Each variant against the guess; guess: the variants' names, None when nobody guessed."""
    if guess is None or not run.variants:
        return
    right = [(variant.variant in guess) == _shows(variant, words) for variant in run.variants]
    yield Text(f"\nYour guess: {sum(right)} of {len(right)} right", "bold")
    for correct, variant in zip(right, run.variants, strict=True):
        said = "yes" if variant.variant in guess else "no"
        yield Text.assemble(
            ("  ✓ " if correct else "  ✗ "), (variant.variant, "bold"), f": you said {said}; {_found(variant, words)}"
        )


def onward(run: RunVerdict) -> RenderableType:
    """One thing to try next: the variant that showed most, at ten times the load; else the page of this run."""
    worst = max(run.variants, key=lambda variant: sum(f.count for f in variant.findings.values()), default=None)
    if worst is None or not any(finding.count for finding in worst.findings.values()):
        return Text.assemble("\nTry next: ", (f"brokerlab report {run.run} --open", "bold"))
    line = f"brokerlab scenario run {run.scenario} --only '{worst.variant}' --messages {worst.counts['sent'] * 10}"
    return Text.assemble("\nTry next: is it ten times as much at ten times the load?  ", (line, "bold"))


def _own(variant: Variant, scenario: Scenario) -> dict[str, str]:
    """What is not set the same in every variant."""
    everyones = set.intersection(*[set(_settings(each).items()) for each in scenario.variants])
    return {key: value for key, value in _settings(variant).items() if (key, value) not in everyones}


def _settings(variant: Variant) -> dict[str, str]:
    return {**variant.producer, **variant.processor, **variant.consumer, **variant.topic, **variant.options}


def _shows(variant: VariantVerdict, words: Sequence[Word]) -> bool:
    return any(variant.found(word) for word in words)


def _found(variant: VariantVerdict, words: Sequence[Word]) -> str:
    found = [f"{variant.found(word):,} {word.value}" for word in words if variant.found(word)]
    none = cells.observed(0, cells.base(variant)).replace("\n", " ")
    return ", ".join(found) or f"{none} {' or '.join(word.value for word in words)}"
