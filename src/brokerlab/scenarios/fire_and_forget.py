"""fire-and-forget: where messages end that nobody asks after: in the client, on the wire, in the broker.

With acks=0 the client reports success once a message is in the socket's buffer. The same schedule for all: requests
vanish on their way to the leader while the connection stays open; then the followers stall, so that the leader alone
has what arrives; then it dies. What its files hold is read before it is started again, so that each missing message is
placed by where it got to last. Without an acknowledgement nothing is sent again; with one and retries off, the
application could know, and the message is gone all the same. A full queue and a program that ends without a flush lose
messages that never left the client.
Sources: Kafka documentation, "Producer Configs": acks, retries, linger.ms; librdkafka's INTRODUCTION.md, "Message
reliability", and CONFIGURATION.md, queue.buffering.max.messages; KIP-101 (why the old leader's log is truncated).
"""

from __future__ import annotations

from brokerlab.core.load import Load
from brokerlab.core.scenario import Heal, Hurt, Scenario, Send, Story, Variant
from brokerlab.core.verdict import RunVerdict, VariantVerdict
from brokerlab.core.words import LOSS, Word
from brokerlab.faults.drop_requests import DropRequests
from brokerlab.faults.kill import KillLeader
from brokerlab.faults.pause import PauseFollowers

_FORGET = {"acks": "0", "enable.idempotence": "false"}
_LINKED = frozenset({"producer"})
_READING = frozenset({Word.REDELIVERED, Word.REWIND})
AT_ONCE = "acks=0, exit at once"

VARIANTS = (
    Variant(
        name="acks=0",
        permits="loss on the wire and in the broker; nobody is told",
        producer=_FORGET,
        allows=_READING | LOSS,
        shows=frozenset({Word.LOST}),
        linked=_LINKED,
    ),
    Variant(
        name="acks=1, retries off",
        permits="loss of what the leader alone had; what fails is given up",
        producer={"acks": "1", "enable.idempotence": "false", "retries": "0", "request.timeout.ms": "500"},
        allows=_READING | LOSS,
        shows=frozenset({Word.LOST, Word.DROPPED}),
        linked=_LINKED,
    ),
    Variant(
        name="acks=0, queue full",
        permits="the same, and what the client has no room for",
        producer={**_FORGET, "queue.buffering.max.messages": "200"},
        options={"full": "drop"},
        allows=_READING | LOSS,
        shows=frozenset({Word.LOST, Word.REFUSED}),
        linked=_LINKED,
    ),
    Variant(
        name=AT_ONCE,
        permits="the same, and what the client still held when its program ended",
        producer={**_FORGET, "linger.ms": "300"},
        options={"exit": "at-once"},
        allows=_READING | LOSS,
        shows=frozenset({Word.LOST, Word.DROPPED}),
        linked=_LINKED,
    ),
)
_ANSWERED = tuple(variant.name for variant in VARIANTS if variant.name != AT_ONCE)

TIMELINE = (
    Send(0.3, answered=("*",), says="a third of the messages, on a healthy cluster"),
    Hurt("swallowed", DropRequests()),
    Send(0.45, at_most=5.0, says="what is sent now arrives nowhere"),
    # Longer than the request time-out, after which acks=1 gives up, and connects again.
    Send(0.45, answered=("*",), at_most=0.8),
    Heal("swallowed"),
    Send(0.55, answered=("*",), says="the network is whole again"),
    Hurt("pause", PauseFollowers()),
    # Together well below the lab's broker.session.timeout.ms (2 s), but on a machine that is held up.
    Send(0.7, answered=("*",), at_most=5.0, says="the leader alone receives"),
    Hurt("kill", KillLeader()),
    Send(0.9, at_most=5.0, says="nobody leads; the clients keep what is sent"),
    Heal("pause"),
    Send(1.0, answered=_ANSWERED, says="a follower takes over; the last messages, and one program ends at once"),
    Heal("kill"),
)


_PLACES = {
    "gone_in_client": "never left the client",
    "gone_on_wire": "left it and reached no broker",
    "gone_in_broker": "were in the log of the leader that died, and in no other",
    "gone_elsewhere": "got lost behind the client",
}


def explain(verdict: RunVerdict, story: Story) -> tuple[str, ...]:
    """Where each variant's messages ended, by the run's own counts."""
    return tuple(sentence for variant in verdict.variants if (sentence := _ended(variant)))


def _ended(variant: VariantVerdict) -> str:
    counts = variant.counts
    places = [f"{counts[place]:,} {where}" for place, where in _PLACES.items() if counts.get(place)]
    gone = sum(counts.get(place, 0) for place in _PLACES)
    if not gone:
        return ""
    return (
        f"{variant.variant}: {gone:,} of {counts['sent']:,} messages are gone ({gone / counts['sent']:.0%}). "
        f"{', '.join(places)}; the program was told of {_told(variant):,} of them."
    )


def _told(variant: VariantVerdict) -> int:
    """Of how many the client reported an error: what its program did not wait for, it did not hear."""
    unheard = variant.counts.get("gone_in_client", 0) - variant.found(Word.REFUSED)
    return variant.found(Word.REFUSED) + variant.found(Word.DROPPED) - max(0, unheard)


SCENARIO = Scenario(
    name="fire-and-forget",
    question="What if we just 'fire and forget'?",
    claim="What nobody asks after is lost in the client, on the wire and in the broker, and nobody is told.",
    setup="three brokers, replication factor 3, all topics led by the same one, over a network that can be hurt",
    variants=VARIANTS,
    timeline=TIMELINE,
    explain=explain,
    load=Load(messages=2000, rate=1000),
    quick=Load(messages=1500, rate=1000),  # a fifth of them, sent while nobody leads, must be more than the queue holds
    needs=frozenset({"links", "pause", "kill", "restart"}),
)
