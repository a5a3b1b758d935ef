"""The judge: a verdict starts inconclusive and is earned, and every reason is a sentence with numbers."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from brokerlab.core.fault import Receipt
from brokerlab.core.scenario import Variant, Window
from brokerlab.core.verdict import Autopsy, MessageRef, VariantVerdict, Verdict
from brokerlab.core.verdict import Testimony as Told
from brokerlab.core.words import Word
from brokerlab.judge import judge_run, judge_variant
from brokerlab.ledger.facts import Facts
from brokerlab.ledger.ledger import Ledger
from brokerlab.reports.json import decode, encode
from tests.fakes.histories import LATENCY, READ, SENT, TICK, Reader, history

STRICT = Variant("strict", permits="nothing")
LOSSY = Variant("lossy", permits="loss", allows=frozenset({Word.LOST}), shows=frozenset({Word.LOST}))
CLEAN = history("A" * 10)
LOSS = history("A" * 10, "0 1 2 3 4 5 6 7")
BIT = Receipt("kill", bit=True, sentence="the leader died", facts={"at_us": SENT})
MISSED = Receipt("kill", bit=False, sentence="the kill did not bite: kafka-1 is running")


def judge(ledger: Ledger, variant: Variant = STRICT, **more: object) -> VariantVerdict:
    return judge_variant(Facts(ledger), variant, **more)  # type: ignore[arg-type]  # passed on as they are


def test_a_clean_history_holds_and_says_of_how_many() -> None:
    verdict = judge(CLEAN, receipts={"kill": BIT}, testimonies=[Told("acked", 10, 10)])
    assert verdict.verdict is Verdict.HELD
    assert verdict.reasons == ("of 10 messages sent, 0 findings of the 11 kinds that strict excludes",)
    assert verdict.permits == "nothing"
    assert set(verdict.findings) == set(Word)


@pytest.mark.parametrize(
    ("word", "ledger"),
    [
        (Word.LOST, LOSS),
        (Word.VANISHED, history("AAA", "0 1", [Reader("0-1 2@2")])),
        (Word.MISSED, history("AAA", None, [Reader("0-1")])),
        (Word.MISPLACED, history("AAA", told="1@2")),
        (Word.DUPLICATE, history("AAA", "0 1 1 2")),
        (Word.REDELIVERED, history("AAA", None, [Reader("0-2"), Reader("2")])),
        (Word.DUPLICATE_EFFECT, history("AAA", effects="0 1 1 2")),
        (Word.RESURRECTED, history("AAF")),
        (Word.ABORTED_READ, history("AA", "0x 0 1", [Reader("0@0 1-2")], piped=True)),
        (Word.TORN_TRANSACTION, history("AA", "0 1x 1", piped=True, publishers=["0@0 1@1 o", "1@2 c"])),
        (Word.REORDERED, history("AAA", "0 2 1")),
        (Word.REWIND, history("AAA", None, [Reader("0-2 2")])),
        (Word.SKIP, history("AAA", None, [Reader("0 2 1")])),
        (Word.PHANTOM, history("AAA", "0 1 2 ?")),
        (Word.LATE, history("AAA", deadline_us=1)),
    ],
)
def test_a_finding_that_is_not_allowed_breaks_the_guarantee(word: Word, ledger: Ledger) -> None:
    verdict = judge(ledger)
    assert verdict.verdict is Verdict.BROKEN
    assert any(f" {word} (" in reason and "strict excludes" in reason for reason in verdict.reasons)
    allowed = judge(ledger, replace(STRICT, allows=frozenset(Word)))
    assert allowed.verdict is Verdict.HELD


def test_an_unknown_outcome_may_turn_out_either_way() -> None:
    verdict = judge(history("AUU", "0 1"))
    assert verdict.verdict is Verdict.HELD
    assert (verdict.found(Word.GHOST), verdict.found(Word.DROPPED)) == (1, 1)


def test_a_loss_that_is_permitted_and_shown_holds() -> None:
    assert judge(LOSS, LOSSY).verdict is Verdict.HELD


INCONCLUSIVE: dict[str, tuple[VariantVerdict, str]] = {
    "nothing was sent": (judge(history("...", "")), "nothing was sent"),
    "the fault showed nothing": (
        judge(CLEAN, LOSSY),
        "0 lost of 10 messages sent: the fault did not show what lossy permits",
    ),
    "the audit did not finish": (
        judge(history("AAAA", None, audited_to={0: 3})),
        "the audit of partition 0 stopped at offset 3 of 4, 1 offsets before its end",
    ),
    "nothing was audited": (judge(replace(CLEAN, audit=replace(CLEAN.audit, partitions=()))), "nothing was audited"),
    "the log was cut": (
        judge(history("AAAA", None, [Reader("0-3")], low=2)),
        "the log of partition 0 began at offset 2: what was before it was deleted",
    ),
    "something is unseen": (judge(history("AAAA", None, [Reader("0-1", drained=False)])), "2 unseen (messages): "),
    "the ledger is torn": (judge(replace(CLEAN, torn=("c1 lost 3 rows",))), "c1 lost 3 rows"),
    "the fault did not bite": (
        judge(CLEAN, receipts={"kill": MISSED}),
        "the fault kill left no receipt that it bit: the kill did not bite: kafka-1 is running",
    ),
    "nothing was in flight": (
        judge(CLEAN, receipts={"kill": replace(BIT, facts={"at_us": SENT + 9 * TICK + LATENCY + 1})}),
        "0 messages of strict were in flight when kill struck, and none was sent while it lasted",
    ),
    "the books don't balance": (
        judge(replace(CLEAN, consumers=(replace(CLEAN.consumers[0], processed=12),))),
        "the books don't balance: processed = deliveries that it is a part of is 12 = 10, 2 apart",
    ),
    "the witness disagrees": (
        judge(CLEAN, testimonies=[Told("acked", 10, 9), Told("sent", 10, 10)]),
        "the witnesses disagree on acked: the ledger has 10, Prometheus 9",
    ),
    "the witness is silent": (
        judge(CLEAN, testimonies=[Told("acked", 10, None)]),
        "the witnesses disagree on acked: the ledger has 10, Prometheus no such number",
    ),
}


@pytest.mark.parametrize("why", INCONCLUSIVE)
def test_what_was_not_shown_is_inconclusive(why: str) -> None:
    verdict, reason = INCONCLUSIVE[why]
    assert verdict.verdict is Verdict.INCONCLUSIVE
    assert [each for each in verdict.reasons if each.startswith(reason)], verdict.reasons


def test_unseen_prevents_a_judgement_even_where_it_is_allowed() -> None:
    everything = replace(STRICT, allows=frozenset(Word))
    assert judge(history("AA", None, [Reader("", drained=False)]), everything).verdict is Verdict.INCONCLUSIVE


def test_an_answer_that_came_after_the_fault_was_in_flight() -> None:
    answered_then = replace(BIT, facts={"at_us": SENT + 9 * TICK + LATENCY})
    assert judge(CLEAN, receipts={"kill": answered_then}).verdict is Verdict.HELD
    after_all = replace(BIT, facts={"at_us": READ})
    assert judge(history("AAAS"), receipts={"kill": after_all}).verdict is Verdict.HELD  # never answered at all


BEFORE = SENT - 3_600_000_000  # an hour before the first message


@pytest.mark.parametrize(
    ("facts", "lasted", "expected"),
    [
        ({"at_us": BEFORE}, None, Verdict.INCONCLUSIVE),
        ({"at_us": BEFORE}, (BEFORE, SENT - 1), Verdict.INCONCLUSIVE),
        ({"at_us": BEFORE}, (BEFORE, SENT), Verdict.HELD),
        ({"at_us": BEFORE, "at_stake": {"strict": 0, "other": 7}}, (BEFORE, SENT), Verdict.INCONCLUSIVE),
        ({"at_us": BEFORE, "at_stake": {"strict": 1, "other": 0}}, (BEFORE, SENT), Verdict.HELD),
        ({"at_us": READ}, (SENT, READ), Verdict.INCONCLUSIVE),
        ({"at_us": READ, "agents": ["c0"]}, (SENT, READ), Verdict.HELD),  # what was sent while the agent was caught
    ],
)
def test_a_fault_is_to_meet_the_variants_own_messages(
    facts: dict[str, object], lasted: tuple[int, int] | None, expected: Verdict
) -> None:
    windows = [Window("kill", *lasted)] if lasted else []
    verdict = judge(CLEAN, receipts={"kill": replace(BIT, facts=facts)}, windows=windows)
    assert verdict.verdict is expected, verdict.reasons


@pytest.mark.parametrize(
    ("ledger", "kinds"),
    [
        (CLEAN, 11),
        (history("HHH"), 10),  # nobody was told of a place: not misplaced
        (history("AAA", effects="0 1 2"), 13),  # + duplicate effect, missed effect
        (history("AAA", piped=True, publishers=["0@0 1@1 2@2 c"], committed_to={0: 3}), 13),  # + torn, aborted read
        (history("AAA", changes="0 1 2"), 11),  # a phantom event instead of resurrected
        (history("AAA", deadline_us=READ), 12),  # + late
    ],
)
def test_what_a_run_could_not_show_is_not_counted_as_absent(ledger: Ledger, kinds: int) -> None:
    (reason,) = judge(ledger).reasons
    assert f" 0 findings of the {kinds} kinds " in reason


def test_a_difference_that_is_explained_is_none() -> None:
    told = Told("unknown", 3, 2, "one producer was killed before it counted")
    assert judge(CLEAN, testimonies=[told]).verdict is Verdict.HELD


def test_broken_is_said_before_what_is_missing() -> None:
    verdict = judge(LOSS, receipts={"kill": MISSED})
    assert verdict.verdict is Verdict.BROKEN
    assert verdict.reasons[0].startswith("2 lost (messages, of 10 messages sent), which strict excludes: acknowledged")
    assert "left no receipt" in verdict.reasons[1]


def test_latencies_are_those_of_acknowledged_sends() -> None:
    assert judge(CLEAN).latency_ms == {"p50": 0.5, "p99": 0.5}
    assert judge(history("HHH")).latency_ms == {}
    ledger = history("A" * 100 + "U")
    ledger.sends[0]["latency"] = [*range(1000, 101_000, 1000), 9_999_999]
    assert judge(ledger).latency_ms == {"p50": 50.0, "p99": 99.0}


def test_counts_are_of_ids_and_of_rows() -> None:
    verdict = judge(history("AHUF.S", "0 1 1 2 ?", [Reader("0-4 0", 3)]))
    assert verdict.counts == {
        "sent": 5,
        "acked": 1,
        "handed": 1,
        "unknown": 2,
        "failed": 1,
        "received": 2,
        "logged": 3,
        "delivered": 6,
        "processed": 3,
        "audited": 5,
        "withdrawn": 0,
        "gone_in_client": 2,
        "gone_on_wire": 0,
        "gone_in_broker": 0,
        "gone_elsewhere": 0,
    }


def test_transactions_are_counted_by_their_ends_where_there_are_any() -> None:
    publishers = ["0@0 c 1@1 a", "1@2 c 2@3 o", "o"]
    counts = judge(history("AAA", "0 1x 1 2x", piped=True, publishers=publishers)).counts
    ends = {name: count for name, count in counts.items() if name.startswith("transactions")}
    assert ends == {"transactions_committed": 2, "transactions_aborted": 1, "transactions_open": 1}
    assert "transactions_open" not in judge(history("A", piped=True, publishers=["0@0"])).counts


def test_the_autopsy_of_a_lost_message_names_what_stands_in_its_place() -> None:
    ledger = history("AAAA", "0 1 3")  # 2 was acknowledged at offset 2, where 3 stands now
    (autopsy,) = judge(ledger).autopsies
    assert autopsy == Autopsy(
        Word.LOST,
        MessageRef(0, 2, partition=0, offset=2, at_us=SENT + 2 * TICK + LATENCY, sent_us=SENT + 2 * TICK),
        instead=MessageRef(0, 3, partition=0, offset=2),
        place="gone_elsewhere",
    )


def test_the_autopsy_of_a_misplaced_message_names_both_places_and_what_stands_at_the_one_it_was_told() -> None:
    (autopsy,) = judge(history("AA", "0 1", told="1@0")).autopsies
    assert (autopsy.word, autopsy.message.offset) == (Word.MISPLACED, 0)
    assert [ref.offset for ref in autopsy.logged] == [1]
    assert autopsy.instead == MessageRef(0, 0, partition=0, offset=0)


def test_the_autopsy_of_a_duplicate_names_every_place_and_delivery() -> None:
    (autopsy,) = judge(history("AA", "0 1 1")).autopsies
    assert autopsy.word is Word.DUPLICATE
    assert [ref.offset for ref in autopsy.logged] == [1, 2]
    assert [(ref.offset, ref.at_us) for ref in autopsy.delivered] == [(1, READ + TICK), (2, READ + 2 * TICK)]
    assert autopsy.instead is None


HELD, BROKEN, UNCLEAR = judge(CLEAN), judge(LOSS), judge(CLEAN, LOSSY)


@pytest.mark.parametrize(
    ("variants", "expected", "exit_code"),
    [
        ([HELD, HELD], Verdict.HELD, 0),
        ([HELD, UNCLEAR], Verdict.INCONCLUSIVE, 3),
        ([HELD, UNCLEAR, BROKEN], Verdict.BROKEN, 1),
        ([], Verdict.INCONCLUSIVE, 3),
        ([HELD, replace(HELD, verdict=Verdict.SKIPPED)], Verdict.SKIPPED, 3),
    ],
)
def test_a_run_is_as_good_as_its_worst_variant(
    variants: list[VariantVerdict], expected: Verdict, exit_code: int
) -> None:
    run = judge_run("r1", "acks", variants, [BIT])
    assert (run.verdict, run.exit_code) == (expected, exit_code)
    assert run.receipts == (BIT,)
    assert bool(run.reasons) == (expected is not Verdict.HELD)


def test_a_doubt_about_the_run_keeps_it_from_being_held_but_not_from_being_broken() -> None:
    assert judge_run("r1", "acks", [HELD], doubts=["Prometheus was silent"]).verdict is Verdict.INCONCLUSIVE
    assert judge_run("r1", "acks", [BROKEN], doubts=["Prometheus was silent"]).verdict is Verdict.BROKEN


def test_a_stored_verdict_is_read_back_as_it_was() -> None:
    run = judge_run("r1", "acks", [HELD, BROKEN, UNCLEAR], [BIT], ["one doubt"])
    stored = json.dumps(encode(run))
    assert decode(json.loads(stored)) == run
    assert '"duplicate effect"' in stored


def test_a_runs_reasons_name_the_variant() -> None:
    assert judge_run("r1", "acks", [HELD, UNCLEAR]).reasons == (
        "lossy: 0 lost of 10 messages sent: the fault did not show what lossy permits",
    )
