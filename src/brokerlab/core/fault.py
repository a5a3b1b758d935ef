"""The protocol of a fault: what it may look at and act on, and the proof that it bit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from brokerlab.core.agent import Crew
from brokerlab.core.broker import Admin, Broker, PartitionState
from brokerlab.core.lab import Lab


@dataclass(frozen=True)
class Receipt:
    """Proof that a fault bit, or that it did not. facts: what was measured (new leader, at stake, ...)."""

    fault: str
    bit: bool
    sentence: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Sighting:
    """A partition's state as the observer saw it change, at `at_us` (microseconds since the epoch)."""

    at_us: int
    state: PartitionState


@dataclass(frozen=True)
class Scene:
    """What a fault may look at and act on: the lab, the broker's admin, the variants' topics and a view of progress.

    counters: every agent's counters, summed by variant: {"acks=1": {"sent": 10, "acked": 8, ...}}.
    sightings: every change of a partition's leader, epoch or ISR so far, oldest first. active: what the hurts that
    are not healed yet returned, with the `counters` at the time, by name. crew: the agents.
    """

    lab: Lab
    broker: Broker
    admin: Admin
    topics: Mapping[str, str]  # variant -> topic
    counters: Callable[[], Mapping[str, Mapping[str, int]]]
    sightings: Callable[[], Sequence[Sighting]]
    active: Mapping[str, Mapping[str, Any]]
    crew: Crew


class Fault(Protocol):
    """One way to hurt nodes.

    `hurt` returns what it measured when it struck. `heal` undoes it, may be called when `hurt` failed half-way, and
    twice. `receipt` is asked for after everything was healed, with what `hurt` had returned.
    """

    @property
    def needs(self) -> frozenset[str]:
        """The lab's capabilities without which it is skipped."""

    def hurt(self, scene: Scene) -> Mapping[str, Any]: ...

    def heal(self, scene: Scene) -> None: ...

    def receipt(self, scene: Scene, facts: Mapping[str, Any]) -> Receipt: ...
