"""A run's story: who led when, as far as was seen."""

from __future__ import annotations

from brokerlab.core.broker import PartitionState
from brokerlab.core.fault import Sighting
from brokerlab.core.scenario import Story


def seen(at: int, partition: int, leader: int) -> Sighting:
    return Sighting(at, PartitionState("t", partition, leader, -1, (1, 2), (1,)))


STORY = Story({}, (seen(10, 0, 1), seen(10, 1, 2), seen(20, 0, -1), seen(30, 0, 2)), {}, {})


def test_a_partitions_state_is_what_was_seen_last_by_then() -> None:
    leaders = [state.leader if (state := STORY.state_at("t", 0, at)) else None for at in (9, 10, 29, 99)]
    assert leaders == [None, 1, -1, 2]
    assert STORY.state_at("t", 7, 99) is None
    assert STORY.state_at("other", 0, 99) is None
