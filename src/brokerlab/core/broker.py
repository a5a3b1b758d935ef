"""The protocols of a broker plug-in: its nodes as data, its admin, and its clients."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from brokerlab.core.node import NodeSpec


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

    @property
    def transactional(self) -> bool: ...

    def take(self, most: int, timeout: float) -> Received: ...

    def write(self, received: Received) -> bool:
        """Write what was taken; returns when it stands in the log."""

    def written(self) -> Received:
        """What was acknowledged of the last `write`, at its new places."""

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
        """{resource: {setting: value}} as the broker describes them back: topics, its nodes, by names that no other
        plug-in has (`broker/<id>` are Kafka's); and our `client`."""

    def admit(self, groups: Mapping[str, str]) -> None:
        """{topic: a further group that is to get all of its messages from now on}. Whether it is given those of before,
        too, is the broker's nature."""

    def storage(self, topics: Sequence[str]) -> dict[str, dict[str, int]]:
        """{topic: what it takes up now, as far as the broker tells}: `bytes`; of a table also `dead`, `live` rows, and
        how many were `written`. The copy that a further group has goes by the group's name."""

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

    @property
    def clients(self) -> Sequence[str]:
        """The modules that its agents import. That starts no thread: a process that has done it can be forked."""

    def nodes(self, count: int, *, between: bool = False) -> tuple[NodeSpec, ...]:
        """between: they reach each other by the lab's links, too, where there are several: it costs some throughput."""

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
