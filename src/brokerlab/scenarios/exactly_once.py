"""exactly-once: can the system handle it by itself? Consume, transform, produce, with and without transactions.

A processor reads one topic and writes another. It is killed when it has written a batch and not yet committed its
position; then another one is stopped with a batch in hand, replaced, and let go on as a zombie; then the leader of all
partitions is killed in the middle of a batch. Without transactions both processors' batches are written twice, and
idempotence does not help: a new process has a new producer id. With transactions (KIP-98), which take the position in
(KIP-447), the batch of the dead one is aborted and the zombie is fenced: a reader with
`isolation.level=read_committed` sees each message once. With read_uncommitted, the default of Kafka's Java client, it
is given the aborted ones as well.

Limits: confluent-kafka has no KIP-890 (the second transaction protocol, which closes a hole that a delayed request can
slip through); and a transaction covers what is in Kafka: the effect in a database or an e-mail is not in it.
Sources: KIP-98; KIP-447; KIP-890; Kafka documentation, "4.6 Message Delivery Semantics", "4.7 Using Transactions".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from brokerlab.core.load import Load
from brokerlab.core.scenario import Heal, Hurt, Scenario, Send, Story, Variant
from brokerlab.core.verdict import MessageRef, RunVerdict, VariantVerdict
from brokerlab.core.words import LOSS, Cause, Word
from brokerlab.faults.kill import KillLeader
from brokerlab.faults.kill_agent import KillAgent
from brokerlab.faults.pause import PauseFollowers
from brokerlab.faults.pause_agent import PauseAgent

_SAFE = {"acks": "all", "enable.idempotence": "true"}  # nothing may be lost or doubled in front of the processor
_TRANSACTIONS = {"transactional.id": "processor"}
_EVERYTHING = {"isolation.level": "read_uncommitted"}
_AGAIN = frozenset({Word.DUPLICATE, Word.REORDERED})
KILL, ZOMBIE, STALL, LEADER = "kill processor", "zombie", "pause", "kill leader"
_WHY = {
    Cause.SUCCESSOR: "{:,} had been written by the processor that was killed, but its position was not committed",
    Cause.ZOMBIE: "{:,} the zombie wrote, although its successor had written them already",
    Cause.PRODUCER_RETRY: "{:,} the processor's client sent again when it heard nothing of them",
    Cause.UNRECORDED: "of {:,} it is not recorded who wrote them again",
}
LIMITS = (
    "Limits of exactly-once here: the client has no KIP-890 (transactions of the first protocol), and a transaction "
    "covers what is in Kafka alone: an effect outside of it may still happen twice, or not at all."
)

VARIANTS = (
    Variant(
        name="plain",
        permits="duplicates, reordering; no loss",
        producer=_SAFE,
        consumer=_EVERYTHING,
        processor={"acks": "all", "enable.idempotence": "false"},
        allows=_AGAIN,
        shows=frozenset({Word.DUPLICATE}),
    ),
    Variant(
        name="idempotent",
        permits="duplicates, reordering; no loss",
        producer=_SAFE,
        consumer=_EVERYTHING,
        processor=_SAFE,
        allows=_AGAIN,
        shows=frozenset({Word.DUPLICATE}),
    ),
    Variant(
        name="transactions, read_uncommitted",
        permits="aborted reads; no loss, nothing committed twice",
        producer=_SAFE,
        consumer=_EVERYTHING,
        processor=_TRANSACTIONS,
        allows=frozenset({Word.ABORTED_READ}),
        shows=frozenset({Word.ABORTED_READ}),
    ),
    Variant(
        name="transactions, read_committed",
        permits="nothing: each message once, in order (see the limits)",
        producer=_SAFE,
        consumer={"isolation.level": "read_committed"},
        processor=_TRANSACTIONS,
    ),
)

TIMELINE = (
    Send(0.3, answered=("*",), says="a third of the messages through the processors"),
    Hurt(KILL, KillAgent("processor", at="offsets", share=0.55, gather="committed")),
    Heal(KILL),
    Send(0.55, answered=("*",), says="another processor goes on where the position was committed"),
    Hurt(ZOMBIE, PauseAgent("processor", at="taken", until="committed", share=0.7)),
    Send(0.7, answered=("*",), says="a third processor does what the stopped one has in hand"),
    Heal(ZOMBIE),
    Hurt(STALL, PauseFollowers()),
    Send(0.8, at_most=1.5, says="nothing can be acknowledged now, no transaction be committed"),
    Hurt(LEADER, KillLeader()),
    Heal(STALL),
    Send(1.0, answered=("*",), says="a follower takes over; the rest of the messages"),
    Heal(LEADER),
)


def explain(verdict: RunVerdict, story: Story) -> tuple[str, ...]:
    """What followed and why, with the run's own ids and offsets; what it cost; and what it does not cover."""
    told = [_twice(variant) for variant in verdict.variants if variant.found(Word.DUPLICATE)]
    told += [_aborted(variant) for variant in verdict.variants if variant.found(Word.ABORTED_READ)]
    told += [_once(variant) for variant in verdict.variants if variant.variant.endswith("read_committed")]
    kill = story.receipts.get(KILL)
    cost = _cost(kill.facts["held"]) if kill else ""
    return tuple(sentence for sentence in (*told, cost, _later(verdict.variants), LIMITS) if sentence)


def _twice(variant: VariantVerdict) -> str:
    finding = variant.findings[Word.DUPLICATE]
    return (
        f"{variant.variant}: {finding.count:,} messages stand in the log twice or more, such as "
        f"{_named(finding.examples)}: {'; '.join(_WHY[cause].format(n) for cause, n in finding.causes.items())}."
    )


def _aborted(variant: VariantVerdict) -> str:
    finding = variant.findings[Word.ABORTED_READ]
    return (
        f"{variant.variant}: {variant.counts['withdrawn']:,} records in the log belong to aborted transactions; "
        f"the reader was given {finding.count:,} such messages, which it could not tell from others, among them "
        f"{_named(finding.examples)}."
    )


def _once(variant: VariantVerdict) -> str:
    if any(variant.found(word) for word in (Word.DUPLICATE, Word.ABORTED_READ, Word.REDELIVERED, *LOSS)):
        return ""
    counts = variant.counts
    return (
        f"{variant.variant}: of {counts['acked']:,} messages each was received once; {counts['withdrawn']:,} records "
        f"of aborted transactions stand in its log, and the reader saw none.{_transactions(variant)}"
    )


def _transactions(variant: VariantVerdict) -> str:
    counts = variant.counts
    if "transactions_open" not in counts or variant.found(Word.TORN_TRANSACTION):
        return ""
    committed, aborted, left = (counts[f"transactions_{end}"] for end in ("committed", "aborted", "open"))
    return (
        f" {committed:,} transactions were committed, {aborted:,} aborted, {left:,} left open by a processor that died "
        "or was shut out: none of them is there in part."
    )


def _cost(held: Mapping[str, Mapping[str, int]]) -> str:
    """By each processor's own clock, from its start until it was killed."""
    rates = {name: _rate(counts) for name, counts in held.items()}
    plain = rates.get("plain")
    if not plain or len(rates) < 2:
        return ""
    told = ", ".join(
        f"{name} {each[0]:,.0f} messages a second ({each[1]:.0f} ms a batch"
        + (")" if name == "plain" else f", {each[0] / plain[0]:.0%} of plain)")
        for name, each in rates.items()
        if each
    )
    return f"What it costs, in the processor's own working time before it was killed: {told}."


def _later(variants: Sequence[VariantVerdict]) -> str:
    """From being sent to being given to the reader, of what was sent before any fault: what transactions delay."""
    lags = {variant.variant: variant.stages[0].lag_ms for variant in variants if variant.stages}
    plain = lags.get("plain")
    if not plain or len(lags) < 2:
        return ""
    told = ", ".join(
        f"{name} {lag['p50']:,.0f}/{lag['p99']:,.0f} ms"
        + ("" if name == "plain" else f" ({lag['p50'] / plain['p50']:.1f} times plain's p50)")
        for name, lag in lags.items()
        if lag
    )
    return f"And from the producer to the reader, of what was sent before the first fault (p50/p99): {told}."


def _rate(counts: Mapping[str, int]) -> tuple[float, float] | None:
    busy, batches = counts.get("busy_us", 0), counts.get("batches", 0)
    return (counts["produced"] / busy * 1e6, busy / batches / 1e3) if busy and batches else None


def _named(examples: tuple[MessageRef, ...]) -> str:
    return " and ".join(f"#{ref.seq} (partition {ref.partition}, offset {ref.offset})" for ref in examples[:2])


SCENARIO = Scenario(
    name="exactly-once",
    question="Can the system just handle this for me?",
    claim="Transactions read with read_committed pass each message on once; idempotence alone does not.",
    setup="three brokers; a producer, a topic, a processor, a second topic and a reader a variant; one leader for all",
    variants=VARIANTS,
    timeline=TIMELINE,
    explain=explain,
    load=Load(messages=2000, rate=500),
    needs=frozenset({"agents", "pause", "kill", "restart"}),
    roles=("consumer", "processor", "producer"),
)
