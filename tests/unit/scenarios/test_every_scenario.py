"""What holds for every scenario there is: its timeline can be played, and what it must show is something it allows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from brokerlab import catalog
from brokerlab.core.fault import Receipt
from brokerlab.core.questions import QUESTIONS
from brokerlab.core.scenario import Heal, Hurt, Scenario, Send, Story
from brokerlab.core.verdict import Finding, MessageRef, RunVerdict, VariantVerdict, Verdict
from brokerlab.core.words import ALWAYS_PERMITTED, LOSS, Word
from tests.fakes import verdicts

SCENARIOS = [catalog.scenario(name) for name in catalog.scenario_names()]
every = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)


@every
def test_its_name_is_its_files(scenario: Scenario) -> None:
    assert catalog.scenario(scenario.name) is scenario


@every
def test_it_answers_one_of_the_questions(scenario: Scenario) -> None:
    assert scenario.question in QUESTIONS


@every
def test_a_quick_run_is_the_same_with_fewer_messages(scenario: Scenario) -> None:
    assert scenario.quick_load.messages < scenario.load.messages
    assert replace(scenario.quick_load, messages=scenario.load.messages) == scenario.load


@every
def test_what_must_show_is_allowed(scenario: Scenario) -> None:
    for variant in scenario.variants:
        assert variant.shows <= variant.allows | ALWAYS_PERMITTED, variant.name
        assert variant.permits, variant.name


@every
def test_what_may_vanish_may_be_lost_and_of_a_queue_it_is_not_asked(scenario: Scenario) -> None:
    for variant in scenario.variants:
        assert Word.VANISHED not in variant.allows or variant.allows >= LOSS, variant.name
        assert variant.rereads is (variant.topic.get("queue", "log") == "log"), variant.name


@every
def test_a_place_may_be_wrong_where_one_copy_may_be_lost_and_the_other_stay(scenario: Scenario) -> None:
    for variant in scenario.variants:
        assert (Word.MISPLACED in variant.allows) is (variant.allows >= {Word.LOST, Word.DUPLICATE}), variant.name


@every
def test_the_variants_have_names_of_their_own(scenario: Scenario) -> None:
    assert len({variant.name for variant in scenario.variants}) == len(scenario.variants)


@every
def test_its_timeline_sends_everything_and_heals_what_it_hurt(scenario: Scenario) -> None:
    shares = [step.share for step in scenario.timeline if isinstance(step, Send)]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    hurt: list[str] = []
    for step in scenario.timeline:
        if isinstance(step, Hurt):
            assert step.fault.needs <= scenario.needs
            hurt.append(step.name)
        elif isinstance(step, Heal):
            hurt.remove(step.name)
    assert hurt == []


@every
def test_it_waits_only_for_variants_that_it_has(scenario: Scenario) -> None:
    names = {variant.name for variant in scenario.variants} | {"*"}
    for step in scenario.timeline:
        if isinstance(step, Send):
            assert set(step.answered) <= names


def told(scenario: Scenario, found: dict[str, dict[Word, int]]) -> str:
    """The explanation of a run in which each variant had these findings."""
    counts = dict.fromkeys(("sent", "acked", "handed", "received", "logged", "audited"), 1000)
    variants = tuple(
        VariantVerdict(
            name,
            Verdict.HELD,
            {**counts, "audited": 1000 + words.get(Word.DUPLICATE, 0)},
            {word: Finding(word, count, examples=(MessageRef(0, 7, 0, 42),)) for word, count in words.items()},
        )
        for name, words in found.items()
    )
    kill = Receipt("kill", True, "kafka-2 was killed", {"node": "kafka-2", "new_leaders": ["kafka-3"]})
    story = Story({"kill": kill}, (), {}, {})
    return " ".join(scenario.explain(RunVerdict("r", scenario.name, Verdict.HELD, variants), story))


def test_acks_names_a_lost_message_and_who_had_it() -> None:
    text = told(catalog.scenario("acks"), {"acks=1": {Word.LOST: 30}, "acks=all": {Word.LOST: 0}})
    assert "acks=1 lost 30 acknowledged messages, such as #7 (partition 0, offset 42)" in text
    assert "kafka-2 acknowledged them alone, kafka-3 took over without them" in text
    assert "acks=all lost nothing" in text


def test_acks_claims_nothing_that_was_not_counted() -> None:
    text = told(catalog.scenario("acks"), {"acks=1": {Word.LOST: 0}, "acks=all": {Word.LOST: 3}})
    assert text == ""


def test_fire_and_forget_says_where_messages_ended_and_who_was_told() -> None:
    counts = {"sent": 1000, "gone_in_client": 50, "gone_on_wire": 20, "gone_in_broker": 30, "gone_elsewhere": 0}
    findings = {Word.REFUSED: Finding(Word.REFUSED, 10), Word.DROPPED: Finding(Word.DROPPED, 45)}
    variants = (
        VariantVerdict("bad", Verdict.HELD, counts, findings),
        VariantVerdict("good", Verdict.HELD, {"sent": 1000}, {}),
    )
    scenario = catalog.scenario("fire-and-forget")
    (text,) = scenario.explain(RunVerdict("r", scenario.name, Verdict.HELD, variants), Story({}, (), {}, {}))
    assert text.startswith("bad: 100 of 1,000 messages are gone (10%). 50 never left the client, 20 left it and")
    assert text.endswith("the program was told of 15 of them.")  # 10 refused, 5 given up; of 40 it did not wait to hear


def test_database_says_what_a_second_group_cost() -> None:
    scenario = catalog.scenario("database")
    variant = replace(verdicts.grown("SKIP LOCKED"), counts={"sent": 2000, "audited": 2000})
    storage = {
        "t": {"bytes": 8192, "dead": 2100, "written": 4001},
        "t.second": {"bytes": 4096, "dead": 500, "written": 1000},
    }
    run = RunVerdict("r", scenario.name, Verdict.HELD, (variant, replace(variant, variant="Kafka")))
    queue, log, shared = scenario.explain(run, Story({}, (), {"SKIP LOCKED": "t", "Kafka": "u"}, {}, storage=storage))
    assert "each of 500 messages was written into a table of its own: 1,000 rows inserted, updated or deleted" in queue
    assert "4 KiB (the first group's, of 2,000 messages: 4,001 rows, 8 KiB). In both, 2,600 dead rows" in queue
    assert "2,000 records for 2,000 messages and two groups" in log
    assert log.endswith("for the second one is 7 positions.")
    assert "compare shapes" in shared


def test_retries_counts_the_copies_and_what_stands_behind_later_ones() -> None:
    found = {"retries": {Word.DUPLICATE: 12, Word.REORDERED: 9}, "retries+idempotence": {Word.DUPLICATE: 0}}
    text = told(catalog.scenario("retries"), found)
    assert "12 messages were written twice or more (12 copies too many), such as #7" in text
    assert "9 messages stand behind later ones, such as #7 (offset 42)" in text
    assert "retries+idempotence met the same network and wrote each of 1,000 messages once, in order" in text
    for word in (Word.DUPLICATE, Word.REORDERED):
        assert "met the same" not in told(catalog.scenario("retries"), {"retries+idempotence": {word: 1}})
