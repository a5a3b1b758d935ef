"""Kafka consumers' clients over confluent-kafka: a group's member, and an auditor's that is assigned partitions.

Both keep their own positions: the offset behind the last message that was given out, moved on by end-of-partition
events, since offsets at a partition's end may hold transaction markers, which are no messages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np

from brokerlab.brokers.kafka.client import CONSUMER, configured, made
from brokerlab.brokers.kafka.topic import await_leaders, refused, watermarks
from brokerlab.core.broker import Received

if TYPE_CHECKING:
    from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

ISOLATION = "isolation.level"
EVERYTHING = {ISOLATION: "read_uncommitted"}
READY_S = 15.0
ASK_S = 10.0


class KafkaReceiver:
    """A consumer of a topic. Not thread-safe. Made by `member` or `auditor`."""

    def __init__(self, config: Mapping[str, str], topic: str, *, auto: bool = False) -> None:
        """config: the client's. auto: positions are committed by the client in the background, or by a transaction."""
        self._client, self.topic, self._auto = _client(config), topic, auto
        self._config = config
        self._partitions = await_leaders(self._client, topic, READY_S)
        self._positions: dict[int, int] = {}
        self._committed: dict[int, int] = {}
        self._news: dict[int, int] = {}  # committed when partitions came or went: told by the next `commit`
        self._revoked: set[int] = set()
        self._assigned = False
        self._kept: Callable[[], Mapping[int, int]] = dict  # positions that are kept elsewhere: none

    # ------------------------------------------------------------ beginning

    def subscribe(self) -> None:
        self._client.subscribe(
            [self.topic], on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_lost
        )

    def assign(self, partitions: Sequence[int]) -> None:
        """From their low watermarks."""
        from confluent_kafka import TopicPartition

        self._partitions = tuple(partitions) or self._partitions
        starts = {partition: low for partition, (low, _) in self._ends(self._client).items()}
        self._client.assign([TopicPartition(self.topic, partition, low) for partition, low in starts.items()])
        self._positions, self._assigned = starts, True

    def start_from(self, kept: Callable[[], Mapping[int, int]]) -> None:
        self._kept = kept

    def _on_assign(self, client: Consumer, parts: list[TopicPartition]) -> None:
        """Positions of new partitions: what is kept elsewhere, or the group committed, else their beginning."""
        known = self._client.committed(parts, timeout=ASK_S)
        self._positions |= {part.partition: part.offset if part.offset >= 0 else self._low(part) for part in known}
        self._committed |= {part.partition: self._positions[part.partition] for part in known}
        self._news |= {part.partition: part.offset for part in known if part.offset >= 0}
        if kept := self._kept():
            self._begin_at(client, {part.partition: kept.get(part.partition, 0) for part in parts})
        self._assigned = True

    def _begin_at(self, client: Consumer, positions: Mapping[int, int]) -> None:
        from confluent_kafka import TopicPartition

        self._positions |= positions
        client.assign([TopicPartition(self.topic, partition, at) for partition, at in positions.items()])

    def _on_revoke(self, _: Consumer, parts: list[TopicPartition]) -> None:
        """All that was given out has been processed by now (the loop asks for more only then): commit it.

        A client that commits by itself does so now, too.
        """
        if not self._auto:
            self._news |= self.commit()
        self._forget(parts)

    def _on_lost(self, _: Consumer, parts: list[TopicPartition]) -> None:
        self._forget(parts)

    def _forget(self, parts: list[TopicPartition]) -> None:
        for part in parts:
            self._positions.pop(part.partition, None)
            self._revoked.add(part.partition)
        self._assigned = bool(self._positions)

    # ------------------------------------------------------------ reading

    def receive(self, most: int, timeout: float) -> Received:
        """Waits at most `timeout` seconds for the first message, and takes what else is there, up to `most`."""
        first = self._client.poll(timeout)
        if first is None:
            return _nothing()
        self._revoked.clear()
        rest = self._client.consume(most - 1, 0)
        if first.partition() in self._revoked:  # taken away before anyone saw the message: it is another member's
            return self._received(rest)
        return self._received([first, *rest])

    def _received(self, messages: list[Message]) -> Received:
        from confluent_kafka import Message

        errors = [message for message in messages if message.error() is not None]
        if errors:
            messages = [message for message in messages if message.error() is None]
        count = len(messages)
        partition = np.fromiter(map(Message.partition, messages), np.int16, count)
        offset = np.fromiter(map(Message.offset, messages), np.int64, count)
        for number in np.unique(partition):
            self._positions[int(number)] = int(offset[partition == number][-1]) + 1
        for message in errors:
            self._event(message.error(), message.partition(), message.offset())
        return Received([message.value() or b"" for message in messages], partition, offset)

    def _event(self, error: KafkaError | None, number: int | None, offset: int | None) -> None:
        """An end of a partition moves its position on; an error that lasts is raised, one that passes is not."""
        from confluent_kafka import KafkaError, KafkaException

        if error is None or number is None or offset is None:
            return
        if error.code() == KafkaError._PARTITION_EOF:
            self._positions[number] = max(self._positions.get(number, 0), offset)
        elif error.fatal():
            raise refused(f"go on reading {self.topic}", KafkaException(error))

    # ------------------------------------------------------------ positions

    def commit(self) -> Mapping[int, int]:
        """Commit all that was received; returns what is committed since the last call, {} if nothing (or not now).

        A client that commits by itself is not interfered with: the group's coordinator is asked what it did.
        """
        from confluent_kafka import KafkaException, TopicPartition

        told, self._news = self._news, {}
        if self._auto:
            return {**told, **self._committed_by_itself()}
        new = {at: offset for at, offset in self._positions.items() if self._committed.get(at) != offset}
        if new:
            offsets = [TopicPartition(self.topic, partition, offset) for partition, offset in new.items()]
            try:
                self._client.commit(offsets=offsets, asynchronous=False)
            except KafkaException:  # no coordinator just now, or a rebalance: the next commit covers it
                return told
            self._committed |= new
        return {**told, **new}

    def _committed_by_itself(self) -> Mapping[int, int]:
        from confluent_kafka import KafkaException, TopicPartition

        try:
            asked = [TopicPartition(self.topic, partition) for partition in self._positions]
            told = self._client.committed(asked, timeout=ASK_S)
        except KafkaException:  # no coordinator just now
            return {}
        known = {part.partition: part.offset for part in told if part.offset >= 0}
        new = {partition: offset for partition, offset in known.items() if self._committed.get(partition) != offset}
        self._committed |= new
        return new

    def rewind(self) -> None:
        """Go back to what the group has committed: what was given out since comes again."""
        from confluent_kafka import KafkaException, TopicPartition

        parts = self._client.committed([TopicPartition(self.topic, part) for part in self._positions], timeout=ASK_S)
        for part in parts:
            self._positions[part.partition] = part.offset if part.offset >= 0 else self._low(part)
            try:
                self._client.seek(TopicPartition(self.topic, part.partition, self._positions[part.partition]))
            except KafkaException:  # not ours any more: whoever is given it begins where the group is
                self._forget([part])

    def metadata(self) -> object:
        """What the group's coordinator knows this member by, for a transaction."""
        return self._client.consumer_group_metadata()

    def ends(self) -> Mapping[int, tuple[int, int]]:
        """{partition: (low, high)}, asked of the partitions' leaders.

        A client that reads what is committed is told the last stable offset in place of the high watermark. Right after
        a commit that may still lie in front of it, for the transaction's markers are written after the answer.
        """
        if self._config.get(ISOLATION) == EVERYTHING[ISOLATION]:
            return self._ends(self._client)
        with closing(_client({**self._config, **EVERYTHING})) as client:
            return self._ends(client)

    def _ends(self, client: Consumer) -> Mapping[int, tuple[int, int]]:
        from confluent_kafka import TopicPartition

        return {number: watermarks(client, TopicPartition(self.topic, number)) for number in self._partitions}

    def _low(self, part: TopicPartition) -> int:
        return watermarks(self._client, part)[0]

    def positions(self) -> Mapping[int, int]:
        return dict(self._positions)

    def assigned(self) -> bool:
        return self._assigned

    def close(self) -> None:
        self._client.close()


def member(endpoint: str, topic: str, group: str, settings: Mapping[str, str]) -> KafkaReceiver:
    """A member of a consumer group."""
    auto = settings.get("enable.auto.commit", CONSUMER["enable.auto.commit"]).lower() == "true"
    receiver = KafkaReceiver(_config(endpoint, group, settings), topic, auto=auto)
    receiver.subscribe()
    return receiver


def auditor(
    endpoint: str, topic: str, partitions: Sequence[int], settings: Mapping[str, str], *, committed: bool = False
) -> KafkaReceiver:
    """A reader of everything that is in the log of these partitions (() = all); or of what is committed, alone."""
    isolation = {ISOLATION: "read_committed"} if committed else EVERYTHING
    receiver = KafkaReceiver(_config(endpoint, "brokerlab-auditor", {**settings, **isolation}), topic)
    receiver.assign(partitions)
    return receiver


def _config(endpoint: str, group: str, settings: Mapping[str, str]) -> dict[str, str]:
    return configured(endpoint, CONSUMER, {"group.id": group}, settings)


def _client(config: Mapping[str, str]) -> Consumer:
    from confluent_kafka import Consumer

    return made(Consumer, dict(config))


def _nothing() -> Received:
    return Received([], np.zeros(0, np.int16), np.zeros(0, np.int64))
