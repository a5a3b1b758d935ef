"""outbox: how a change in a database and the event that tells of it come to be both, or neither.

An application changes a row and publishes an event. Two systems, two writes, and nothing that holds both: who dies
after the change and before the event has changed something that nobody hears of; who publishes first may tell of what
never happened. With a transactional outbox the event is a row of the same transaction, and a relay publishes what is
there. It dies, too: then it publishes again what it had not marked yet, which an idempotent consumer absorbs. The
database is the source of truth here: what is committed in it must be heard of, and nothing else. The writer dies
between its two writes, the relay between publishing and marking. Sources: Richardson, microservices.io, "Transactional
outbox" and "Polling publisher"; Kleppmann, "Designing Data-Intensive Applications", ch. 11, "Keeping Systems in Sync".
"""

from __future__ import annotations

from brokerlab.core.load import Load
from brokerlab.core.scenario import Heal, Hurt, Scenario, Send, Story, Variant
from brokerlab.core.verdict import RunVerdict, VariantVerdict
from brokerlab.core.words import Word
from brokerlab.faults.kill_agent import KillAgent

KILL_WRITER, KILL_RELAY = "kill writer", "kill relay"
_SAFE = {"acks": "all", "enable.idempotence": "true"}  # what is published is neither lost nor doubled by the client
_AGAIN = frozenset({Word.REDELIVERED, Word.REWIND})
_ONCE = "transaction"  # the consumers' guard, in every variant

VARIANTS = (
    Variant(
        name="database, then broker",
        permits="changes that nobody hears of",
        producer=_SAFE,
        options={"events": "db-then-broker", "effects": _ONCE},
        allows=_AGAIN | {Word.LOST},
        shows=frozenset({Word.LOST}),
    ),
    Variant(
        name="broker, then database",
        permits="events of what never happened",
        producer=_SAFE,
        options={"events": "broker-then-db", "effects": _ONCE},
        allows=_AGAIN | {Word.PHANTOM_EVENT},
        shows=frozenset({Word.PHANTOM_EVENT}),
    ),
    Variant(
        name="outbox",
        permits="events published again; one effect each",
        producer=_SAFE,
        options={"events": "outbox", "effects": _ONCE},
        allows=_AGAIN | {Word.DUPLICATE, Word.REORDERED},
        shows=frozenset({Word.DUPLICATE}),
    ),
)

TIMELINE = (
    Send(0.3, answered=("*",), says="a third of the changes, and their events"),
    Hurt(KILL_WRITER, KillAgent("writer", at="first", share=0.5)),
    Heal(KILL_WRITER),
    Send(0.6, says="another writer goes on with the next change"),
    Hurt(KILL_RELAY, KillAgent("relay", at="published", share=0.8)),
    Send(0.9, says="the relay died before it marked what it had published"),
    Heal(KILL_RELAY),
    Send(1.0, says="the rest of the changes"),
)


def explain(verdict: RunVerdict, story: Story) -> tuple[str, ...]:
    """What followed and why, with the run's own numbers."""
    told = [_unheard(variant) for variant in verdict.variants if variant.found(Word.LOST)]
    told += [_untrue(variant) for variant in verdict.variants if variant.found(Word.PHANTOM_EVENT)]
    told += [_absorbed(variant, story) for variant in verdict.variants if _is_whole(variant)]
    return tuple(told)


def _unheard(variant: VariantVerdict) -> str:
    finding = variant.findings[Word.LOST]
    return (
        f"{variant.variant}: {finding.count:,} of {variant.counts['committed']:,} committed changes, such as "
        f"#{finding.examples[0].seq}, have no event: their writer died after the commit and before it published."
    )


def _untrue(variant: VariantVerdict) -> str:
    finding = variant.findings[Word.PHANTOM_EVENT]
    example = finding.examples[0]
    return (
        f"{variant.variant}: {finding.count:,} events, such as #{example.seq} (offset {example.offset}), tell of "
        "changes that were never committed: their writer died after it had published. The consumers acted on them."
    )


def _absorbed(variant: VariantVerdict, story: Story) -> str:
    held = story.receipts[KILL_RELAY].facts["held"].get(variant.variant, {}) if KILL_RELAY in story.receipts else {}
    unmarked = held.get("published", 0) - held.get("marked", 0)
    return (
        f"{variant.variant}: each of {variant.counts['committed']:,} committed changes was heard of. The relay died "
        f"with {unmarked:,} events published and not marked; its successor published them again "
        f"({variant.found(Word.DUPLICATE):,} events have two offsets), and the consumers, who know the ids, brought "
        f"about {variant.counts['effects']:,} effects."
    )


def _is_whole(variant: VariantVerdict) -> bool:
    wrong = (Word.LOST, Word.PHANTOM_EVENT, Word.DUPLICATE_EFFECT, Word.MISSED_EFFECT)
    return variant.found(Word.DUPLICATE) > 0 and not any(variant.found(word) for word in wrong)


SCENARIO = Scenario(
    name="outbox",
    question="Can the system just handle this for me?",
    claim="A change and its event come to be both or neither if one transaction of the database holds both.",
    setup="an application with a Postgres, that publishes events to Kafka with three brokers; idempotent consumers",
    variants=VARIANTS,
    timeline=TIMELINE,
    explain=explain,
    load=Load(messages=2000, rate=1000),
    needs=frozenset({"agents"}),
    roles=("consumer", "relay", "writer"),
    store="postgres",
)
