"""A scenario told to people, and as JSON: its question, its set-up, its timeline, and what each variant permits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from brokerlab.core.scenario import Grow, Heal, Hurt, Join, Scenario, Send, Step, Variant
from brokerlab.core.words import MEANING, Word


def parts(scenario: Scenario) -> Iterator[RenderableType]:
    """From top to bottom."""
    yield Text.assemble((scenario.name, "bold"), "  ", scenario.question)
    load = scenario.load
    each = f"{load.messages:,} messages of {load.size} bytes a variant, {load.rate:,} a second" + (
        "" if load.rate else " (as fast as it goes)"
    )
    for heading, text in (("Claim", scenario.claim), ("Set-up", scenario.setup), ("Load", each)):
        yield from (Text(f"\n{heading}", "bold"), Padding(Text(text), (0, 0, 0, 2), expand=False))
    yield Text("\nTimeline", "bold")
    yield Padding(timeline(scenario.timeline), (0, 0, 0, 2), expand=False)
    yield Text("\nVariants", "bold")
    for variant in scenario.variants:
        yield Padding(_variant(variant), (0, 0, 1, 2), expand=False)


def timeline(steps: Iterable[Step]) -> Table:
    """The steps in order, in words."""
    table = Table.grid(padding=(0, 2))
    for number, step in enumerate(steps, 1):
        table.add_row(f"{number}.", *_step(step))
    return table


def _step(step: Step) -> tuple[str, str]:
    match step:
        case Send(share=share, says=says):
            return f"send up to {share:.0%}", says
        case Grow(consumers=consumers):
            return f"grow to {consumers} consumers", "when all that was sent is processed"
        case Join():
            return "a second group joins", "when all that was sent is processed"
        case Hurt(name=name, fault=fault):
            return f"hurt: {name}", (type(fault).__doc__ or "").strip().partition("\n")[0]
        case Heal(name=name):
            return f"heal: {name}", ""


def _variant(variant: Variant) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_row(Text(variant.name, "bold"), variant.permits)
    settings = {**variant.producer, **variant.processor, **variant.consumer, **variant.topic}
    table.add_row("  settings", " ".join(f"{key}={value}" for key, value in settings.items()))
    if variant.options:
        table.add_row("  program", " ".join(f"{key}={value}" for key, value in variant.options.items()))
    table.add_row("  may show", _words(variant.allows) or "nothing")
    table.add_row("  must show", _words(variant.shows) or "nothing")
    return table


def _words(words: Iterable[Word]) -> str:
    return ", ".join(sorted(word.value for word in words))


def encode(scenario: Scenario) -> dict[str, Any]:
    """The scenario as JSON; the words that its variants name come with their meanings."""
    used = {word for variant in scenario.variants for word in (*variant.allows, *variant.shows)}
    return {
        "name": scenario.name,
        "question": scenario.question,
        "claim": scenario.claim,
        "setup": scenario.setup,
        "broker": scenario.broker,
        "nodes": scenario.nodes,
        "needs": sorted(scenario.needs),
        "load": asdict(scenario.load),
        "timeline": [" ".join(filter(None, _step(step))) for step in scenario.timeline],
        "variants": [
            {
                **asdict(variant),
                "allows": sorted(word.value for word in variant.allows),
                "shows": sorted(word.value for word in variant.shows),
                "linked": sorted(variant.linked),
            }
            for variant in scenario.variants
        ],
        "words": {word.value: MEANING[word] for word in sorted(used)},
    }
