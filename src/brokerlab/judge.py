"""The judge: every checker over one ledger, and what follows for the guarantee. Pure: it reads values and returns one.

A verdict starts inconclusive and is earned. `broken` needs one finding that the guarantee excludes; `held` needs that
there was something to break it: messages sent, faults that bit, met the variant's own messages and showed what they
must, a finished audit and drain, books that balance, a second witness that agrees. Merged: broken > inconclusive >
held.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from brokerlab.checkers import CHECKERS
from brokerlab.core.fault import Receipt
from brokerlab.core.scenario import Variant, Window
from brokerlab.core.verdict import Finding, Group, Identity, RunVerdict, Testimony, VariantVerdict, Verdict, worst
from brokerlab.core.words import ALWAYS_PERMITTED, MEANING, PREVENTS_JUDGEMENT, Word
from brokerlab.ledger import books
from brokerlab.ledger.autopsy import autopsies
from brokerlab.ledger.facts import Facts
from brokerlab.ledger.latency import latency_ms, open_within


def judge_variant(
    facts: Facts,
    variant: Variant,
    testimonies: Sequence[Testimony] = (),
    receipts: Mapping[str, Receipt] | None = None,
    windows: Sequence[Window] = (),
) -> VariantVerdict:
    """The verdict of one variant.

    receipts: by the name of the `Hurt` step, of every fault that was to bite; their fact `at_us` is when it struck,
    `at_stake` how many messages of each variant could be lost to it. windows: how long the faults lasted; one without
    a window only met what was in flight when it struck.
    """
    findings = {finding.word: finding for finding in (check(facts) for check in CHECKERS)}
    counts, identities = books.counts(facts), books.identities(facts, findings)
    breaches = tuple(_breaches(findings, variant, counts))
    missing = (
        *_evidence(facts, findings, variant, counts),
        *_faults(facts, variant, receipts or {}, {window.name: window for window in windows}),
        *_unbalanced(identities),
        *_disagreements(testimonies),
    )
    return VariantVerdict(
        variant=variant.name,
        verdict=Verdict.BROKEN if breaches else Verdict.INCONCLUSIVE if missing else Verdict.HELD,
        counts=counts,
        findings=findings,
        identities=identities,
        testimonies=tuple(testimonies),
        reasons=(*breaches, *missing) or (_held(facts, findings, variant, counts),),
        latency_ms=latency_ms(facts),
        autopsies=autopsies(facts, findings),
        permits=variant.permits,
    )


def judge_group(judged: VariantVerdict, group: Group) -> VariantVerdict:
    """The variant's verdict, when a second group of consumers was to get everything, too."""
    breaches, missing = tuple(_failures(group)), tuple(_gaps(group))
    found = [judged.verdict, *(Verdict.BROKEN for _ in breaches), *(Verdict.INCONCLUSIVE for _ in missing)]
    reasons = judged.reasons if judged.verdict is not Verdict.HELD or len(found) == 1 else ()
    return replace(judged, verdict=worst(found), reasons=(*breaches, *reasons, *missing), group=group)


def judge_run(
    run: str,
    scenario: str,
    variants: Sequence[VariantVerdict],
    receipts: Sequence[Receipt] = (),
    doubts: Sequence[str] = (),
) -> RunVerdict:
    """The verdict of a run: the worst of its variants'; with a doubt about the run as a whole, never held."""
    verdicts = [variant.verdict for variant in variants]
    if doubts:
        verdicts.append(Verdict.INCONCLUSIVE)
    reasons = [f"{v.variant}: {reason}" for v in variants if v.verdict is not Verdict.HELD for reason in v.reasons]
    if not variants:
        reasons.append("no variant was run")
    return RunVerdict(
        run=run,
        scenario=scenario,
        verdict=worst(verdicts),
        variants=tuple(variants),
        reasons=(*doubts, *reasons),
        receipts=tuple(receipts),
    )


def _breaches(findings: Mapping[Word, Finding], variant: Variant, counts: Mapping[str, int]) -> Iterator[str]:
    permitted = variant.allows | ALWAYS_PERMITTED | PREVENTS_JUDGEMENT
    for word, finding in findings.items():
        if finding.count and word not in permitted:
            yield (
                f"{finding.count:,} {word} ({finding.unit}, of {counts['sent']:,} messages sent), which {variant.name} "
                f"excludes: {MEANING[word]}"
            )


def _failures(group: Group) -> Iterator[str]:
    if group.missed.count:
        yield (
            f"the second group was never given {group.missed.count:,} of the messages that it was owed, such as "
            f"#{group.missed.examples[0].seq}"
        )
    if group.strangers:
        yield f"the second group was given {group.strangers:,} messages that nobody sent"


def _gaps(group: Group) -> Iterator[str]:
    if not group.drained:
        yield "the second group did not read to the end"
    if not group.since:
        yield "0 messages were sent since the second group joined"


def _evidence(
    facts: Facts, findings: Mapping[Word, Finding], variant: Variant, counts: Mapping[str, int]
) -> Iterator[str]:
    if not counts["sent"]:
        yield "nothing was sent"
    for word in sorted(variant.shows):
        if not findings[word].count:
            yield f"0 {word} of {counts['sent']:,} messages sent: the fault did not show what {variant.name} permits"
    yield from _unread(facts)
    yield from _open_transactions(facts)
    for word in sorted(PREVENTS_JUDGEMENT):
        if findings[word].count:
            yield f"{findings[word].count:,} {word} ({findings[word].unit}): {MEANING[word]}"
    yield from facts.ledger.torn


def _unread(facts: Facts) -> Iterator[str]:
    if not facts.ledger.audit.partitions:
        yield "nothing was audited"
    for part in facts.ledger.audit.partitions:
        if not part.complete:
            yield (
                f"the audit of partition {part.partition} stopped at offset {part.position:,} of {part.high:,}, "
                f"{part.high - part.position:,} offsets before its end"
            )
        if part.low > 0:
            yield f"the log of partition {part.partition} began at offset {part.low:,}: what was before it was deleted"


def _open_transactions(facts: Facts) -> Iterator[str]:
    if not facts.decided:
        yield "the audit of what is committed did not come to the end of the log: a transaction in it never ended"


def _faults(
    facts: Facts, variant: Variant, receipts: Mapping[str, Receipt], windows: Mapping[str, Window]
) -> Iterator[str]:
    for name, receipt in receipts.items():
        if not receipt.bit:
            yield f"the fault {name} left no receipt that it bit: {receipt.sentence}"
        elif "at_us" in receipt.facts:
            yield from _unmet(facts, variant.name, name, receipt.facts, windows.get(name))


def _unmet(facts: Facts, variant: str, fault: str, told: Mapping[str, Any], window: Window | None) -> Iterator[str]:
    """What a fault did to other variants shows nothing of this one."""
    began = ended = int(told["at_us"])
    if window:
        # An agent is held at a point of its work before it is hurt, and the messages sent then are what it has in hand.
        began, ended = window.started_us if "agents" in told else began, window.ended_us
    if not open_within(facts, began, ended):
        yield f"0 messages of {variant} were in flight when {fault} struck, and none was sent while it lasted"
    elif "at_stake" in told and not told["at_stake"].get(variant):
        yield f"0 messages of {variant} were at stake when {fault} struck: it had nothing of it to lose"


def _unbalanced(identities: Sequence[Identity]) -> Iterator[str]:
    for each in identities:
        if not each.balanced:
            yield (
                f"the books don't balance: {each.name} is {each.left:,} = {each.right:,}, "
                f"{abs(each.left - each.right):,} apart"
            )


def _disagreements(testimonies: Sequence[Testimony]) -> Iterator[str]:
    for each in testimonies:
        if not each.agrees:
            said = "no such number" if each.prometheus is None else f"{each.prometheus:,}"
            yield f"the witnesses disagree on {each.counter}: the ledger has {each.ledger:,}, Prometheus {said}"


def _held(facts: Facts, findings: Mapping[Word, Finding], variant: Variant, counts: Mapping[str, int]) -> str:
    excluded = findings.keys() - variant.allows - ALWAYS_PERMITTED - PREVENTS_JUDGEMENT - _moot(facts)
    return f"of {counts['sent']:,} messages sent, 0 findings of the {len(excluded)} kinds that {variant.name} excludes"


def _moot(facts: Facts) -> frozenset[Word]:
    """The words that nothing in this run could have earned: what they are about was not there, or not written down."""
    ledger = facts.ledger
    transactions = any(publisher.transactions is not None for publisher in ledger.publishers)
    possible = {
        Word.DUPLICATE_EFFECT: ledger.keeps_effects,
        Word.MISSED_EFFECT: ledger.keeps_effects,
        Word.RESURRECTED: ledger.changes is None,
        Word.PHANTOM_EVENT: ledger.changes is not None,
        Word.ABORTED_READ: ledger.committed is not None,
        Word.TORN_TRANSACTION: transactions,
        Word.LATE: ledger.deadline_us is not None,
        Word.VANISHED: facts.rereadable,
        Word.MISPLACED: facts.places.told > 0,
    }
    return frozenset(word for word, could in possible.items() if not could)
