"""A second group, on literal ledgers: what it was owed, what it was given, and what it was not."""

from __future__ import annotations

import pytest

from brokerlab.core.scenario import Span, Variant
from brokerlab.core.verdict import Verdict
from brokerlab.judge import judge_group, judge_variant
from brokerlab.ledger.facts import Facts
from brokerlab.ledger.group import second_group
from tests.fakes.histories import READ, SENT, TICK, Reader, history

QUEUE, LOG = Variant("queue", "", rereads=False), Variant("log", "")
JOINED = Span("join", "a second group", SENT + 5 * TICK - 10, SENT + 5 * TICK - 5)  # when 0..4 were sent


def judged(variant: Variant, *readers: Reader, sends: str = "A" * 10, log: str | None = None) -> tuple[Facts, Verdict]:
    facts = Facts(history(sends, log, second=readers, rereads=variant.rereads))
    group = second_group(facts, JOINED)
    return facts, judge_group(judge_variant(facts, variant), group).verdict


@pytest.mark.parametrize(("variant", "reads"), [(QUEUE, "5-9"), (QUEUE, "0-9"), (LOG, "0-9")])
def test_one_that_was_given_what_it_was_owed_holds(variant: Variant, reads: str) -> None:
    _, verdict = judged(variant, Reader(reads))
    assert verdict is Verdict.HELD


@pytest.mark.parametrize(("variant", "reads"), [(QUEUE, "5-8"), (QUEUE, "0-4 6-9"), (LOG, "5-9"), (LOG, "0-3 5-9")])
def test_one_that_missed_something_breaks_the_variant(variant: Variant, reads: str) -> None:
    _, verdict = judged(variant, Reader(reads))
    assert verdict is Verdict.BROKEN


def test_what_was_given_and_not_processed_is_missed_and_what_two_read_together_is_not() -> None:
    assert judged(QUEUE, Reader("5-9", processed=4))[1] is Verdict.BROKEN
    assert judged(QUEUE, Reader("5-9", processed=4), Reader("9"))[1] is Verdict.HELD


def test_what_nobody_sent_breaks_it() -> None:
    log = " ".join(map(str, range(10))) + " ?"
    facts, _ = judged(QUEUE, Reader("5-10"), log=log)
    assert second_group(facts, JOINED).strangers == 1


@pytest.mark.parametrize("reader", [Reader("5-9", drained=False), None])
def test_one_that_did_not_come_to_the_end_says_nothing(reader: Reader | None) -> None:
    _, verdict = judged(QUEUE, *([reader] if reader else []), sends="A" * (10 if reader else 5))
    assert verdict is Verdict.INCONCLUSIVE


def test_it_is_counted_apart_from_the_first() -> None:
    facts, _ = judged(LOG, Reader("0-9", commits={0: 10}, at=READ + TICK), Reader("3"))
    group = second_group(facts, JOINED)
    assert (group.before, group.read_before, group.since, group.read_since) == (5, 5, 5, 5)
    assert (group.missed.count, group.commits, group.drained) == (0, 1, True)
    assert (group.stage.messages, group.stage.lag_ms["p50"]) == (5, (READ + TICK - SENT) / 1000)
    assert facts.seen.redeliveries_at_home == 0


def test_what_was_lost_before_the_log_is_not_owed() -> None:
    """What the producer could not rely on may come or not."""
    assert judged(LOG, Reader("0-8"), sends="A" * 9 + "U", log="0 1 2 3 4 5 6 7 8")[1] is Verdict.HELD
