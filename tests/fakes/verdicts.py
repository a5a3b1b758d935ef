"""Literal verdicts: a run of `acks` as a judge could have given it, and a maker of others."""

from __future__ import annotations

from typing import Any

from brokerlab.core.fault import Receipt
from brokerlab.core.verdict import (
    Autopsy,
    Finding,
    Group,
    Identity,
    MessageRef,
    RunVerdict,
    Stage,
    Testimony,
    VariantVerdict,
    Verdict,
)
from brokerlab.core.words import Word

RUN_ID = "20261123-163239-acks-7f3a"


def variant(
    name: str,
    verdict: Verdict = Verdict.HELD,
    *,
    sent: int = 2000,
    acked: int = 2000,
    handed: int = 0,
    findings: dict[Word, int] | None = None,
    told: dict[str, tuple[int, int | None]] | None = None,
    **rest: Any,
) -> VariantVerdict:
    """told: {counter: (ledger, Prometheus)}."""
    found = findings or {}
    counts = {"sent": sent, "acked": acked, "handed": handed, "failed": 0, "unknown": sent - acked - handed}
    counts |= {"received": sent - found.get(Word.LOST, 0), "delivered": sent, "logged": sent}
    return VariantVerdict(
        variant=name,
        verdict=verdict,
        counts=counts,
        findings={word: Finding(word, count, examples=(MessageRef(0, 7, 0, 7),)) for word, count in found.items()},
        identities=(Identity("sent = acked + handed + failed + unknown", sent, sent),),
        testimonies=tuple(
            Testimony(counter, *numbers) for counter, numbers in (told or {"sent": (sent, sent)}).items()
        ),
        **rest,
    )


ACKS_0 = variant("acks=0", acked=0, handed=2000, findings={Word.LOST: 412}, permits="loss; nothing is confirmed")
ACKS_1 = variant(
    "acks=1",
    acked=1990,
    findings={Word.LOST: 300},
    permits="loss of what the dead leader alone had; duplicates, reordering",
    latency_ms={"p50": 2.14, "p99": 4310.2},
    autopsies=(Autopsy(Word.LOST, MessageRef(0, 7, 0, 7), instead=MessageRef(0, 1207, 0, 7)),),
)
ACKS_ALL = variant(
    "acks=all",
    findings={Word.DUPLICATE: 312, Word.REDELIVERED: 17},
    permits="no loss; duplicates, reordering",
    latency_ms={"p50": 3.0, "p99": 5310.9},
)
IDEMPOTENT = variant(
    "acks=all+idempotence", permits="no loss, nothing written twice, in order", latency_ms={"p50": 3.0, "p99": 12.5}
)

RECEIPTS = (
    Receipt("pause", True, "kafka-2 and kafka-3 stood still"),
    Receipt("kill", True, "kafka-1 was killed while 1,204 messages were in flight", {"node": "kafka-1"}),
)


def run(*variants: VariantVerdict, verdict: Verdict = Verdict.HELD, **rest: Any) -> RunVerdict:
    return RunVerdict(RUN_ID, "acks", verdict, variants, **rest)


HELD = run(ACKS_0, ACKS_1, ACKS_ALL, IDEMPOTENT, receipts=RECEIPTS, explanation=("acks=1 lost 300 messages.",))


def grown(name: str, *, slower: int = 1, missed: int = 0) -> VariantVerdict:
    """A variant whose load grew, and which a second group joined. Nothing came in its last stage. slower: how much."""
    return variant(
        name,
        stages=(
            Stage("1 worker", 500, 250.0 / slower, {"p50": 4.0 * slower, "p99": 12.0 * slower}, True),
            Stage("8 workers", 2000, 1900.5 / slower, {"p50": 9.0 * slower, "p99": 1234.5 * slower}, True),
            Stage("+ second group", 100, 0.0, {}, True),
        ),
        group=Group(
            before=1500,
            read_before=0,
            since=500,
            read_since=500 - missed,
            missed=Finding(Word.MISSED, missed),
            strangers=0,
            commits=7,
            drained=True,
            stage=Stage("since it joined", 500, 480.0, {"p50": 20.0, "p99": 55.0}),
        ),
    )


GROWN = run(grown("queue"), grown("log", slower=3, missed=2))
