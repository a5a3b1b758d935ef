"""retries: what a producer's retry does to the log, and what idempotence does about it.

Acknowledgements are withheld and nothing is lost: the followers stall, so acks=all can't be given, while the leader
has written every message already. The stall outlasts the producer's request time-out; it sends again, and the leader
writes again, unless it can tell a repetition by producer id and sequence number (KIP-98, "Idempotent Producer").
Sources: KIP-98; Kafka documentation, "Producer Configs": enable.idempotence, max.in.flight.requests.per.connection.
"""

from __future__ import annotations

from brokerlab.core.load import Load
from brokerlab.core.scenario import Heal, Hurt, Scenario, Send, Story, Variant
from brokerlab.core.verdict import RunVerdict, VariantVerdict
from brokerlab.core.words import Word
from brokerlab.faults.pause import PauseFollowers

# Several time-outs fit into one stall, so that every message in flight is sent again, without luck.
_IMPATIENT = {"acks": "all", "request.timeout.ms": "400", "delivery.timeout.ms": "60000"}
_READING = frozenset({Word.REDELIVERED, Word.REWIND})

VARIANTS = (
    Variant(
        name="retries",
        permits="duplicates, reordering; no loss",
        producer={**_IMPATIENT, "enable.idempotence": "false"},
        allows=_READING | {Word.DUPLICATE, Word.REORDERED},
        shows=frozenset({Word.DUPLICATE}),
    ),
    Variant(
        name="retries, one in flight",
        permits="duplicates; no loss, in order",
        producer={**_IMPATIENT, "enable.idempotence": "false", "max.in.flight.requests.per.connection": "1"},
        allows=_READING | {Word.DUPLICATE},
        shows=frozenset({Word.DUPLICATE}),
    ),
    Variant(
        name="retries+idempotence",
        permits="no loss, nothing written twice, in order",
        producer={**_IMPATIENT, "enable.idempotence": "true"},
        allows=_READING,
    ),
)

TIMELINE = (
    Send(0.3, answered=("*",), says="a third of the messages, on a healthy cluster"),
    Hurt("pause", PauseFollowers()),
    # Nothing can be answered now. Together below the lab's broker.session.timeout.ms (2 s), and above three time-outs.
    Send(0.7, answered=("*",), at_most=1.4, says="written by the leader, acknowledged to nobody; the producers retry"),
    Heal("pause"),
    Send(1.0, answered=("*",), says="acknowledgements flow again; the rest of the messages"),
)


def explain(verdict: RunVerdict, story: Story) -> tuple[str, ...]:
    """What happened and why, with the run's own ids and offsets."""
    told = [_written_twice(variant) for variant in verdict.variants if variant.found(Word.DUPLICATE)]
    once = [variant for variant in verdict.variants if "idempotence" in variant.variant]
    if once and not once[0].duplicated:
        told.append(
            f"{once[0].variant} met the same stall and wrote each of {once[0].counts['acked']:,} messages once: "
            "the leader knows a repetition by the producer's id and the message's sequence number."
        )
    return tuple(told)


def _written_twice(variant: VariantVerdict) -> str:
    copies = variant.counts["audited"] - variant.counts["logged"]
    example = variant.findings[Word.DUPLICATE].examples[0]
    return (
        f"{variant.variant}: {variant.found(Word.DUPLICATE):,} messages were written twice or more ({copies:,} copies "
        f"too many), such as #{example.seq}: no acknowledgement within 400 ms, so the producer sent it again."
    )


SCENARIO = Scenario(
    name="retries",
    question="We solved reliability, but what other problem can appear?",
    claim="A retry writes a message twice; an idempotent producer's does not.",
    setup="three brokers, replication factor 3, acks=all, a request time-out below the followers' stall",
    variants=VARIANTS,
    timeline=TIMELINE,
    explain=explain,
    load=Load(messages=2000, rate=1000),
    needs=frozenset({"pause"}),
)
