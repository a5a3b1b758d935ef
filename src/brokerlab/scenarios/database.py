"""database: the same work through a table in Postgres, used as a queue in three ways, and through Kafka.

Workers take messages and bring about an effect each, in the database. There are more of them at each stage, and more
messages a second. `SELECT`, work, `DELETE` lets every worker take the same oldest rows. `FOR UPDATE SKIP LOCKED` shares
the rows out and gives back those of a worker that dies, when its connection breaks. A visibility timeout keeps no
transaction open while the worker works, and gives rows back when the time is over. In a log nothing is taken out; each
consumer of a group has partitions of its own, and moves a position. In the end a second group of consumers wants all
messages, too: of a queue it needs a copy, which a trigger makes of each row from then on; a log it reads. Postgres
waits for its disk at each commit, Kafka for the memory of its replicas; each is set up as it is meant to be run:
compare the curves' shapes, not their heights.
Sources: PostgreSQL documentation, "SELECT", The Locking Clause, and "Routine Vacuuming"; pgmq's documentation
(visibility timeout); Hohpe and Woolf, Enterprise Integration Patterns, "Competing Consumers"; Kafka documentation, 4.
"""

from __future__ import annotations

from brokerlab.core.load import Load
from brokerlab.core.scenario import SECOND, Grow, Heal, Hurt, Join, Scenario, Send, Story, Variant
from brokerlab.core.verdict import Group, RunVerdict, VariantVerdict
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
        rereads=False,
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
        rereads=False,
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
        rereads=False,
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
    Send(0.05, answered=("*",), rate=125, says="1 worker"),
    Grow(2),
    Send(0.15, answered=("*",), rate=250, says="2 workers"),
    Grow(4),
    Send(0.35, answered=("*",), rate=500, says="4 workers"),
    Grow(8),
    Send(0.6, answered=("*",), rate=1000, says="8 workers"),
    Join(),
    Send(0.8, answered=("*",), says="+ second group"),
    Hurt(KILL, KillAgent("consumer", at="delivered", share=0.9)),
    Send(1.0, answered=("*",), says="1 of 8 dead"),
    Heal(KILL),
)


SHARED = (
    "All variants went through it at once, on the same processors and the same disk: compare shapes, not heights. "
    "--only measures one alone."
)


def explain(verdict: RunVerdict, story: Story) -> tuple[str, ...]:
    """What followed and why, with the run's own numbers; the curves are a table of their own."""
    told = [_twice(variant) for variant in verdict.variants if variant.found(Word.DUPLICATE_EFFECT)]
    told += [_back(variant) for variant in verdict.variants if _shared(variant)]
    told += [_fan_out(variant, variant.group, story) for variant in verdict.variants if variant.group]
    if len(verdict.variants) > 1:
        told.append(SHARED)
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


def _fan_out(variant: VariantVerdict, group: Group, story: Story) -> str:
    """What a second group cost the broker; what it was given is a table of its own."""
    topic = story.topics.get(variant.variant, "")
    own, copy = story.storage.get(topic), story.storage.get(f"{topic}.{SECOND}")
    if own and copy:
        return (
            f"{variant.variant}: for the second group each of {group.since:,} messages was written into a table of its "
            f"own: {copy['written']:,} rows inserted, updated or deleted, {copy['bytes'] / 1024:,.0f} KiB (the first "
            f"group's, of {variant.counts['sent']:,} messages: {own['written']:,} rows, {own['bytes'] / 1024:,.0f} "
            f"KiB). In both, {copy['dead'] + own['dead']:,} dead rows wait for VACUUM."
        )
    return (
        f"{variant.variant}: the second group read the same log again, {group.read_before:,} messages of before it "
        f"joined among it: {variant.counts['audited']:,} records for {variant.counts['sent']:,} messages and two "
        f"groups; all that was written for the second one is {group.commits:,} positions."
    )


def _advice(verdict: RunVerdict) -> tuple[str, ...]:
    safe = [variant.variant for variant in verdict.variants if _shared(variant) and variant.variant != "Kafka"]
    if not safe:
        return ()
    told = (
        f"Where the database is the better choice: {' and '.join(safe)} kept every promise here. If the work ends in "
        "the same database, its effect and the message's end can be one transaction, and there is one system less to "
        "run. For every further group of consumers, and for whoever wants to read again what was done, it is the log."
    )
    return (told,)


def _shared(variant: VariantVerdict) -> bool:
    return variant.found(Word.REDELIVERED) > 0 and not variant.found(Word.DUPLICATE_EFFECT)


SCENARIO = Scenario(
    name="database",
    question="Why not just use a DB?",
    claim="A table shared by SKIP LOCKED or a visibility timeout is a correct queue; SELECT, work, DELETE is none.",
    setup="one Postgres and three Kafka brokers; 1, 2, 4, then 8 workers a variant, with effects in Postgres; then a "
    "second group of consumers, which only counts",
    variants=VARIANTS,
    timeline=TIMELINE,
    explain=explain,
    load=Load(messages=3000, rate=600, partitions=8),
    needs=frozenset({"agents"}),
    store="postgres",
)
