"""What a scenario is: one claim about a delivery guarantee, as data that the engine carries out and the judge reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from brokerlab.core.load import Load
from brokerlab.core.words import Word

if TYPE_CHECKING:
    from brokerlab.core.broker import PartitionState
    from brokerlab.core.fault import Fault, Receipt, Sighting
    from brokerlab.core.verdict import RunVerdict


SECOND = "second"  # what a second group's ledger is called, and the end of the group's name: TOPIC.second


@dataclass(frozen=True)
class Variant:
    """One setting of the guarantee. `producer`, `consumer`, `processor` and `topic` are the clients' and broker's own
    settings (a processor's: of the client that it writes with).

    options: how the application behaves, as against its clients; see `agents.options`. broker: another one than the
    scenario's. allows: the findings that this guarantee permits. shows: the findings that the fault must produce, or
    the run has shown nothing. permits: the same in words for the table. linked: the roles whose clients reach the
    broker by the lab's links, and so can be cut off from it. rereads: what was read stays in the log, and a group that
    joins late is given it, too; False of a queue, whose readers take out what they are done with.
    """

    name: str
    permits: str
    producer: Mapping[str, str] = field(default_factory=dict)
    consumer: Mapping[str, str] = field(default_factory=dict)
    topic: Mapping[str, str] = field(default_factory=dict)
    processor: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    broker: str = ""
    allows: frozenset[Word] = frozenset()
    shows: frozenset[Word] = frozenset()
    linked: frozenset[str] = frozenset()
    rereads: bool = True


@dataclass(frozen=True)
class Send:
    """Every producer sends until it has sent this share (0..1) of its messages; then the timeline goes on.

    answered: also wait until every send of these variants has its outcome; ("*",) = of all of them. at_most: go on
    after so many seconds even if they are still sending, because a fault that is active may not last longer. rate:
    messages a second and variant from now on; None: as before.
    """

    share: float
    answered: tuple[str, ...] = ()
    at_most: float | None = None
    says: str = ""
    rate: int | None = None


@dataclass(frozen=True)
class Grow:
    """Wait until all that was sent is processed, then start consumers until each variant has so many."""

    consumers: int


@dataclass(frozen=True)
class Join:
    """Wait until all that was sent is processed; then a second group, of one consumer a variant, begins to read all of
    it, too. It only counts: what a message brings about is the first group's affair."""


@dataclass(frozen=True)
class Hurt:
    """Apply a fault. `name` is what a later `Heal` calls it by."""

    name: str
    fault: Fault


@dataclass(frozen=True)
class Heal:
    """Undo the fault of that name. What no `Heal` undoes is undone when the timeline ends, however it ends."""

    name: str


Step: TypeAlias = Send | Grow | Join | Hurt | Heal


@dataclass(frozen=True)
class Span:
    """When one step of the timeline began and ended (microseconds since the epoch), in the order in which they ended.

    name: the fault's; of a send, what it says. What no `Heal` step undid has a heal of its own at the timeline's end.
    """

    kind: Literal["send", "grow", "join", "hurt", "heal"]
    name: str
    started_us: int
    ended_us: int


@dataclass(frozen=True)
class Window:
    """How long a fault lasted: from when its hurt began to when its heal had ended."""

    name: str
    started_us: int
    ended_us: int


@dataclass(frozen=True)
class Story:
    """What happened to the broker during a run, for the sentences that explain its numbers.

    receipts: by the name of the `Hurt` step. nodes: broker id -> node name. skipped: a sentence for each fault that the
    lab can't do. spans: the steps as they were played; none in runs of before they were recorded.
    storage: topic, or second group -> what it takes up in the broker when all is read (`Admin.storage`).
    """

    receipts: Mapping[str, Receipt]
    sightings: tuple[Sighting, ...]
    topics: Mapping[str, str]
    nodes: Mapping[int, str]
    skipped: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()
    storage: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    @property
    def windows(self) -> tuple[Window, ...]:
        """The faults' windows, in the order in which they began."""
        began, found = {}, []
        for span in self.spans:
            if span.kind == "hurt":
                began[span.name] = span.started_us
            elif span.kind == "heal":
                found.append(Window(span.name, began.pop(span.name), span.ended_us))
        return tuple(sorted(found, key=lambda window: window.started_us))

    def state_at(self, topic: str, partition: int, at_us: int) -> PartitionState | None:
        """As it was seen last by then."""
        place = topic, partition
        seen = [s for s in self.sightings if (s.state.topic, s.state.partition) == place and s.at_us <= at_us]
        return seen[-1].state if seen else None


@dataclass(frozen=True)
class Scenario:
    """One file, one claim: the question it answers, its variants, and one timeline that all of them go through.

    explain: sentences in plain words, drawn from the run's own numbers. needs: lab capabilities without which the
    scenario is skipped. nodes: how many the broker has. roles: the agents that run, in the order of starting, from the
    last reader up to whoever sends; they end in reverse: who sends finishes, then each drains what is before it. store:
    a further broker, for what the agents keep outside the log. replicas: how many a partition has, 0 = one on each
    node. outage: the longest time without an acknowledgement is a result. quick: the load of a quick run, where still
    fewer messages would not show what they must.
    """

    name: str
    question: str
    claim: str
    variants: tuple[Variant, ...]
    timeline: tuple[Step, ...]
    explain: Callable[[RunVerdict, Story], tuple[str, ...]]
    load: Load = field(default_factory=Load)
    broker: str = "kafka"
    nodes: int = 3
    needs: frozenset[str] = frozenset()
    setup: str = ""
    roles: tuple[str, ...] = ("consumer", "producer")
    store: str = ""
    replicas: int = 0
    outage: bool = False
    quick: Load | None = None

    @property
    def quick_load(self) -> Load:
        return self.quick or self.load.quick

    @property
    def piped(self) -> bool:
        """Whether a processor stands between the log that is written to and the one that is read and audited."""
        return "processor" in self.roles
