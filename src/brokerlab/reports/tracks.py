"""Who led a partition when, with which replicas in sync: stretches of time, from the observer's sightings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from brokerlab.core.broker import PartitionState
from brokerlab.core.fault import Sighting


@dataclass(frozen=True)
class Stretch:
    """A partition's state from when it was seen first to when another one was."""

    state: PartitionState
    started_us: int
    ended_us: int


Tracks: TypeAlias = Mapping[tuple[str, int], tuple[Stretch, ...]]
"""(topic, partition) -> its stretches, in order."""


def tracks(sightings: Sequence[Sighting], end_us: int) -> Tracks:
    by_place: dict[tuple[str, int], list[Sighting]] = {}
    for sighting in sightings:
        by_place.setdefault((sighting.state.topic, sighting.state.partition), []).append(sighting)
    return {place: _stretches(seen, end_us) for place, seen in sorted(by_place.items())}


def _stretches(seen: Sequence[Sighting], end_us: int) -> tuple[Stretch, ...]:
    ends = [after.at_us for _, after in pairwise(seen)]
    return tuple(
        Stretch(each.state, each.at_us, max(each.at_us, end)) for each, end in zip(seen, [*ends, end_us], strict=True)
    )
