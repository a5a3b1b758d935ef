"""Apache Kafka, three nodes in KRaft mode, by librdkafka (confluent-kafka)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from brokerlab.core.broker import Admin, Pipe, Receiver, Sender
from brokerlab.core.node import NodeSpec


@dataclass(frozen=True)
class Kafka:
    """The plug-in. Nodes are called kafka-1, kafka-2, ...; their broker ids are those numbers.

    direct: whether senders go past the Python binding where they can (see `librdkafka`).
    """

    name: str = "kafka"
    port: str = "client"
    link: str = "link"
    direct: bool = True
    clients: tuple[str, ...] = ("confluent_kafka", *(f"{__name__}.{part}" for part in ("direct", "pipe", "receiver")))

    def nodes(self, count: int, *, between: bool = False) -> tuple[NodeSpec, ...]:
        from brokerlab.brokers.kafka.nodes import nodes

        return nodes(count, between=between)

    def node_id(self, node: str) -> int:
        return int(node.rpartition("-")[2])

    def files(self, data: Path, topic: str) -> Sequence[Path]:
        """The log segments of its partitions."""
        return sorted(data.glob(f"{topic}-*/*.log"))

    def admin(self, endpoint: str, settings: Mapping[str, str]) -> Admin:
        from brokerlab.brokers.kafka.admin import KafkaAdmin

        return KafkaAdmin(endpoint, settings)

    def sender(self, endpoint: str, topic: str, settings: Mapping[str, str]) -> Sender:
        from brokerlab.brokers.kafka.direct import DirectSender
        from brokerlab.brokers.kafka.librdkafka import library
        from brokerlab.brokers.kafka.sender import KafkaSender

        found = library() if self.direct else None
        return DirectSender(found, endpoint, topic, settings) if found else KafkaSender(endpoint, topic, settings)

    def receiver(self, endpoint: str, topic: str, group: str, settings: Mapping[str, str]) -> Receiver:
        from brokerlab.brokers.kafka.receiver import member

        return member(endpoint, topic, group, settings)

    def pipe(self, endpoint: str, source: str, group: str, topic: str, settings: Mapping[str, str]) -> Pipe:
        from brokerlab.brokers.kafka.pipe import KafkaPipe

        return KafkaPipe(endpoint, source, group, topic, settings)

    def auditor(
        self,
        endpoint: str,
        topic: str,
        partitions: Sequence[int],
        settings: Mapping[str, str],
        *,
        committed: bool = False,
    ) -> Receiver:
        from brokerlab.brokers.kafka.receiver import auditor

        return auditor(endpoint, topic, partitions, settings, committed=committed)


BROKER = Kafka()
