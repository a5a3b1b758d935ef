"""Scenarios on a broker of memory: on one that keeps its promises they hold, on one that does wrong they do not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from brokerlab import catalog
from brokerlab.core.scenario import Scenario
from brokerlab.core.verdict import RunVerdict, Verdict
from brokerlab.core.watch import Silent
from brokerlab.core.words import Cause, Word
from brokerlab.engine.run import Request, run
from tests.fakes.memory_broker import Mischief
from tests.fakes.thread_lab import ThreadLab

NAMES = ("consumer-crash", "durability", "exactly-once")
WRONGS = {
    Word.LOST: Mischief(loses={150}),
    Word.DUPLICATE: Mischief(repeats={7}),
    Word.PHANTOM: Mischief(invents=(b"from nobody",)),
    Word.REORDERED: Mischief(reorders={90}),
    Word.RESURRECTED: Mischief(resurrects={3}),
    Word.SKIP: Mischief(skips={20}),
}
every = pytest.mark.parametrize("name", NAMES)


def carry_out(scenario: Scenario, folder: Path, mischief: Mischief | None = None) -> RunVerdict:
    """Smaller and faster than for real; the fake's groups have one member."""
    lab = ThreadLab()
    lab.broker.mischief = mischief or Mischief()
    load = replace(scenario.load, messages=600, rate=2000, consumers=1, partitions=1)
    return run(Request(lab, lab.broker, "run", scenario, scenario.variants, load, folder, store=lab.store), Silent())


@every
def test_it_holds_on_a_broker_that_keeps_its_promises(name: str, tmp_path: Path) -> None:
    verdict = carry_out(catalog.scenario(name), tmp_path)
    assert verdict.verdict is Verdict.HELD, verdict.reasons
    assert verdict.explanation


@every
@pytest.mark.parametrize("word", WRONGS)
def test_a_broker_that_does_wrong_is_caught(name: str, word: Word, tmp_path: Path) -> None:
    scenario = catalog.scenario(name)
    verdict = carry_out(scenario, tmp_path, WRONGS[word])
    for promised, variant in zip(scenario.variants, verdict.variants, strict=True):
        assert variant.found(word) >= 1, variant.variant
        assert variant.verdict is Verdict.BROKEN or word in promised.allows, variant.variant


ALL = "every one"
EXCLUDED = [
    ("retries", Word.LOST, ALL),
    ("retries", Word.DUPLICATE, "retries+idempotence"),
    ("retries", Word.REORDERED, "retries+idempotence"),
    ("fire-and-forget", Word.DUPLICATE, ALL),
    ("fire-and-forget", Word.PHANTOM, ALL),
]


@pytest.mark.parametrize(("name", "word", "variant"), EXCLUDED)
def test_what_a_variant_excludes_breaks_it_and_no_other(name: str, word: Word, variant: str, tmp_path: Path) -> None:
    """Their faults are the network's, which the fake lab has not: nothing holds there, and what is broken is found."""
    verdict = carry_out(catalog.scenario(name), tmp_path, WRONGS[word])
    assert verdict.verdict is Verdict.BROKEN
    broken = {each.variant for each in verdict.variants if each.verdict is Verdict.BROKEN}
    assert broken == ({each.variant for each in verdict.variants} if variant == ALL else {variant})


def swapped(name: str, variant: str, **options: str) -> Scenario:
    """The scenario with one variant alone, whose application behaves otherwise than it says."""
    scenario = catalog.scenario(name)
    (chosen,) = [each for each in scenario.variants if each.name == variant]
    return replace(scenario, variants=(replace(chosen, options=options),))


def test_a_consumer_that_commits_before_breaks_the_promise_of_one_that_commits_after(tmp_path: Path) -> None:
    verdict = carry_out(swapped("consumer-crash", "commit after", commit="before"), tmp_path)
    assert verdict.verdict is Verdict.BROKEN
    assert verdict.variants[0].found(Word.MISSED) > 0


def test_a_consumer_that_commits_after_does_not_show_what_one_that_commits_before_must(tmp_path: Path) -> None:
    verdict = carry_out(swapped("consumer-crash", "commit before", commit="after"), tmp_path)
    assert verdict.verdict is Verdict.BROKEN, "it repeats, which at most once excludes"
    assert verdict.variants[0].found(Word.MISSED) == 0


def test_one_that_waits_breaks_nothing_and_one_that_loses_is_caught(tmp_path: Path) -> None:
    scenario = catalog.scenario("durability")
    by_name = {variant.name: variant for variant in scenario.variants}
    waits, loses = by_name["min.isr=1, clean"], by_name["min.isr=1, unclean"]
    liar = replace(waits, name="liar", topic=loses.topic)
    verdict = carry_out(replace(scenario, variants=(waits, loses, liar)), tmp_path)
    assert [variant.verdict for variant in verdict.variants] == [Verdict.HELD, Verdict.HELD, Verdict.BROKEN]
    lost = [variant.found(Word.LOST) for variant in verdict.variants]
    assert lost[0] == 0 < lost[1]
    assert "min.isr=1, unclean: " + f"{lost[1]:,} acknowledged messages are gone" in " ".join(verdict.explanation)
    assert "min.isr=1, clean: nothing was lost" in " ".join(verdict.explanation)


COMMITTED = "transactions, read_committed"


def test_a_broker_that_gives_aborted_records_to_a_careful_reader_is_caught(tmp_path: Path) -> None:
    verdict = carry_out(catalog.scenario("exactly-once"), tmp_path, Mischief(leaks=True))
    *_, careful = verdict.variants
    assert (careful.variant, careful.verdict) == (COMMITTED, Verdict.BROKEN)
    assert careful.found(Word.ABORTED_READ) > 0


def test_a_broker_that_lets_a_zombie_write_is_caught(tmp_path: Path) -> None:
    verdict = carry_out(catalog.scenario("exactly-once"), tmp_path, Mischief(lets_zombies=True))
    zombie = next(receipt for receipt in verdict.receipts if receipt.fault == "pause agent")
    assert zombie.facts["fenced"] == []
    assert verdict.variants[-1].verdict is Verdict.BROKEN
    assert verdict.variants[-1].found(Word.DUPLICATE) > 0


def test_a_broker_that_commits_a_part_of_a_transaction_is_caught(tmp_path: Path) -> None:
    verdict = carry_out(catalog.scenario("exactly-once"), tmp_path, Mischief(tears=True))
    for variant in verdict.variants:
        transactional = variant.variant.startswith("transactions")
        assert ("transactions_committed" in variant.counts) is transactional
        assert bool(variant.found(Word.TORN_TRANSACTION)) is transactional
        assert variant.verdict is Verdict.BROKEN or not transactional


def test_a_reader_that_is_not_careful_breaks_the_promise_of_exactly_once(tmp_path: Path) -> None:
    scenario = catalog.scenario("exactly-once")
    liar = replace(scenario.variants[-1], consumer={"isolation.level": "read_uncommitted"})
    verdict = carry_out(replace(scenario, variants=(liar,)), tmp_path)
    assert verdict.verdict is Verdict.BROKEN
    assert verdict.variants[0].found(Word.ABORTED_READ) > 0


def test_exactly_once_says_what_it_costs_and_what_it_does_not_cover(tmp_path: Path) -> None:
    verdict = carry_out(catalog.scenario("exactly-once"), tmp_path)
    zombie = next(receipt for receipt in verdict.receipts if receipt.fault == "pause agent")
    assert zombie.facts["fenced"] == [COMMITTED, "transactions, read_uncommitted"]
    assert zombie.facts["went_on"] == ["idempotent", "plain"]
    for variant in verdict.variants[:2]:
        causes = variant.findings[Word.DUPLICATE].causes
        assert set(causes) == {Cause.SUCCESSOR, Cause.ZOMBIE}
        assert sum(causes.values()) == variant.found(Word.DUPLICATE)
    text = " ".join(verdict.explanation)
    assert f"{COMMITTED}: of 600 messages each was received once" in text
    assert "of plain)" in text
    for variant in verdict.variants[2:]:
        assert variant.counts["transactions_committed"] >= 3  # before, between and after the faults
        assert variant.counts["transactions_open"] == 2  # the dead one's, and the zombie's
        assert variant.found(Word.TORN_TRANSACTION) == 0
    assert f" {verdict.variants[-1].counts['transactions_committed']:,} transactions were committed, " in text
    lag = verdict.variants[-1].stages[0].lag_ms
    assert f"{COMMITTED} {lag['p50']:,.0f}/{lag['p99']:,.0f} ms (" in text
    assert "the client has no KIP-890" in verdict.explanation[-1]


def test_consumer_crash_says_how_many_and_which(tmp_path: Path) -> None:
    verdict = carry_out(catalog.scenario("consumer-crash"), tmp_path)
    held = verdict.receipts[0].facts["held"]
    auto, before, after = verdict.variants
    for variant in (auto, before):
        counts = held[variant.variant]
        assert variant.found(Word.MISSED) == counts["delivered"] - counts["processed"] > 0
        assert f"#{variant.findings[Word.MISSED].examples[0].seq} (partition 0" in " ".join(verdict.explanation)
    assert after.found(Word.REDELIVERED) == held[after.variant]["delivered"] - held[after.variant]["committed"] > 0
    assert "Nothing was missed: each of 600 messages" in verdict.explanation[-1]
