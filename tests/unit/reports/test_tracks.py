"""Who led when: stretches from sightings."""

from __future__ import annotations

from brokerlab.core.broker import PartitionState
from brokerlab.core.fault import Sighting
from brokerlab.reports.tracks import tracks


def seen(at: int, partition: int, leader: int) -> Sighting:
    return Sighting(at, PartitionState("t", partition, leader, -1, (1, 2), (1,)))


FOUND = tracks([seen(10, 0, 1), seen(10, 1, 2), seen(20, 0, -1), seen(30, 0, 2)], 40)


def test_a_stretch_lasts_until_the_next_sighting_of_its_partition_or_the_end() -> None:
    assert [(each.state.leader, each.started_us, each.ended_us) for each in FOUND["t", 0]] == [
        (1, 10, 20),
        (-1, 20, 30),
        (2, 30, 40),
    ]
    assert [(each.started_us, each.ended_us) for each in FOUND["t", 1]] == [(10, 40)]


def test_after_the_end_there_is_no_negative_stretch() -> None:
    assert tracks([seen(50, 0, 1)], 40)["t", 0][0].ended_us == 50
