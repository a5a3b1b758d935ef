"""End to end: a broker of memory does one thing wrong, the agents' own loops write it down, the judge catches it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from brokerlab.core.load import Load
from brokerlab.core.scenario import Variant
from brokerlab.core.verdict import VariantVerdict, Verdict
from brokerlab.core.words import Word
from brokerlab.judge import judge_variant
from brokerlab.ledger.facts import Facts
from brokerlab.ledger.read import load
from tests.fakes.memory_broker import MemoryBroker, Mischief
from tests.fakes.small_run import SmallRun

STRICT = Variant("strict", permits="nothing")
N = 100

WRONGS: dict[str, tuple[Mischief, dict[Word, int]]] = {
    "loses": (Mischief(loses={3, 50, 51}), {Word.LOST: 3}),
    "truncates what was read": (Mischief(truncates=5), {Word.VANISHED: 5}),
    "misplaces": (Mischief(misplaces={3, 99}), {Word.MISPLACED: 2}),
    "repeats": (Mischief(repeats={3, 50}), {Word.DUPLICATE: 2}),
    "invents": (Mischief(invents=(b"who is this?", b"")), {Word.PHANTOM: 2}),
    "reorders": (Mischief(reorders={40}), {Word.REORDERED: 1}),
    "corrupts": (Mischief(corrupts={7}), {Word.LOST: 1, Word.PHANTOM: 1}),
    "resurrects": (Mischief(resurrects={7, 8}), {Word.RESURRECTED: 2}),
    "skips": (Mischief(skips={20, 21, 60}), {Word.SKIP: 2, Word.MISSED: 3}),
    "rewinds": (Mischief(rewinds={30: 10}), {Word.REWIND: 1, Word.REDELIVERED: 10}),
    "loses and repeats: the counters see nothing": (
        Mischief(loses={10}, repeats={20}),
        {Word.LOST: 1, Word.DUPLICATE: 1},
    ),
}
PERMITTED: dict[str, tuple[Mischief, dict[Word, int]]] = {
    "nothing wrong": (Mischief(), {}),
    "ghosts": (Mischief(ghosts={5, 6}), {Word.GHOST: 2}),
    "drops": (Mischief(drops={5, 6}), {Word.DROPPED: 2}),
    "fails": (Mischief(fails={5, 6}), {Word.REFUSED: 2}),
    "answers late": (Mischief(delay_polls=3, room=7), {}),
}


def judge(folder: Path, mischief: Mischief, partitions: int = 1, **settings: str) -> VariantVerdict:
    run = SmallRun(folder, MemoryBroker(mischief), Load(messages=N, rate=0, partitions=partitions), settings)
    return judge_variant(Facts(run.all()), STRICT)


def found(verdict: VariantVerdict) -> dict[Word, int]:
    return {word: finding.count for word, finding in verdict.findings.items() if finding.count}


@pytest.mark.parametrize("wrong", WRONGS)
def test_every_wrong_is_caught_by_its_word_and_its_number(wrong: str, tmp_path: Path) -> None:
    mischief, expected = WRONGS[wrong]
    verdict = judge(tmp_path, mischief)
    assert found(verdict) == expected
    assert verdict.verdict is Verdict.BROKEN
    assert all(identity.balanced for identity in verdict.identities)


@pytest.mark.parametrize("what", PERMITTED)
def test_what_every_guarantee_permits_is_counted_and_holds(what: str, tmp_path: Path) -> None:
    mischief, expected = PERMITTED[what]
    verdict = judge(tmp_path, mischief)
    assert (found(verdict), verdict.verdict) == (expected, Verdict.HELD)


def test_with_acks_0_what_was_handed_over_is_lost(tmp_path: Path) -> None:
    verdict = judge(tmp_path, Mischief(loses={3, 4}), acks="0")
    assert (verdict.counts["handed"], verdict.counts["acked"]) == (N, 0)
    assert found(verdict) == {Word.LOST: 2}
    assert verdict.latency_ms == {}


def test_three_partitions_are_three_logs(tmp_path: Path) -> None:
    assert judge(tmp_path, Mischief(), partitions=3).verdict is Verdict.HELD


def test_a_second_consumer_that_begins_where_the_first_committed_repeats_nothing(tmp_path: Path) -> None:
    run = SmallRun(tmp_path)
    run.produce(limit=60)
    run.consume()
    first = load(tmp_path)
    run.consume()
    run.audit()
    verdict = judge_variant(Facts(load(tmp_path)), STRICT)
    assert len(first.consumers) == 1
    assert verdict.verdict is Verdict.HELD


def test_a_consumer_that_died_leaves_redeliveries_and_no_loss(tmp_path: Path) -> None:
    run = SmallRun(tmp_path)
    ledger = run.all()
    died = replace(ledger.consumers[0], processed=40, drained=False)
    successor = replace(ledger.consumers[0], deliveries=ledger.consumers[0].deliveries[30:], processed=N - 30)
    verdict = judge_variant(Facts(replace(ledger, consumers=(died, successor))), STRICT)
    assert found(verdict) == {Word.REDELIVERED: N - 30}
