"""retries: what a producer's retry does to the log, and what idempotence does about it.

Twice the network between the producers and the leader is hurt, and nothing is lost. First the acknowledgements are
withheld for longer than the producer's request time-out: what it sends is written, it hears nothing, sends it again,
and the leader writes it again, unless it knows a repetition by producer id and sequence number (KIP-98). Then, on a
slow link, one bit of a batch is turned over: the leader refuses that batch by its checksum and takes those that are in
flight behind it, so that the retry comes after them, unless the leader refuses what is out of sequence.
Sources: KIP-98, "Idempotent Producer"; KIP-185; Kafka documentation, "Producer Configs": enable.idempotence,
max.in.flight.requests.per.connection ("there is a risk of message reordering after a failed send due to retries").
"""

from __future__ import annotations

from brokerlab.core.load import Load
from brokerlab.core.scenario import Heal, Hurt, Scenario, Send, Story, Variant
from brokerlab.core.verdict import RunVerdict, VariantVerdict
from brokerlab.core.words import Word
from brokerlab.faults.corrupt import Corrupt
from brokerlab.faults.delay import Delay
from brokerlab.faults.drop_acks import DropAcks

_IMPATIENT = {
    "acks": "all",
    "request.timeout.ms": "1500",
    "delivery.timeout.ms": "60000",
    "max.in.flight.requests.per.connection": "5",
}
_READING = frozenset({Word.REDELIVERED, Word.REWIND})
_LINKED = frozenset({"producer"})

VARIANTS = (
    Variant(
        name="retries",
        permits="duplicates, reordering; no loss",
        producer={**_IMPATIENT, "enable.idempotence": "false"},
        allows=_READING | {Word.DUPLICATE, Word.REORDERED},
        shows=frozenset({Word.DUPLICATE, Word.REORDERED}),
        linked=_LINKED,
    ),
    Variant(
        # Meant to keep the order. librdkafka has the next request ready before it has the answer to the last: when
        # that one is refused, the next goes out before its repetition.
        name="retries, one in flight",
        permits="duplicates; no loss, order not promised",
        producer={**_IMPATIENT, "enable.idempotence": "false", "max.in.flight.requests.per.connection": "1"},
        allows=_READING | {Word.DUPLICATE, Word.REORDERED},
        shows=frozenset({Word.DUPLICATE}),
        linked=_LINKED,
    ),
    Variant(
        name="retries+idempotence",
        permits="no loss, nothing written twice, in order",
        producer={**_IMPATIENT, "enable.idempotence": "true"},
        allows=_READING,
        linked=_LINKED,
    ),
)

TIMELINE = (
    Send(0.3, answered=("*",), says="a third of the messages, on a healthy network"),
    Hurt("withheld", DropAcks()),
    Send(0.6, at_most=5.0, says="written by the brokers, acknowledged to nobody"),
    # Longer than the request time-out, so that the producers give up waiting and connect again.
    Send(0.6, answered=("*",), at_most=1.9),
    Heal("withheld"),
    Send(0.7, answered=("*",), says="the producers send again what they heard nothing of"),
    # Several requests are on their way when one is refused: acknowledgements take far longer than the next batch.
    Hurt("slow", Delay(ms=100)),
    Hurt("noise", Corrupt(parcels=1)),
    Send(0.9, answered=("*",), says="a slow and noisy network: batches are refused while others are behind them"),
    Heal("noise"),
    Heal("slow"),
    Send(1.0, answered=("*",), says="the rest of the messages"),
)


def explain(verdict: RunVerdict, story: Story) -> tuple[str, ...]:
    """What happened and why, with the run's own ids and offsets."""
    told = [_written_twice(variant) for variant in verdict.variants if variant.found(Word.DUPLICATE)]
    told += [_out_of_order(variant) for variant in verdict.variants if variant.found(Word.REORDERED)]
    once = [variant for variant in verdict.variants if "idempotence" in variant.variant]
    if once and not once[0].duplicated and not once[0].found(Word.REORDERED):
        told.append(
            f"{once[0].variant} met the same network and wrote each of {once[0].counts['acked']:,} messages once, in "
            "order: the leader knows a repetition, and a gap, by the producer's id and the batch's sequence number."
        )
    return tuple(told)


def _written_twice(variant: VariantVerdict) -> str:
    copies = variant.counts["audited"] - variant.counts["logged"]
    example = variant.findings[Word.DUPLICATE].examples[0]
    return (
        f"{variant.variant}: {variant.found(Word.DUPLICATE):,} messages were written twice or more ({copies:,} copies "
        f"too many), such as #{example.seq}: no acknowledgement within 1.5 s, so the producer sent it again."
    )


def _out_of_order(variant: VariantVerdict) -> str:
    example = variant.findings[Word.REORDERED].examples[0]
    return (
        f"{variant.variant}: {variant.found(Word.REORDERED):,} messages stand behind later ones, such as "
        f"#{example.seq} (offset {example.offset}): their batch was refused for its checksum, and the next was written "
        "before it was sent again."
    )


SCENARIO = Scenario(
    name="retries",
    question="We solved reliability, but what other problem can appear?",
    claim="A retry writes a message twice, and out of order; an idempotent producer's does neither.",
    setup="three brokers, replication factor 3, acks=all, five requests in flight, over a network that can be hurt",
    variants=VARIANTS,
    timeline=TIMELINE,
    explain=explain,
    load=Load(messages=2000, rate=1000),
    needs=frozenset({"links"}),
)
