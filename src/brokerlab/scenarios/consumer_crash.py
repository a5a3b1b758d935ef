"""consumer-crash: what a consumer's commit is worth when the consumer dies in the middle of a batch.

A committed position says: all below it is done with. Whoever says so before it is true leaves messages behind that
nobody will be given again (at most once); whoever says so afterwards is given some twice (at least once). One of two
consumers is killed when it has processed half of what it was given; its partitions go to the other one, and to its
replacement: a rebalance. The client's own auto-commit counts a message as done when it was handed over
(`enable.auto.offset.store`), so work that lasts longer than its interval is committed ahead of being done.
Sources: Kafka documentation, "4.6 Message Delivery Semantics"; librdkafka, CONFIGURATION.md (enable.auto.commit,
enable.auto.offset.store); KIP-62 (heartbeats go on while the application works).
"""

from __future__ import annotations

from collections.abc import Mapping

from brokerlab.core.load import Load
from brokerlab.core.scenario import Heal, Hurt, Scenario, Send, Story, Variant
from brokerlab.core.verdict import MessageRef, RunVerdict, VariantVerdict
from brokerlab.core.words import Word
from brokerlab.faults.kill_agent import KillAgent

_SAFE = {"acks": "all", "enable.idempotence": "true"}  # nothing may be lost or doubled on the way into the log
_AGAIN = frozenset({Word.REDELIVERED, Word.REWIND})
KILL = "kill consumer"

VARIANTS = (
    Variant(
        name="auto-commit",
        permits="messages missed, and messages delivered again",
        producer=_SAFE,
        consumer={
            "enable.auto.commit": "true",
            "enable.auto.offset.store": "true",
            "auto.commit.interval.ms": "200",  # the default is 5000: work that takes longer than that does the same
        },
        options={"commit": "auto"},
        allows=_AGAIN | {Word.MISSED},
        shows=frozenset({Word.MISSED}),
    ),
    Variant(
        name="commit before",
        permits="messages missed: at most once",
        producer=_SAFE,
        options={"commit": "before"},
        allows=frozenset({Word.MISSED}),
        shows=frozenset({Word.MISSED}),
    ),
    Variant(
        name="commit after",
        permits="messages delivered again: at least once",
        producer=_SAFE,
        options={"commit": "after"},
        allows=_AGAIN,
        shows=frozenset({Word.REDELIVERED}),
    ),
)

TIMELINE = (
    Send(0.3, answered=("*",), says="a third of the messages, two consumers at work"),
    Hurt(KILL, KillAgent("consumer", at="midway", share=0.8, gather="processed")),
    Send(0.8, answered=("*",), says="one consumer of two is dead; the group has not noticed yet"),
    Heal(KILL),
    Send(1.0, answered=("*",), says="the partitions have moved; the rest of the messages"),
)


def explain(verdict: RunVerdict, story: Story) -> tuple[str, ...]:
    """What followed and why, with the run's own ids and offsets."""
    kill = story.receipts.get(KILL)
    held = kill.facts["held"] if kill else {}
    of = {variant.variant: held.get(variant.variant, {}) for variant in verdict.variants}
    told = [_missed(variant, of[variant.variant]) for variant in verdict.variants if variant.found(Word.MISSED)]
    told += [_again(variant, of[variant.variant]) for variant in verdict.variants if variant.found(Word.REDELIVERED)]
    return tuple(told)


def _missed(variant: VariantVerdict, held: Mapping[str, int]) -> str:
    finding = variant.findings[Word.MISSED]
    who = "its client had committed" if variant.variant == "auto-commit" else "it had committed"
    in_hand = held.get("delivered", 0) - held.get("processed", 0)
    return (
        f"{variant.variant}: the consumer died with {in_hand:,} messages in hand, whose position {who} already. "
        f"{finding.count:,} are in the log and will be given to nobody any more, such as {_named(finding.examples)}."
    )


def _again(variant: VariantVerdict, held: Mapping[str, int]) -> str:
    finding = variant.findings[Word.REDELIVERED]
    done = held.get("processed", 0) - held.get("committed", 0)
    told = (
        f"{variant.variant}: {finding.count:,} records were delivered again, such as {_named(finding.examples)}: the "
        f"consumer that died had not committed them, although {done:,} of them it had processed."
    )
    if variant.found(Word.MISSED):
        return told
    return f"{told} Nothing was missed: each of {variant.counts['received']:,} messages was processed at least once."


def _named(examples: tuple[MessageRef, ...]) -> str:
    return " and ".join(f"#{ref.seq} (partition {ref.partition}, offset {ref.offset})" for ref in examples[:2])


SCENARIO = Scenario(
    name="consumer-crash",
    question="How do we guarantee it arrives?",
    claim="Committing before processing misses messages when a consumer dies; committing after it repeats some.",
    setup="three brokers, one topic of four partitions and a group of two consumers a variant, acks=all, idempotence",
    variants=VARIANTS,
    timeline=TIMELINE,
    explain=explain,
    load=Load(messages=2000, rate=1000, consumers=2, partitions=4),
    needs=frozenset({"agents"}),
)
