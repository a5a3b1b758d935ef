"""durability: what an acknowledgement by all in-sync replicas is worth when only one is in sync; and what it costs.

acks=all waits for the replicas that are in sync, and those may be one. With two replicas a partition the follower dies,
the leader goes on alone, then dies too; the follower, who is stale by now, returns first. `min.insync.replicas=2` makes
the leader refuse to go on alone: what can't be kept twice is not acknowledged, and nobody can write meanwhile. With
`unclean.leader.election.enable=true` the stale follower may lead: it is available at once, and what the leader had
acknowledged alone is gone. With false the partition waits for the one that has everything.
The third broker keeps the controllers' quorum and has no replica.
Sources: Kafka documentation, "Topic Configs": min.insync.replicas, unclean.leader.election.enable; "4.7 Replication:
Unclean leader election"; KIP-966 (eligible leader replicas); Gilbert and Lynch, "Brewer's conjecture", 2002.
"""

from __future__ import annotations

from brokerlab.core.load import Load
from brokerlab.core.scenario import Heal, Hurt, Scenario, Send, Story, Variant
from brokerlab.core.verdict import MessageRef, RunVerdict, VariantVerdict
from brokerlab.core.words import LOSS, Word
from brokerlab.faults.kill_agent import KillAgent
from brokerlab.faults.kill_follower import KillFollower
from brokerlab.faults.kill_last import KillLast

# Patient: what is refused or not answered is sent again until it is, so that time, not failure, is what is measured.
_PATIENT = {
    "acks": "all",
    "enable.idempotence": "false",  # a log that was cut off behind a producer's last number ends an idempotent one
    "delivery.timeout.ms": "300000",
    "request.timeout.ms": "5000",
}
_AGAIN = frozenset({Word.DUPLICATE, Word.REORDERED, Word.REDELIVERED, Word.REWIND})
READER, FOLLOWER, LAST = "reader", "kill follower", "kill last in sync"
UNCLEAN = "min.isr=1, unclean"


def _variant(minimum: int, unclean: bool) -> Variant:
    loses = minimum == 1 and unclean
    return Variant(
        name=f"min.isr={minimum}, {'unclean' if unclean else 'clean'}",
        permits=("loss" if loses else "no loss")
        + "; duplicates, reordering; "
        + ("available when any replica is" if loses else "unavailable meanwhile"),
        producer=_PATIENT,
        topic={"min.insync.replicas": str(minimum), "unclean.leader.election.enable": str(unclean).lower()},
        allows=_AGAIN | LOSS | {Word.MISPLACED} if loses else _AGAIN,
        shows=frozenset({Word.LOST} if loses else ()),
    )


VARIANTS = tuple(_variant(minimum, unclean) for unclean in (True, False) for minimum in (1, 2))

TIMELINE = (
    Send(0.3, answered=("*",), says="a third of the messages, both replicas in sync"),
    Hurt(READER, KillAgent("consumer", at="committed", share=0.35)),  # what it has read can't be lost to it any more
    Send(0.35, answered=("*",), says="the readers are down"),
    Hurt(FOLLOWER, KillFollower()),
    Send(0.6, answered=("min.isr=1, unclean", "min.isr=1, clean"), says="the leader is alone; min.isr=2 refuses"),
    Hurt(LAST, KillLast()),
    Send(0.7, at_most=0.5, says="nobody leads"),
    Heal(FOLLOWER),
    Send(0.8, answered=(UNCLEAN,), at_most=15.0, says="the stale follower is back; who may, goes on with it"),
    Heal(LAST),
    Send(0.9, answered=("*",), says="the last one in sync is back as well"),
    Heal(READER),
    Send(1.0, answered=("*",), says="the rest of the messages, with readers"),
)


def explain(verdict: RunVerdict, story: Story) -> tuple[str, ...]:
    """What was lost, and how long nobody could write: the trade, in this run's numbers."""
    last = story.receipts.get(LAST)
    node = last.facts["node"] if last else "the last replica in sync"
    told = [_lost(variant, node) for variant in verdict.variants if variant.found(Word.LOST)]
    kept = [variant for variant in verdict.variants if not any(map(variant.found, LOSS))]
    told += [_kept(variant) for variant in kept]
    return tuple(told)


def _lost(variant: VariantVerdict, node: str) -> str:
    finding = variant.findings[Word.LOST]
    return (
        f"{variant.variant}: {finding.count:,} acknowledged messages are gone, such as {_named(finding.examples)}: "
        f"{node} had them alone, and a stale replica was let lead. The longest time without an acknowledgement was "
        f"{_seconds(variant)}."
    )


def _kept(variant: VariantVerdict) -> str:
    return f"{variant.variant}: nothing was lost; for {_seconds(variant)} at a stretch nothing could be written."


def _seconds(variant: VariantVerdict) -> str:
    return f"{variant.latency_ms.get('outage', 0) / 1000:.1f} s"


def _named(examples: tuple[MessageRef, ...]) -> str:
    return " and ".join(f"#{ref.seq} (partition {ref.partition}, offset {ref.offset})" for ref in examples[:2])


SCENARIO = Scenario(
    name="durability",
    question="How do we guarantee it arrives?",
    claim="All in-sync replicas may be one: min.insync.replicas and unclean election trade loss for availability.",
    setup="three brokers, two replicas a partition, one topic a variant, all led by the same broker, acks=all",
    variants=VARIANTS,
    timeline=TIMELINE,
    explain=explain,
    load=Load(messages=2000, rate=1000),
    needs=frozenset({"agents", "kill", "restart"}),
    replicas=2,
    outage=True,
)
