"""A broker of pure memory behind the real protocols, that does wrong on demand: loses, repeats, invents, reorders, ...

Logs are lists of values, one a partition. `Mischief` says what goes wrong, by sequence number when messages are written
and by offset when they are read; without any, it is a broker that keeps every promise.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from brokerlab.core.broker import Outcomes, PartitionState, Received
from brokerlab.core.errors import FencedError
from brokerlab.core.message import sequence_numbers
from brokerlab.core.node import NodeSpec
from brokerlab.core.words import Outcome

Log = list[bytes]
TURN_S = 0.002  # whoever waits lets the other threads work


@dataclass
class Mischief:
    """What goes wrong. Sets hold sequence numbers; `skips`, `deaf_to` and `rewinds` hold offsets of partition 0."""

    loses: set[int] = field(default_factory=set)  # confirmed, not written
    misplaces: set[int] = field(default_factory=set)  # written, and said to be one offset further
    repeats: set[int] = field(default_factory=set)  # written twice
    reorders: set[int] = field(default_factory=set)  # written behind the message after it
    corrupts: set[int] = field(default_factory=set)  # written with one bit turned
    fails: set[int] = field(default_factory=set)  # reported as failed, not written
    resurrects: set[int] = field(default_factory=set)  # reported as failed, but written
    ghosts: set[int] = field(default_factory=set)  # outcome unknown, but written
    drops: set[int] = field(default_factory=set)  # outcome unknown, not written
    never_answers: set[int] = field(default_factory=set)  # written, and no outcome ever
    invents: tuple[bytes, ...] = ()  # values nobody sent, at the end of partition 0
    skips: set[int] = field(default_factory=set)  # never given to a group's consumer
    deaf_to: set[int] = field(default_factory=set)  # never given to a second group
    truncates: int = 0  # so many records at the end of partition 0, when a group's consumer has gone
    rewinds: dict[int, int] = field(default_factory=dict)  # when this offset was given: back by so many, once
    delay_polls: int = 0  # outcomes come so many polls late
    room: int = 1 << 30  # messages that the client holds at a time
    leaks: bool = False  # who reads what is committed is given what was aborted, too
    tears: bool = False  # of what is committed, one record is withdrawn all the same
    lets_zombies: bool = False  # a client is not shut out when another works in its place
    unreadable_from: int = 1 << 30  # the auditor gets no further than this offset


@dataclass
class MemoryBroker:
    """The plug-in, and the cluster's state: `logs[topic][partition]`, `offsets[group, topic][partition]`."""

    mischief: Mischief = field(default_factory=Mischief)
    logs: dict[str, list[Log]] = field(default_factory=dict)
    offsets: dict[tuple[str, str], dict[int, int]] = field(default_factory=dict)
    states: dict[str, list[PartitionState]] = field(default_factory=dict)
    stalled: bool = False  # nothing is acknowledged
    configs: dict[str, Mapping[str, str]] = field(default_factory=dict)  # by topic
    synced: dict[str, list[int]] = field(default_factory=dict)  # how far a follower that died had come
    gone: set[int] = field(default_factory=set)
    aborted: set[tuple[str, int, int]] = field(default_factory=set)  # (topic, partition, offset)
    undecided: set[tuple[str, int, int]] = field(default_factory=set)
    writers: dict[str, MemoryPipe] = field(default_factory=dict)  # by transactional id
    name: str = "memory"
    port: str = "client"
    link: str = ""
    clients: tuple[str, ...] = ()

    def nodes(self, count: int, *, between: bool = False) -> tuple[NodeSpec, ...]:
        return ()

    def node_id(self, node: str) -> int:
        return int(node.rpartition("-")[2])

    def files(self, data: Path, topic: str) -> Sequence[Path]:
        return sorted(data.glob(f"{topic}.log"))

    def went(self, number: int) -> None:
        """A node died: another one in sync leads what it led; the last in sync stays in the ISR, and nobody leads."""
        self.gone.add(number)
        for topic, states in self.states.items():
            if any(state.leader not in (-1, number) for state in states):
                self.synced[topic] = [len(log) for log in self.logs[topic]]
            self.states[topic] = [_without(state, number) for state in states]

    def returned(self, number: int) -> None:
        """A node is back. Nobody leads: it may if it was in sync, or if the topic takes a stale one, which cuts off."""
        self.gone.discard(number)
        for topic, states in self.states.items():
            stale = any(state.leader == -1 and number not in state.isr for state in states)
            if stale and self.configs[topic].get("unclean.leader.election.enable") != "true":
                continue
            if stale:
                for log, length in zip(self.logs[topic], self.synced[topic], strict=True):
                    del log[length:]
            alive = tuple(sorted(set(states[0].replicas) - self.gone))
            self.states[topic] = [replace(s, leader=number if s.leader == -1 else s.leader, isr=alive) for s in states]

    def writable(self, topic: str) -> bool:
        needed = int(self.configs[topic].get("min.insync.replicas", 1))
        return all(state.leader != -1 and len(state.isr) >= needed for state in self.states[topic])

    def admin(self, endpoint: str, settings: Mapping[str, str]) -> MemoryAdmin:
        return MemoryAdmin(self)

    def sender(self, endpoint: str, topic: str, settings: Mapping[str, str]) -> MemorySender:
        return MemorySender(self, topic, Outcome.HANDED if settings.get("acks") == "0" else Outcome.ACKED)

    def receiver(self, endpoint: str, topic: str, group: str, settings: Mapping[str, str]) -> MemoryReceiver:
        start = self.offsets.setdefault((group, topic), {})
        positions = {partition: start.get(partition, 0) for partition in range(len(self.logs[topic]))}
        auto = settings.get("enable.auto.commit") == "true"
        committed = settings.get("isolation.level") == "read_committed"
        deaf = self.mischief.deaf_to if group != topic else set()
        return MemoryReceiver(self, topic, positions, start, auto, committed, dict(start), deaf=deaf)

    def pipe(self, endpoint: str, source: str, group: str, topic: str, settings: Mapping[str, str]) -> MemoryPipe:
        return MemoryPipe(self, topic, self.receiver("", source, group, {}), group, "transactional.id" in settings)

    def auditor(
        self,
        endpoint: str,
        topic: str,
        partitions: Sequence[int],
        settings: Mapping[str, str],
        *,
        committed: bool = False,
    ) -> MemoryReceiver:
        everything = partitions or range(len(self.logs[topic]))
        return MemoryReceiver(self, topic, dict.fromkeys(everything, 0), None, committed=committed)


@dataclass
class MemorySender:
    """Writes at once; the outcomes wait to be asked for."""

    broker: MemoryBroker
    topic: str
    good: Outcome
    reasons: list[str] = field(default_factory=lambda: ["", "so it was asked of this fake"])
    _answers: list[tuple[int, Outcomes]] = field(default_factory=list)
    _parked: list[tuple[Sequence[bytes], int]] = field(default_factory=list)
    _late: list[tuple[bytes, int, int]] = field(default_factory=list)  # a log only grows: what is reordered waits
    _polls: int = 0

    def send(
        self, values: Sequence[bytes], partition: int, keys: Sequence[bytes] | None, *, insist: bool = False
    ) -> int:
        inside = sum(len(answer.seq) for _, answer in self._answers)
        if not self.broker.writable(self.topic):  # the client keeps it, and tries again
            self._parked.append((values, partition))
            return len(values)
        taken = values[: max(0, self.broker.mischief.room - inside)]
        for value, seq in zip(taken, sequence_numbers(taken).tolist(), strict=True):
            if seq in self.broker.mischief.reorders:
                self._late.append((value, seq, partition))
                continue
            self._put(value, seq, partition)
            while self._late:
                self._put(*self._late.pop())
        if not insist:
            return len(taken)
        refused = sequence_numbers(values[len(taken) :]).tolist()
        self._answers.append((self._polls, _outcomes([(seq, Outcome.FAILED, -1, -1) for seq in refused])))
        return len(values)

    def _put(self, value: bytes, seq: int, partition: int) -> None:
        self._answer(seq, partition, self._write(value, seq, self.broker.logs[self.topic][partition]))

    def _write(self, value: bytes, seq: int, log: Log) -> int:
        """Returns the offset (-1: nowhere)."""
        mischief = self.broker.mischief
        if seq in mischief.loses:
            return len(log)  # where it would be: the next message will be there
        if seq in mischief.fails or seq in mischief.drops:
            return -1
        if seq in mischief.corrupts:
            value = value[:-1] + bytes([value[-1] ^ 1])
        log.append(value)
        at = len(log) - 1
        if seq in mischief.repeats:
            log.append(value)
        return at

    def _answer(self, seq: int, partition: int, offset: int) -> None:
        mischief = self.broker.mischief
        if seq in mischief.never_answers:
            return
        outcome = self.good
        if seq in mischief.fails | mischief.resurrects:
            outcome = Outcome.FAILED
        elif seq in mischief.ghosts | mischief.drops:
            outcome = Outcome.UNKNOWN
        known = outcome is Outcome.ACKED
        offset += seq in mischief.misplaces
        row = _outcomes([(seq, outcome, partition if known else -1, offset if known else -1)])
        self._answers.append((self._polls + mischief.delay_polls, row))

    def poll(self, timeout: float) -> Outcomes:
        if self._parked and self.broker.writable(self.topic):
            parked, self._parked = self._parked, []
            for values, partition in parked:
                self.send(values, partition, None)
        if not self._answers:
            time.sleep(min(timeout, TURN_S))
        if self.broker.stalled and self.good is Outcome.ACKED:
            time.sleep(min(timeout, TURN_S))
            return _outcomes([])
        due = [answer for at, answer in self._answers if at <= self._polls]
        self._answers = [(at, answer) for at, answer in self._answers if at > self._polls]
        self._polls += 1
        rows = [
            (int(seq), Outcome(int(outcome)), int(partition), int(offset))
            for answer in due
            for seq, outcome, partition, offset in zip(
                answer.seq, answer.outcome, answer.partition, answer.offset, strict=True
            )
        ]
        return _outcomes(rows)

    def close(self) -> None:
        self._answers.clear()


def _without(state: PartitionState, number: int) -> PartitionState:
    rest = tuple(n for n in state.isr if n != number)
    if not rest:
        return replace(state, leader=-1)
    return replace(state, leader=rest[0] if state.leader in (-1, number) else state.leader, isr=rest)


def _outcomes(rows: list[tuple[int, Outcome, int, int]]) -> Outcomes:
    columns = list(zip(*rows, strict=True)) if rows else [(), (), (), ()]
    good = (Outcome.ACKED, Outcome.HANDED)
    return Outcomes(
        np.array(columns[0], np.uint32),
        np.array(columns[1], np.uint8),
        np.array(columns[2], np.int16),
        np.array(columns[3], np.int64),
        np.array([outcome not in good for outcome in columns[1]], np.uint8),
    )


@dataclass
class MemoryReceiver:
    """Reads every partition it was given; `group` is None for an auditor, who sees the log as it is."""

    broker: MemoryBroker
    topic: str
    at: dict[int, int]
    group: dict[int, int] | None
    auto: bool = False  # commits whatever it gave out, by itself
    committed: bool = False  # reads what is committed alone
    _told: dict[int, int] = field(default_factory=dict)
    _rewound: set[int] = field(default_factory=set)
    closed: bool = False
    deaf: set[int] = field(default_factory=set)

    def receive(self, most: int, timeout: float) -> Received:
        values: list[bytes] = []
        where: list[tuple[int, int]] = []
        for partition in self.at:
            while len(values) < most and self.at[partition] < self._end(partition):
                offset = self.at[partition]
                self.at[partition] += 1
                if self._gives(partition, offset):
                    values.append(self.broker.logs[self.topic][partition][offset])
                    where.append((partition, offset))
                self._maybe_rewind(partition, offset)
        if not values:
            time.sleep(min(timeout, TURN_S))
        if self.auto and self.group is not None:
            self.group.update(self.at)
        parts, offsets = zip(*where, strict=True) if where else ((), ())
        return Received(values, np.array(parts, np.int16), np.array(offsets, np.int64))

    def _gives(self, partition: int, offset: int) -> bool:
        if self.committed and (self.topic, partition, offset) in self.broker.aborted:
            return self.group is not None and self.broker.mischief.leaks
        return self.group is None or bool(partition) or offset not in self.broker.mischief.skips | self.deaf

    def _end(self, partition: int) -> int:
        end = len(self.broker.logs[self.topic][partition])
        if self.committed:
            still_open = [
                at for topic, part, at in list(self.broker.undecided) if (topic, part) == (self.topic, partition)
            ]
            end = min([end, *still_open])
        return end if self.group is not None else min(end, self.broker.mischief.unreadable_from)

    def _maybe_rewind(self, partition: int, offset: int) -> None:
        back = self.broker.mischief.rewinds.get(offset)
        if back and self.group is not None and not partition and offset not in self._rewound:
            self._rewound.add(offset)
            self.at[partition] = offset + 1 - back

    def commit(self) -> Mapping[int, int]:
        assert self.group is not None, "an auditor commits nothing"
        self.group.update(self.at)
        new = {partition: offset for partition, offset in self.at.items() if self._told.get(partition, 0) != offset}
        self._told.update(new)
        return new

    def ends(self) -> Mapping[int, tuple[int, int]]:
        return {partition: (0, len(self.broker.logs[self.topic][partition])) for partition in self.at}

    def positions(self) -> Mapping[int, int]:
        return dict(self.at)

    def start_from(self, kept: Callable[[], Mapping[int, int]]) -> None:
        self.at |= kept()

    def assigned(self) -> bool:
        return True

    def close(self) -> None:
        self.closed = True
        if self.group is not None and self.broker.mischief.truncates:
            del self.broker.logs[self.topic][0][-self.broker.mischief.truncates :]


class MemoryPipe:
    """Reads and writes; in transactions when its id says so, which fence whoever had the id before."""

    def __init__(
        self, broker: MemoryBroker, topic: str, receiver: MemoryReceiver, identity: str, transactional: bool
    ) -> None:
        self.broker, self.topic, self.receiver = broker, topic, receiver
        self.identity, self.transactional = identity, transactional
        self.open: set[tuple[str, int, int]] = set()
        self.last = Received([], np.zeros(0, np.int16), np.zeros(0, np.int64))
        former = broker.writers.get(identity)
        if former:
            former.abort()
        broker.writers[identity] = self
        self.take, self.ends, self.positions = receiver.receive, receiver.ends, receiver.positions
        self.assigned, self.close = receiver.assigned, receiver.close

    def write(self, received: Received) -> bool:
        self._check()
        self.last = replace(received, offset=received.offset.copy())
        for number, (value, partition) in enumerate(zip(received.values, received.partition.tolist(), strict=True)):
            log = self.broker.logs[self.topic][partition]
            self.last.offset[number] = len(log)
            if self.transactional:
                self.open.add((self.topic, partition, len(log)))
                self.broker.undecided.add((self.topic, partition, len(log)))
            log.append(value)
        return True

    def written(self) -> Received:
        return self.last

    def mark(self) -> bool:
        self._check()
        return True

    def commit(self) -> bool:
        self._check()
        if self.broker.mischief.tears:
            self.broker.aborted |= set(sorted(self.open)[:1])
        self.broker.undecided -= self.open
        self.open.clear()
        if self.broker.writers[self.identity] is self:  # a group takes no commit from whom it has given up
            self.receiver.commit()
        return True

    def abort(self) -> None:
        self.broker.aborted |= self.open
        self.broker.undecided -= self.open
        self.open.clear()

    def _check(self) -> None:
        shut_out = self.transactional and self.broker.writers[self.identity] is not self
        if shut_out and not self.broker.mischief.lets_zombies:
            raise FencedError("another client has this transactional id")


@dataclass
class MemoryAdmin:
    """Three nodes that are always there; the first of the assignment leads."""

    broker: MemoryBroker

    def await_ready(self, nodes: int, deadline: float) -> None:
        assert nodes <= 3, "this broker has three nodes"

    def create(
        self, topics: Mapping[str, Mapping[str, str]], partitions: int, assignment: Sequence[int] | None
    ) -> None:
        ids = tuple(assignment or (1, 2, 3))
        for topic in topics:
            self.broker.logs[topic] = [[] for _ in range(partitions)]
            self.broker.configs[topic] = topics[topic]
            whole = PartitionState(topic, 0, ids[0], 0, ids, tuple(sorted(ids)))
            self.broker.states[topic] = [replace(whole, partition=number) for number in range(partitions)]

    def delete(self, topics: Sequence[str]) -> None:
        for topic in topics:
            self.broker.logs.pop(topic, None)
            self.broker.states.pop(topic, None)

    def describe(self, topics: Sequence[str]) -> list[PartitionState]:
        return [state for topic in topics for state in self.broker.states.get(topic, [])]

    def ends(self, topics: Sequence[str]) -> dict[tuple[str, int], int]:
        return {(topic, at): len(log) for topic in topics for at, log in enumerate(self.broker.logs.get(topic, []))}

    def settings(self, topics: Sequence[str]) -> dict[str, dict[str, str]]:
        return {topic: {} for topic in topics if topic in self.broker.logs}

    def admit(self, groups: Mapping[str, str]) -> None: ...

    def storage(self, topics: Sequence[str]) -> dict[str, dict[str, int]]:
        return {}

    def close(self) -> None: ...


def invent(broker: MemoryBroker, topic: str) -> None:
    """Put the invented values at the end of partition 0."""
    broker.logs[topic][0].extend(broker.mischief.invents)
