"""idempotent-consumer: what keeps a consumer from doing twice what a message asks for once, and what does not.

Messages come twice for two reasons: a producer writes one again because it heard nothing of the first attempt, and a
consumer that died after its work, but before its commit, is given its batch again. Each variant's consumer brings about
an effect in Postgres for each message; they differ in how they remember what was done. One transaction over memory and
effect is safe wherever a consumer dies. Two systems, one after the other, are not, in either order. An offset kept with
the effect is safe against what is *delivered* twice; what was *written* twice has two offsets, so it needs an
idempotent producer, or ids. Sources: Hohpe and Woolf, Enterprise Integration Patterns, "Idempotent Receiver";
PostgreSQL documentation, "INSERT", ON CONFLICT; Kafka documentation, KafkaConsumer, "Storing Offsets Outside Kafka";
KIP-98.
"""

from __future__ import annotations

from brokerlab.core.load import Load
from brokerlab.core.scenario import Heal, Hurt, Scenario, Send, Story, Variant
from brokerlab.core.verdict import RunVerdict, VariantVerdict
from brokerlab.core.words import Word
from brokerlab.faults.drop_acks import DropAcks
from brokerlab.faults.kill_agent import KillAgent

KILL = "kill consumer"
_IMPATIENT = {"acks": "all", "request.timeout.ms": "500", "delivery.timeout.ms": "60000"}
_RETRYING = {**_IMPATIENT, "enable.idempotence": "false"}
_LINKED = frozenset({"producer"})
_TWICE = frozenset({Word.DUPLICATE, Word.REORDERED, Word.REDELIVERED, Word.REWIND})

VARIANTS = (
    Variant(
        name="naive",
        permits="an effect for each copy and each delivery",
        producer=_RETRYING,
        options={"effects": "none"},
        allows=_TWICE | {Word.DUPLICATE_EFFECT},
        shows=frozenset({Word.DUPLICATE, Word.REDELIVERED, Word.DUPLICATE_EFFECT}),
        linked=_LINKED,
    ),
    Variant(
        name="ids elsewhere, after",
        permits="the last batch's effects again",
        producer=_RETRYING,
        options={"effects": "effect-first"},
        allows=_TWICE | {Word.DUPLICATE_EFFECT},
        shows=frozenset({Word.DUPLICATE, Word.REDELIVERED, Word.DUPLICATE_EFFECT}),
        linked=_LINKED,
    ),
    Variant(
        name="ids elsewhere, before",
        permits="the last batch's effects never",
        producer=_RETRYING,
        options={"effects": "mark-first"},
        allows=_TWICE | {Word.MISSED_EFFECT},
        shows=frozenset({Word.DUPLICATE, Word.REDELIVERED, Word.MISSED_EFFECT}),
        linked=_LINKED,
    ),
    Variant(
        name="ids in the transaction",
        permits="copies and repetitions, one effect each",
        producer=_RETRYING,
        options={"effects": "transaction"},
        allows=_TWICE,
        shows=frozenset({Word.DUPLICATE, Word.REDELIVERED}),
        linked=_LINKED,
    ),
    Variant(
        name="offset in the transaction",
        permits="repetitions, one effect each",
        producer={**_IMPATIENT, "enable.idempotence": "true"},
        options={"effects": "position"},
        allows=frozenset({Word.REDELIVERED, Word.REWIND}),
        linked=_LINKED,
    ),
)

TIMELINE = (
    Send(0.3, answered=("*",), says="a third of the messages, on a healthy network"),
    Hurt("withheld", DropAcks()),
    Send(0.5, at_most=5.0, says="written, acknowledged to nobody: it will be sent again"),
    Send(0.5, answered=("*",), at_most=0.6),
    Heal("withheld"),
    Send(0.6, answered=("*",), says="the copies arrive"),
    Hurt(KILL, KillAgent("consumer", at="between", share=0.8)),
    Send(1.0, answered=("*",), says="the consumers died between their two steps; messages wait"),
    Heal(KILL),
)


def explain(verdict: RunVerdict, story: Story) -> tuple[str, ...]:
    """What followed and why, with the run's own numbers."""
    told = [_twice(variant) for variant in verdict.variants if variant.found(Word.DUPLICATE_EFFECT)]
    told += [_never(variant) for variant in verdict.variants if variant.found(Word.MISSED_EFFECT)]
    told += [_once(variant) for variant in verdict.variants if _is_safe(variant)]
    return (*told, *_costs(verdict))


def _twice(variant: VariantVerdict) -> str:
    finding = variant.findings[Word.DUPLICATE_EFFECT]
    example = finding.examples[0]
    return (
        f"{variant.variant}: {finding.count:,} messages had their effect twice or more, such as #{example.seq} "
        f"(partition {example.partition}, offset {example.offset}); {_came(variant)}."
    )


def _never(variant: VariantVerdict) -> str:
    finding = variant.findings[Word.MISSED_EFFECT]
    return (
        f"{variant.variant}: {finding.count:,} messages, such as #{finding.examples[0].seq}, never had an effect: the "
        "consumer noted elsewhere that they were done, died, and believed the note when they came again."
    )


def _once(variant: VariantVerdict) -> str:
    return (
        f"{variant.variant}: {variant.counts['effects']:,} effects of {variant.counts['received']:,} messages, "
        f"although {_came(variant)}: memory and effect were committed together or not at all."
    )


def _came(variant: VariantVerdict) -> str:
    """Attributed: what the producers' retries wrote twice, and what the consumer's death had delivered again."""
    copies = variant.counts["audited"] - variant.counts["logged"]
    again = variant.found(Word.REDELIVERED)
    return f"the producer's retries wrote {copies:,} copies, and the consumer's death had {again:,} delivered again"


def _costs(verdict: RunVerdict) -> tuple[str, ...]:
    """What remembering costs: all variants' consumers worked beside each other, on the same machine."""
    told = [_cost(variant) for variant in verdict.variants if variant.counts.get("busy_us")]
    if len(told) < 2:
        return ()
    return (f"What it costs: messages a second while at work, and p50/p99 from delivery to effect: {', '.join(told)}.",)


def _cost(variant: VariantVerdict) -> str:
    counts = variant.counts
    p50, p99 = (counts.get(f"effect_{name}_us", 0) / 1000 for name in ("p50", "p99"))
    rate = counts["processed"] / counts["busy_us"] * 1e6
    return f"{variant.variant} {rate:,.0f}, {p50:.1f}/{p99:.1f} ms"


def _is_safe(variant: VariantVerdict) -> bool:
    return bool(variant.counts.get("effects")) and not (
        variant.found(Word.DUPLICATE_EFFECT) or variant.found(Word.MISSED_EFFECT)
    )


SCENARIO = Scenario(
    name="idempotent-consumer",
    question="How do we make consumers 'safe' for duplicates?",
    claim="A message has its effect once if its id, or its offset, is committed in one transaction with the effect.",
    setup="Kafka with three brokers; each variant's consumer brings about one effect a message in Postgres",
    variants=VARIANTS,
    timeline=TIMELINE,
    explain=explain,
    load=Load(messages=2000, rate=1000),
    needs=frozenset({"links", "agents"}),
    store="postgres",
)
