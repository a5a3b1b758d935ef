"""From a run folder to a verdict: reads what was written down, hands it to the judge. Needs no lab, no network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from brokerlab.core.scenario import Scenario, Story, Variant
from brokerlab.core.verdict import Autopsy, RunVerdict, Testimony, VariantVerdict, Verdict, worst
from brokerlab.engine.plan import WITNESS, Plan, read_json, read_story
from brokerlab.engine.staff import slug
from brokerlab.judge import judge_group, judge_run, judge_variant
from brokerlab.ledger.books import counts
from brokerlab.ledger.facts import Facts
from brokerlab.ledger.group import second_group
from brokerlab.ledger.outage import longest_outage_ms
from brokerlab.ledger.read import load
from brokerlab.ledger.stages import stages
from brokerlab.metrics.witness import COUNTERS


def judge_folder(folder: Path, scenario: Scenario) -> RunVerdict:
    """Judge a finished run. Raises BrokerlabError for a folder that is incomplete or was changed."""
    plan, story, witness = Plan.read(folder), read_story(folder), read_json(folder / WITNESS)
    chosen = [variant for variant in scenario.variants if variant.name in plan.variants]
    judged = [_judge(folder, scenario, variant, story, witness) for variant in chosen]
    doubts = (witness["problem"],) if witness["url"] and witness["problem"] else ()
    verdict = judge_run(plan.run, plan.scenario, judged, tuple(story.receipts.values()), doubts)
    if story.skipped:
        verdict = _skipped(verdict, story)
    return replace(verdict, explanation=scenario.explain(verdict, story))


def _judge(
    folder: Path, scenario: Scenario, variant: Variant, story: Story, witness: Mapping[str, Any]
) -> VariantVerdict:
    facts = Facts(load(folder / "ledger" / slug(variant.name), piped=scenario.piped, rereads=variant.rereads))
    told = witness["counts"].get(variant.name)
    unanswered = int(facts.unanswered.sum())
    heard = () if not witness["url"] or witness["problem"] else testimonies(_by_all(facts), told, unanswered)
    judged = judge_variant(facts, variant, heard, story.receipts, story.windows)
    for joined in (span for span in story.spans if span.kind == "join"):
        judged = judge_group(judged, second_group(facts, joined))
    if not scenario.piped:  # what is acknowledged in front of a processor is in another log
        judged = replace(judged, autopsies=tuple(_led(each, story, variant.name) for each in judged.autopsies))
    judged = replace(judged, stages=stages(facts, story.spans))
    if not scenario.outage:
        return judged
    return replace(judged, latency_ms={**judged.latency_ms, "outage": longest_outage_ms(facts)})


def _led(autopsy: Autopsy, story: Story, variant: str) -> Autopsy:
    """With who led the message's partition when it was acknowledged, when somebody was seen to."""
    message = autopsy.message
    state = story.state_at(story.topics.get(variant, ""), message.partition, message.at_us)
    if message.offset < 0 or not state or state.leader == -1:
        return autopsy
    return replace(autopsy, leader=story.nodes.get(state.leader, f"broker {state.leader}"), epoch=state.epoch)


def _by_all(facts: Facts) -> dict[str, int]:
    """The counts as Prometheus has them: a second group's deliveries are among them."""
    told, second = counts(facts), facts.ledger.second
    told["delivered"] += sum(len(consumer.deliveries) for consumer in second)
    told["processed"] += sum(consumer.processed for consumer in second)
    return told


def testimonies(
    ledger: Mapping[str, int], prometheus: Mapping[str, int] | None, unanswered: int = 0
) -> tuple[Testimony, ...]:
    """One a counter. A counter that never counted has no series: 0, when the variant has others; else None.

    unanswered: how many sends their producer learned nothing of. The ledger has them among the unknown.
    """
    return tuple(
        Testimony(counter, ledger[counter], told, _explained(counter, ledger[counter], told, unanswered))
        for counter in COUNTERS
        for told in [None if prometheus is None else prometheus.get(counter, 0)]
    )


def _explained(counter: str, ledger: int, prometheus: int | None, unanswered: int) -> str:
    if counter == "unknown" and prometheus is not None and ledger - prometheus == unanswered > 0:
        return f"{unanswered:,} sends had no outcome yet when their producer ended, so it did not count them"
    return ""


def _skipped(verdict: RunVerdict, story: Story) -> RunVerdict:
    """Without its faults an experiment can find a guarantee broken, but never show that it held."""
    variants = tuple(
        variant
        if variant.verdict is Verdict.BROKEN
        else replace(variant, verdict=Verdict.SKIPPED, reasons=story.skipped)
        for variant in verdict.variants
    )
    return replace(
        verdict,
        verdict=worst(variant.verdict for variant in variants),
        variants=variants,
        reasons=(*story.skipped, *(r for v in variants if v.verdict is Verdict.BROKEN for r in v.reasons)),
    )
