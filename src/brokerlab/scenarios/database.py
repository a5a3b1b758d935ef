"""database: the same work through a table in Postgres, used as a queue in three ways, and through Kafka.

Workers take messages and bring about an effect each, in the database. There are more of them at each stage, and more
messages a second. `SELECT`, work, `DELETE` lets every worker take the same oldest rows. `FOR UPDATE SKIP LOCKED` shares
the rows out and gives back those of a worker that dies, when its connection breaks. A visibility timeout keeps no
transaction open while the worker works, and gives rows back when the time is over. In a log nothing is taken out; each
consumer of a group has partitions of its own, and moves a position. Postgres waits for its disk at each commit, Kafka
for the memory of its replicas; each is set up as it is meant to be run: compare the curves' shapes, not their heights.
Sources: PostgreSQL documentation, "SELECT", The Locking Clause, and "Routine Vacuuming"; pgmq's documentation
(visibility timeout); Hohpe and Woolf, Enterprise Integration Patterns, "Competing Consumers"; Kafka documentation, 4.
"""

from __future__ import annotations

from brokerlab.core.load import Load
from brokerlab.core.scenario import Grow, Heal, Hurt, Scenario, Send, Story, Variant
from brokerlab.core.verdict import RunVerdict, VariantVerdict
from brokerlab.core.words import Word
from brokerlab.faults.kill_agent import KillAgent

KILL = "kill worker"
_EFFECTS = {"effects": "none"}  # nobody remembers: what is worked on twice is done twice
_AGAIN = frozenset({Word.REDELIVERED, Word.REWIND})
_BATCH = {"batch": "20"}

VARIANTS = (
    Variant(
        name="SELECT, DELETE",
        permits="the same work by several workers",
        broker="postgres",
        topic={"queue": "naive"},
        consumer={**_BATCH, "queue": "naive"},
        options=_EFFECTS,
        allows=_AGAIN | {Word.DUPLICATE_EFFECT, Word.SKIP},
        shows=frozenset({Word.DUPLICATE_EFFECT}),
    ),
    Variant(
        name="SKIP LOCKED",
        permits="work given back, and given out again",
        broker="postgres",
        topic={"queue": "skip-locked"},
        consumer={**_BATCH, "queue": "skip-locked"},
        options=_EFFECTS,
        allows=_AGAIN | {Word.SKIP},
        shows=frozenset({Word.REDELIVERED}),
    ),
    Variant(
        name="visibility timeout",
        permits="work given out again after the time",
        broker="postgres",
        topic={"queue": "visibility"},
        consumer={**_BATCH, "queue": "visibility", "visibility.ms": "5000"},
        options=_EFFECTS,
        allows=_AGAIN | {Word.SKIP},
        shows=frozenset({Word.REDELIVERED}),
    ),
    Variant(
        name="Kafka",
        permits="work given out again, and done twice when a rebalance comes before the commit",
        producer={"acks": "all", "enable.idempotence": "true"},
        options=_EFFECTS,
        # Partitions may be taken away between work and commit, by each worker that joins or dies: at-least-once.
        allows=_AGAIN | {Word.DUPLICATE_EFFECT},
        shows=frozenset({Word.REDELIVERED}),
    ),
)

TIMELINE = (
    Send(0.1, answered=("*",), rate=300, says="1 worker"),
    Grow(2),
    Send(0.3, answered=("*",), rate=600, says="2 workers"),
    Grow(4),
    Send(0.7, answered=("*",), rate=1200, says="4 workers"),
    Hurt(KILL, KillAgent("consumer", at="delivered", share=0.8)),
    Send(1.0, answered=("*",), says="3 workers, and one dead"),
    Heal(KILL),
)


def explain(verdict: RunVerdict, story: Story) -> tuple[str, ...]:
    """What followed and why, with the run's own numbers."""
    told = [_twice(variant) for variant in verdict.variants if variant.found(Word.DUPLICATE_EFFECT)]
    told += [_back(variant) for variant in verdict.variants if _shared(variant)]
    told += [_curve(variant) for variant in verdict.variants if variant.stages]
    told += [
        _storage(variant, story) for variant in verdict.variants if story.topics.get(variant.variant) in story.storage
    ]
    return (*told, *_advice(verdict))


def _twice(variant: VariantVerdict) -> str:
    finding = variant.findings[Word.DUPLICATE_EFFECT]
    why = (
        "A rebalance took partitions from a worker that had done the work, but not committed its position."
        if variant.variant == "Kafka"
        else "Two workers SELECT the same oldest rows before either DELETEs them."
    )
    return (
        f"{variant.variant}: {finding.count:,} of {variant.counts['sent']:,} messages were worked on twice or more, "
        f"such as #{finding.examples[0].seq}: {variant.counts['effects']:,} effects. {why}"
    )


def _back(variant: VariantVerdict) -> str:
    return (
        f"{variant.variant}: {variant.found(Word.REDELIVERED):,} messages were in the dead worker's hands, were given "
        f"out again, and had one effect each ({variant.counts['effects']:,} for {variant.counts['received']:,})."
    )


def _curve(variant: VariantVerdict) -> str:
    """The figures are in the verdict's JSON, too: `stages`."""
    stages = "; ".join(
        f"{stage.name} {stage.per_second:,.0f}/s, {stage.lag_ms['p50']:,.0f}/{stage.lag_ms['p99']:,.0f} ms"
        for stage in variant.stages
        if stage.lag_ms
    )
    return f"{variant.variant}, messages a second and p50/p99 from sent to delivered: {stages}."


def _storage(variant: VariantVerdict, story: Story) -> str:
    told = story.storage[story.topics[variant.variant]]
    return (
        f"{variant.variant}: when all was sent, its table took {told['bytes'] / 1024:,.0f} KiB and held "
        f"{told['dead']:,} dead rows, which wait for VACUUM."
    )


def _advice(verdict: RunVerdict) -> tuple[str, ...]:
    safe = [variant.variant for variant in verdict.variants if _shared(variant) and variant.variant != "Kafka"]
    if not safe:
        return ()
    told = (
        f"Where the database is the better choice: {' and '.join(safe)} kept every promise here. If the work ends in "
        "the same database, its effect and the message's end can be one transaction, and there is one system less to "
        "run. A second group of consumers, though, needs a second copy of each row; a log is only read again."
    )
    return (told,)


def _shared(variant: VariantVerdict) -> bool:
    return variant.found(Word.REDELIVERED) > 0 and not variant.found(Word.DUPLICATE_EFFECT)


SCENARIO = Scenario(
    name="database",
    question="Why not just use a DB?",
    claim="A table shared by SKIP LOCKED or a visibility timeout is a correct queue; SELECT, work, DELETE is none.",
    setup="one Postgres and three Kafka brokers; 1, 2, then 4 workers a variant, each with an effect in Postgres",
    variants=VARIANTS,
    timeline=TIMELINE,
    explain=explain,
    load=Load(messages=3000, rate=600, partitions=8),
    needs=frozenset({"agents"}),
    store="postgres",
)
