"""Scenarios with a store, on a broker and a store of memory: what each guard is worth, without the network's faults."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from brokerlab import catalog
from brokerlab.core.scenario import Grow, Heal, Hurt, Join, Scenario, Send
from brokerlab.core.verdict import RunVerdict, Verdict
from brokerlab.core.words import Cause, Word
from brokerlab.ledger.read import load
from tests.fakes.memory_broker import Mischief
from tests.unit.scenarios.test_on_fakes import carry_out, swapped

COPIES = Mischief(repeats={7, 90})


def without_network(scenario: Scenario) -> Scenario:
    steps = [step for step in scenario.timeline if not (isinstance(step, Hurt | Heal) and step.name == "withheld")]
    return replace(scenario, timeline=tuple(steps))


def consumed(tmp_path: Path, mischief: Mischief) -> dict[str, RunVerdict]:
    verdict = carry_out(without_network(catalog.scenario("idempotent-consumer")), tmp_path, mischief)
    return {variant.variant: variant for variant in verdict.variants}


def test_ids_guard_against_copies_and_repetitions_and_an_offset_against_repetitions_alone(tmp_path: Path) -> None:
    of = consumed(tmp_path, COPIES)
    assert [of[name].verdict for name in list(of)[:4]] == [Verdict.HELD] * 4, [of[name].reasons for name in of]
    assert of["naive"].found(Word.DUPLICATE_EFFECT) > 2
    assert of["ids elsewhere, after"].found(Word.DUPLICATE_EFFECT) > 0
    assert of["ids elsewhere, before"].found(Word.MISSED_EFFECT) > 0
    safe = of["ids in the transaction"]
    assert (safe.counts["effects"], safe.found(Word.DUPLICATE), safe.found(Word.REDELIVERED) > 0) == (600, 2, True)
    by_offset = of["offset in the transaction"]
    assert by_offset.verdict is Verdict.BROKEN, "its producer is to be idempotent, and was not"
    assert by_offset.found(Word.DUPLICATE_EFFECT) == 2


def test_an_offset_is_enough_where_nothing_is_written_twice(tmp_path: Path) -> None:
    of = consumed(tmp_path, Mischief())
    assert of["offset in the transaction"].verdict is Verdict.HELD
    assert of["naive"].verdict is Verdict.INCONCLUSIVE, "no copy was written, so nothing is shown of copies"


@pytest.mark.parametrize(
    ("effects", "word"),
    [
        ("none", Word.DUPLICATE_EFFECT),
        ("effect-first", Word.DUPLICATE_EFFECT),
        ("mark-first", Word.MISSED_EFFECT),
        ("position", Word.DUPLICATE_EFFECT),
    ],
)
def test_a_guard_that_is_none_is_caught(effects: str, word: Word, tmp_path: Path) -> None:
    scenario = without_network(swapped("idempotent-consumer", "ids in the transaction", effects=effects))
    verdict = carry_out(scenario, tmp_path, COPIES)
    assert verdict.verdict is Verdict.BROKEN
    assert verdict.variants[0].found(word) > 0


def test_the_outbox_loses_nothing_and_invents_nothing_and_what_is_told_twice_is_done_once(tmp_path: Path) -> None:
    verdict = carry_out(catalog.scenario("outbox"), tmp_path)
    assert verdict.verdict is Verdict.HELD, verdict.reasons
    after, before, outbox = verdict.variants
    assert 0 < after.found(Word.LOST) <= 20
    assert 0 < before.found(Word.PHANTOM_EVENT) <= 20
    held = next(receipt for receipt in verdict.receipts if "relay" in receipt.sentence).facts["held"]["outbox"]
    assert outbox.found(Word.DUPLICATE) == held["published"] - held["marked"] > 0
    assert outbox.findings[Word.DUPLICATE].causes == {Cause.RELAY: outbox.found(Word.DUPLICATE)}
    assert outbox.counts["committed"] == outbox.counts["effects"] == 600
    assert f"#{after.findings[Word.LOST].examples[0].seq}, have no event" in " ".join(verdict.explanation)


@pytest.mark.parametrize(("events", "word"), [("db-then-broker", Word.LOST), ("broker-then-db", Word.PHANTOM_EVENT)])
def test_a_dual_write_that_calls_itself_an_outbox_is_caught(events: str, word: Word, tmp_path: Path) -> None:
    verdict = carry_out(swapped("outbox", "outbox", events=events, effects="transaction"), tmp_path)
    assert verdict.verdict is Verdict.BROKEN
    assert verdict.variants[0].found(word) > 0


def test_consumers_of_an_outbox_that_know_no_ids_do_twice_what_is_told_twice(tmp_path: Path) -> None:
    verdict = carry_out(swapped("outbox", "outbox", events="outbox", effects="none"), tmp_path)
    assert verdict.verdict is Verdict.BROKEN
    assert verdict.variants[0].found(Word.DUPLICATE_EFFECT) > 0


def test_a_broker_that_loses_an_event_is_caught(tmp_path: Path) -> None:
    outbox = swapped("outbox", "outbox", events="outbox", effects="transaction")
    verdict = carry_out(outbox, tmp_path, Mischief(loses={9}))
    assert verdict.verdict is Verdict.BROKEN
    assert verdict.variants[0].found(Word.LOST) == 1


def test_a_load_that_grows_has_more_consumers_and_a_figure_a_stage(tmp_path: Path) -> None:
    """The fake's consumers each read all of it, which is allowed here."""
    scenario = catalog.scenario("database")
    variant = replace(scenario.variants[-1], allows=frozenset(Word), shows=frozenset())
    steps = (Send(0.3, rate=3000, says="1 worker"), Grow(3), Send(1.0, rate=1000, says="3 workers"))
    verdict = carry_out(replace(scenario, variants=(variant,), timeline=steps), tmp_path)
    assert verdict.verdict is Verdict.HELD, verdict.reasons
    first, second = verdict.variants[0].stages
    assert (first.name, first.messages, second.name, second.messages) == ("1 worker", 180, "3 workers", 420)
    assert first.per_second > 0
    assert first.lag_ms["p50"] <= first.lag_ms["p99"]
    assert len(load(tmp_path / "ledger" / "Kafka").consumers) == 3


def fanned_out(tmp_path: Path, deaf_to: set[int], *, rereads: bool) -> RunVerdict:
    """Half of it is sent when the second group joins."""
    scenario = catalog.scenario("database")
    variant = replace(scenario.variants[-1], shows=frozenset(), rereads=rereads)
    steps = (Send(0.5, answered=("*",)), Join(), Send(1.0, answered=("*",)))
    return carry_out(replace(scenario, variants=(variant,), timeline=steps), tmp_path, Mischief(deaf_to=deaf_to))


def test_a_second_group_reads_everything_and_is_counted_apart(tmp_path: Path) -> None:
    verdict = fanned_out(tmp_path, set(), rereads=True)
    assert verdict.verdict is Verdict.HELD, verdict.reasons
    (variant,) = verdict.variants
    assert variant.group
    assert (variant.group.read_before, variant.group.read_since) == (300, 300)
    assert (variant.counts["processed"], variant.counts["effects"], variant.duplicated) == (600, 600, 0)
    assert "the same log again, 300 messages of before it joined among it: 600 records" in " ".join(verdict.explanation)


@pytest.mark.parametrize(
    ("deaf_to", "rereads", "expected"),
    [
        ({450}, False, Verdict.BROKEN),
        ({10}, False, Verdict.HELD),  # of before it joined: it was promised none of that
        ({10}, True, Verdict.BROKEN),
        (set(range(300)), False, Verdict.HELD),
        (set(range(300)), True, Verdict.BROKEN),
    ],
)
def test_a_second_group_that_misses_what_it_is_owed_is_caught(
    deaf_to: set[int], rereads: bool, expected: Verdict, tmp_path: Path
) -> None:
    verdict = fanned_out(tmp_path, deaf_to, rereads=rereads)
    assert verdict.verdict is expected, verdict.reasons
    assert verdict.variants[0].found(Word.MISSED) == 0, "the first group missed nothing"
    if expected is Verdict.BROKEN:
        assert f"never given {len(deaf_to)} of the messages that it was owed" in verdict.reasons[0]
