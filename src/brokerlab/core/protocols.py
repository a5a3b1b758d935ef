"""The small protocols that plug-ins stand behind: lab, broker, fault, agent. Each has a fake in tests/fakes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from brokerlab.core.links import Links
from brokerlab.core.load import Load
from brokerlab.core.node import NodeSpec

NodeState = Literal["running", "paused", "gone"]
Progress = Callable[[str], None]
"""Told what is being done, in a short sentence; what it does with that is the caller's affair."""


# ---------------------------------------------------------------- agents


@dataclass(frozen=True)
class AgentSpec:
    """One process of the workload, as data: it travels to the process as JSON (see `agents`).

    role: a file of `agents`: producer, consumer, auditor, ... settings: the client's own. options: how the application
    behaves. ledger: the folder of its files, named after it.
    """

    role: str
    name: str
    run: str
    variant: str
    broker: str
    endpoint: str
    topic: str
    ledger: str
    metrics: str  # folder of the multiprocess metric files; "" = none
    settings: Mapping[str, str] = field(default_factory=dict)
    load: Load = field(default_factory=Load)
    producer: int = 0  # a producer's number: its ids are (producer, 0..messages-1)
    messages: int = 0  # how many this producer sends
    group: str = ""  # a consumer's group
    partitions: tuple[int, ...] = ()  # an auditor's; () = all
    options: Mapping[str, str] = field(default_factory=dict)  # see `agents.options`
    source: str = ""  # the topic that a processor reads; `topic` is the one that it writes
    store: str = ""  # the plug-in of the scenario's store; "" = it has none
    start: int = 1  # counts the processes that had this name: a killed agent's replacement is the 2nd
    store_endpoint: str = ""

    @property
    def process(self) -> str:
        """A name that no other process of the run has."""
        return self.name if self.start == 1 else f"{self.name}.{self.start}"


class Agent(Protocol):
    """A started agent. Orders go in as lines, its state comes back as the last progress that it printed."""

    @property
    def spec(self) -> AgentSpec: ...

    def order(self, line: str) -> None:
        """Send one line: `limit N` (a producer may send up to N messages in all), `finish`, `drain`, `hold POINT`
        (stop at the next passage of that point), `go`."""

    def progress(self) -> Mapping[str, Any]:
        """Its last report: `state` (starting, ready, working, held, fenced, done, failed) and its counters; {} before
        the first. When held, `point` says where."""

    def exit_code(self) -> int | None:
        """None while it runs."""

    def log(self, lines: int = 20) -> str:
        """The last lines that it logged."""

    def signal(self, number: int) -> None: ...

    def stop(self, deadline: float) -> None:
        """End it, at the latest by force, within `deadline` seconds."""


class Crew(Protocol):
    """The agents of a run, as faults see them: each can be held at a known point of its work, hurt there, replaced."""

    def of(self, role: str) -> list[Agent]:
        """The agents of a role: of each name the process that was started last, whatever became of it."""

    def hold(self, agents: Sequence[Agent], point: str, share: float | None = None) -> None:
        """Returns when each stands at this point of its work (where it stays until `go`, or for good).

        share: when they have been told, let the senders send up to this share of the messages, because an agent that
        has nothing to do passes no point.
        """

    def go(self, agents: Sequence[Agent]) -> None: ...

    def kill(self, agents: Sequence[Agent]) -> None:
        """SIGKILL; returns when they are gone. An agent that was killed like this is no failure of the run."""

    def pause(self, agents: Sequence[Agent]) -> None:
        """SIGSTOP: nothing of the process runs, its clients' threads neither."""

    def resume(self, agents: Sequence[Agent]) -> None: ...

    def former(self, role: str) -> list[Agent]:
        """The processes of a role in whose place another one was started."""

    def replace(self, agents: Sequence[Agent]) -> list[Agent]:
        """Start another process for each, with the same name and sheet; returns when they are ready.

        Whatever becomes of the old ones from now on is no failure of the run. What a replaced producer had sent without
        an answer stays unknown; its replacement begins at the first number that was not used.
        """


# ---------------------------------------------------------------- labs


class Lab(Protocol):
    """Where a broker's nodes, Prometheus and the agents run. Hurts are undone by whoever asked for them."""

    @property
    def name(self) -> str: ...

    @property
    def capabilities(self) -> frozenset[str]:
        """Of: agents (always), kill, pause, restart, logs, prometheus, links, disk."""

    def nodes(self, broker: str = "") -> tuple[str, ...]:
        """Every node, or those of one broker plug-in (they are called after it)."""

    def endpoint(self, port: str) -> str:
        """The addresses of the nodes that have a port of that name, as agents want them: host:port,host:port,..."""

    def admin(self, broker: Broker, settings: Mapping[str, str]) -> Admin:
        """A new connection to the broker, for the engine's questions."""

    def state(self, node: str) -> NodeState: ...

    def kill(self, node: str) -> None:
        """SIGKILL; returns when the node is gone."""

    def pause(self, node: str) -> None:
        """SIGSTOP; returns when the node is stopped."""

    def resume(self, node: str) -> None: ...

    def restart(self, node: str) -> None:
        """Start a node that is gone, with its data; returns when its ready port listens."""

    def logs(self, node: str, lines: int = 40) -> str: ...

    def data(self, node: str) -> Path | None:
        """The folder of a node's data, when it can be read from here."""

    def limit_files(self, node: str, size: int | None) -> None:
        """Let no file of the running node grow beyond `size` bytes, as on a full disk; None: as it was. Only with the
        capability `disk`."""

    def links(self) -> Links:
        """The network between clients and nodes, to be hurt; only with the capability `links`."""

    def prometheus(self) -> str | None:
        """The URL of the second witness."""

    def scrape(self, job: str, target: str | None, labels: Mapping[str, str]) -> None:
        """Have Prometheus scrape `target` (host:port) as `job` from now on; None: no longer."""

    def expositions(self) -> int:
        """How many places show the counters of the present run: the witness has heard all when it has scraped each."""

    def start_agent(self, spec: AgentSpec, folder: Path) -> Agent:
        """Start one agent; its log goes into `folder`."""


# ---------------------------------------------------------------- brokers


@dataclass(frozen=True, eq=False)
class Outcomes:
    """What became of some sends, as parallel arrays; `partition` and `offset` are -1 where the broker did not say.

    reason: index into `Sender.reasons` (0 = none).
    """

    seq: NDArray[np.uint32]
    outcome: NDArray[np.uint8]
    partition: NDArray[np.int16]
    offset: NDArray[np.int64]
    reason: NDArray[np.uint8]


class Sender(Protocol):
    """A producer's client. Not thread-safe; belongs to one agent."""

    reasons: list[str]  # reasons[0] == ""

    def send(
        self, values: Sequence[bytes], partition: int, keys: Sequence[bytes] | None, *, insist: bool = False
    ) -> int:
        """Hand over as many of `values` as there is room for, in order; returns how many (0 = full, poll first).

        insist: all of them, room or not; those that the client itself then refuses have failed.
        """

    def poll(self, timeout: float) -> Outcomes:
        """The outcomes that came in since, waiting at most `timeout` seconds for the first."""

    def close(self) -> None: ...


@dataclass(frozen=True, eq=False)
class Received:
    """Some deliveries, in order, as parallel sequences."""

    values: list[bytes]
    partition: NDArray[np.int16]
    offset: NDArray[np.int64]


class Receiver(Protocol):
    """A consumer's client: of a group (`subscribe`d), or an auditor's, assigned to partitions from their beginning."""

    def receive(self, most: int, timeout: float) -> Received: ...

    def commit(self) -> Mapping[int, int]:
        """Commit the positions of all that was received; returns {partition: committed offset}, {} if nothing new.

        A client that was configured to commit by itself is only asked what it did.
        """

    def ends(self) -> Mapping[int, tuple[int, int]]:
        """{partition: (low watermark, high watermark)} of the topic, asked of the broker now."""

    def positions(self) -> Mapping[int, int]:
        """{partition: next offset to be read} of the partitions that this receiver has now."""

    def assigned(self) -> bool: ...

    def start_from(self, kept: Callable[[], Mapping[int, int]]) -> None:
        """To be called before the first `receive`: partitions are read from where `kept` says, when they are assigned,
        not from where the group committed."""

    def close(self) -> None: ...


class Pipe(Protocol):
    """A processor's clients: a member of a group that reads one topic, and a producer that writes another.

    With transactions, `write`, `mark` and `commit` make one: they return whether it was done, False when the
    transaction had to be aborted and what was taken will be given again. They raise FencedError when another client
    works in this one's place.
    """

    def take(self, most: int, timeout: float) -> Received: ...

    def write(self, received: Received) -> bool:
        """Write what was taken; returns when it stands in the log."""

    def mark(self) -> bool:
        """Put the position behind what was taken into the transaction, if there is one."""

    def commit(self) -> bool:
        """Commit the transaction; without one: the position."""

    def ends(self) -> Mapping[int, tuple[int, int]]:
        """As a receiver's; of the topic that is read."""

    def positions(self) -> Mapping[int, int]: ...

    def assigned(self) -> bool: ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class PartitionState:
    """One partition as the cluster describes it now. leader: -1 = none. Nodes are broker ids."""

    topic: str
    partition: int
    leader: int
    epoch: int  # -1 when the client does not tell
    replicas: tuple[int, ...]
    isr: tuple[int, ...]


class Admin(Protocol):
    """What the engine asks of a running broker."""

    def await_ready(self, nodes: int, deadline: float) -> None:
        """Return when `nodes` nodes are members and every internal partition has all its replicas in sync."""

    def create(
        self, topics: Mapping[str, Mapping[str, str]], partitions: int, assignment: Sequence[int] | None
    ) -> None:
        """Create {topic: settings}. assignment: the broker ids of every partition's replicas, leader first."""

    def delete(self, topics: Sequence[str]) -> None: ...

    def describe(self, topics: Sequence[str]) -> list[PartitionState]: ...

    def ends(self, topics: Sequence[str]) -> dict[tuple[str, int], int]:
        """{(topic, partition): high watermark}."""

    def settings(self, topics: Sequence[str]) -> dict[str, dict[str, str]]:
        """{resource: {setting: value}} as the broker describes them back: topics, `broker/<id>`; and our `client`."""

    def storage(self, topics: Sequence[str]) -> dict[str, dict[str, int]]:
        """{topic: what it takes up now, as far as the broker tells}: `bytes`; of a table also `dead`, `live` rows."""

    def close(self) -> None: ...


class Broker(Protocol):
    """A broker plug-in: its nodes as data, and how to talk to them. `settings` are the client's own properties."""

    @property
    def name(self) -> str: ...

    @property
    def port(self) -> str:
        """The named port that clients use."""

    @property
    def link(self) -> str:
        """The named port of clients that go by the lab's links; "" = this broker has none."""

    def nodes(self, count: int) -> tuple[NodeSpec, ...]: ...

    def node_id(self, node: str) -> int:
        """The broker id of a node: 1 of "kafka-1"."""

    def files(self, data: Path, topic: str) -> Sequence[Path]:
        """The files of a node's data folder in which a topic's messages stand as they were sent."""

    def admin(self, endpoint: str, settings: Mapping[str, str]) -> Admin: ...

    def sender(self, endpoint: str, topic: str, settings: Mapping[str, str]) -> Sender: ...

    def receiver(self, endpoint: str, topic: str, group: str, settings: Mapping[str, str]) -> Receiver: ...

    def pipe(self, endpoint: str, source: str, group: str, topic: str, settings: Mapping[str, str]) -> Pipe:
        """A processor's clients. Raises UsageError when the broker has no such thing."""

    def auditor(
        self,
        endpoint: str,
        topic: str,
        partitions: Sequence[int],
        settings: Mapping[str, str],
        *,
        committed: bool = False,
    ) -> Receiver:
        """committed: of what is committed alone, without what belongs to transactions that were aborted."""


# ---------------------------------------------------------------- faults


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
