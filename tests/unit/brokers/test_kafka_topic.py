"""What is asked of a topic's leaders, of a client that answers as it is told."""

from __future__ import annotations

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from brokerlab.brokers.kafka.topic import watermarks
from brokerlab.core.errors import InconclusiveError


class Client:
    """Refuses with each of these codes, and then answers."""

    def __init__(self, *codes: int) -> None:
        self.codes = list(codes)

    def get_watermark_offsets(self, part: TopicPartition, timeout: float) -> tuple[int, int]:
        if self.codes:
            raise KafkaException(KafkaError(self.codes.pop(0)))
        return 0, 7


def test_a_leader_that_does_not_know_its_end_yet_is_asked_again() -> None:
    client = Client(KafkaError.OFFSET_NOT_AVAILABLE, KafkaError.OFFSET_NOT_AVAILABLE)
    assert watermarks(client, TopicPartition("t", 0)) == (0, 7)


def test_any_other_refusal_is_a_sentence() -> None:
    with pytest.raises(InconclusiveError, match="could not tell the ends of t: "):
        watermarks(Client(KafkaError.TOPIC_AUTHORIZATION_FAILED), TopicPartition("t", 0))
