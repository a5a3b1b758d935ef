"""A literal dossier: acks=0 and acks=1 through a pause and a kill, with ledgers, sightings and settings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from brokerlab import catalog
from brokerlab.core.broker import PartitionState
from brokerlab.core.fault import Receipt, Sighting
from brokerlab.core.load import Load
from brokerlab.core.scenario import Span, Story
from brokerlab.core.verdict import Autopsy, MessageRef
from brokerlab.core.words import Word
from brokerlab.ledger.facts import Facts
from brokerlab.ledger.series import Grid, series
from brokerlab.reports.html.dossier import Dossier
from tests.fakes import verdicts
from tests.fakes.histories import SENT, TICK, Reader, history

GRID = Grid(SENT, TICK, 20)
READER = Reader("0-3", at=SENT + 10 * TICK)
TOPICS = {"acks=0": "t.0", "acks=1": "t.1"}
LOST = Autopsy(
    Word.LOST,
    MessageRef(0, 7, 0, 7, SENT + 8_000, SENT + 7_000),
    instead=MessageRef(0, 9, 0, 7),
    leader="kafka-1",
)


def at(ticks: int) -> int:
    return SENT + ticks * TICK


def state(topic: str, leader: int, *isr: int) -> PartitionState:
    return PartitionState(topic, 0, leader, -1, (1, 2, 3), isr)


SIGHTINGS = tuple(
    sighting
    for topic in TOPICS.values()
    for sighting in (
        Sighting(SENT - TICK, state(topic, 1, 1, 2, 3)),
        Sighting(at(10), state(topic, -1, 1)),
        Sighting(at(12), state(topic, 2, 2, 3)),
    )
)
STORY = Story(
    receipts={
        "pause": Receipt("pause", True, "stopped", {"nodes": ["kafka-2", "kafka-3"]}),
        "kill": Receipt("kill", True, "killed", {"node": "kafka-1"}),
    },
    sightings=SIGHTINGS,
    topics=TOPICS,
    nodes={1: "kafka-1", 2: "kafka-2", 3: "kafka-3"},
    spans=(
        Span("hurt", "pause", at(5), at(6)),
        Span("hurt", "kill", at(9), at(9)),
        Span("heal", "pause", at(12), at(12)),
        Span("heal", "kill", at(15), at(18)),
    ),
)


def dossier(**changes: Any) -> Dossier:
    run = verdicts.run(
        verdicts.ACKS_0,
        replace(verdicts.ACKS_1, autopsies=(LOST,)),
        receipts=verdicts.RECEIPTS,
        explanation=("acks=1 lost 300 messages.",),
        reasons=("acks=1: because",),
    )
    made = Dossier(
        verdict=run,
        scenario=catalog.scenario("acks"),
        load=Load(),
        lab="local",
        broker="kafka",
        story=STORY,
        series={
            "acks=0": series(Facts(history("HHHHHHHH", "0 1 2 3", [READER])), GRID),
            "acks=1": series(Facts(history("AAAAAAAA", "0 1 2 3", [READER])), GRID),
        },
        settings={"t.0": {"retention.ms": "1"}, "broker/1": {"a": "1"}, "broker/2": {"a": "1"}},
    )
    return replace(made, **changes)
