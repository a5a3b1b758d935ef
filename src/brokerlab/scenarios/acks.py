"""acks: what acks=0, acks=1 and acks=all are worth when the leader of a partition dies.

One topic a variant, all led by the same broker; every variant goes through the same fault at the same time. While the
followers stall, the leader alone holds what is sent; then it dies, and the followers, who never saw those messages,
take over. Kafka truncates the old leader's log to the new leader's when it returns (KIP-101), so what only it had is
gone. Sources: Kafka documentation, "Producer Configs: acks" and "4.7 Replication"; KIP-101; KIP-98 (idempotence).
"""

from __future__ import annotations

from brokerlab.core.load import Load
from brokerlab.core.scenario import Heal, Hurt, Scenario, Send, Story, Variant
from brokerlab.core.verdict import MessageRef, RunVerdict, VariantVerdict
from brokerlab.core.words import LOSS, Word
from brokerlab.faults.kill import KillLeader
from brokerlab.faults.pause import PauseFollowers

_RETRY = {
    "delivery.timeout.ms": "60000",
    "request.timeout.ms": "20000",
}

VARIANTS = (
    Variant(
        name="acks=0",
        permits="loss; nothing is confirmed",
        producer={**_RETRY, "acks": "0", "enable.idempotence": "false"},
        allows=LOSS | {Word.REDELIVERED, Word.REWIND},
        shows=frozenset({Word.LOST}),
    ),
    Variant(
        name="acks=1",
        permits="loss of what the dead leader alone had; duplicates, reordering",
        producer={**_RETRY, "acks": "1", "enable.idempotence": "false"},
        allows=LOSS | {Word.DUPLICATE, Word.MISPLACED, Word.REORDERED, Word.REDELIVERED, Word.REWIND},
        shows=frozenset({Word.LOST}),
    ),
    Variant(
        name="acks=all",
        permits="no loss; duplicates, reordering",
        producer={**_RETRY, "acks": "all", "enable.idempotence": "false"},
        allows=frozenset({Word.DUPLICATE, Word.REORDERED, Word.REDELIVERED, Word.REWIND}),
    ),
    Variant(
        name="acks=all+idempotence",
        permits="no loss, nothing written twice, in order",
        producer={**_RETRY, "acks": "all", "enable.idempotence": "true"},
        allows=frozenset({Word.REDELIVERED, Word.REWIND}),
    ),
)

TIMELINE = (
    Send(0.5, answered=("*",), says="half of the messages, on a healthy cluster"),
    Hurt("pause", PauseFollowers()),
    # Well below the lab's broker.session.timeout.ms (2 s) as a rule. A machine that is held up takes longer, for the
    # leader alone must have acknowledged something; the controllers, which would notice, are held up as well.
    Send(
        0.8,
        answered=("acks=0", "acks=1"),
        at_most=5.0,
        says="the leader alone receives; acks=0 and acks=1 go on, acks=all waits",
    ),
    Hurt("kill", KillLeader()),
    Send(0.9, at_most=0.3, says="nobody leads; the producers go on sending"),
    Heal("pause"),
    Send(1.0, answered=("*",), says="a follower takes over; the rest of the messages"),
    Heal("kill"),
)


def explain(verdict: RunVerdict, story: Story) -> tuple[str, ...]:
    """What followed and why, with the run's own ids and offsets; what was done is said by the receipts."""
    by_name = {variant.variant: variant for variant in verdict.variants}
    told = [_loss(by_name[name], story) for name in ("acks=0", "acks=1") if name in by_name]
    kept = [variant for name, variant in by_name.items() if name.startswith("acks=all")]
    if kept and not any(variant.found(word) for variant in kept for word in LOSS):
        told.append(
            "acks=all lost nothing: an acknowledgement waits for every in-sync replica, so whoever takes over has the "
            "message, and what had no acknowledgement yet was sent again."
        )
    return tuple(sentence for sentence in told if sentence)


def _loss(variant: VariantVerdict, story: Story) -> str:
    finding = variant.findings.get(Word.LOST)
    if not finding or not finding.count:
        return ""
    if variant.variant == "acks=0":
        return (
            f"acks=0 lost {finding.count:,} of {variant.counts['handed']:,} messages handed to the socket: nobody had "
            "promised anything, and the producer never learned of it."
        )
    kill = story.receipts.get("kill")
    old = kill.facts["node"] if kill else "the old leader"
    new = " and ".join(kill.facts["new_leaders"]) if kill else "the new leader"
    return (
        f"acks=1 lost {finding.count:,} acknowledged messages, such as {_named(finding.examples)}: {old} acknowledged "
        f"them alone, {new} took over without them, and their offsets were given to other messages."
    )


def _named(examples: tuple[MessageRef, ...]) -> str:
    return " and ".join(f"#{ref.seq} (partition {ref.partition}, offset {ref.offset})" for ref in examples[:2])


SCENARIO = Scenario(
    name="acks",
    question="How do we guarantee it arrives?",
    claim="acks=all survives the death of a leader; acks=1 and acks=0 lose messages that the producer believes safe.",
    setup="three brokers, replication factor 3, one topic a variant, all led by the same broker",
    variants=VARIANTS,
    timeline=TIMELINE,
    explain=explain,
    load=Load(messages=2000, rate=1000),
    needs=frozenset({"pause", "kill", "restart"}),
)
