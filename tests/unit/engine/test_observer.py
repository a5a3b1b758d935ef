"""The observer, over an admin whose answers are written down: what is a change, and what is learned of it later."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from brokerlab.core.broker import PartitionState
from brokerlab.engine import observer
from tests.fakes.memory_broker import MemoryAdmin, MemoryBroker


def state(leader: int, epoch: int) -> PartitionState:
    return PartitionState("t", 0, leader, epoch, (1, 2), (1, 2))


@dataclass
class Told(MemoryAdmin):
    answers: Iterator[PartitionState] = field(default_factory=lambda: iter(()))

    def describe(self, topics: Sequence[str]) -> list[PartitionState]:
        return [next(self.answers)]


def seen(*answers: PartitionState) -> list[PartitionState]:
    admin = Told(MemoryBroker(), iter(answers))
    watching = observer.Observer(admin, ["t"], lambda *_: None, interval_s=60)
    try:
        for _ in answers[1:]:
            watching.look()
        return [sighting.state for sighting in watching.sightings()]
    finally:
        watching.close()


def test_what_does_not_change_is_seen_once() -> None:
    assert seen(state(1, 0), state(1, 0), state(2, 1), state(2, 1)) == [state(1, 0), state(2, 1)]


def test_an_epoch_that_is_told_later_is_that_of_the_change() -> None:
    assert seen(state(1, -1), state(1, 0), state(2, -1), state(2, 1)) == [state(1, 0), state(2, 1)]


def test_the_same_leader_with_another_epoch_is_a_change() -> None:
    assert seen(state(1, 0), state(1, 2)) == [state(1, 0), state(1, 2)]


def test_an_epoch_that_is_not_told_for_a_while_is_no_change() -> None:
    assert seen(state(1, 3), state(1, -1), state(1, 3)) == [state(1, 3)]


def test_an_epoch_that_nobody_tells_stays_unknown() -> None:
    assert seen(state(1, -1), state(2, -1)) == [state(1, -1), state(2, -1)]
