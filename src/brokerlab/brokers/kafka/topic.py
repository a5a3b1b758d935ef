"""What all our clients must know of a topic before they work: its partitions, and that each has a leader."""

from __future__ import annotations

from typing import Any

from brokerlab.core.errors import InconclusiveError
from brokerlab.core.wait import until

ASK_S = 10.0


def await_leaders(client: Any, topic: str, deadline: float) -> tuple[int, ...]:
    """Return the topic's partitions when every one has a leader. `client`: any confluent-kafka client."""
    from confluent_kafka import KafkaException

    last = ""

    def led() -> tuple[int, ...]:
        nonlocal last
        try:
            found = client.list_topics(topic, timeout=2).topics[topic]
        except KafkaException as error:
            last = error.args[0].str()
            return ()
        last = "no leader" if not found.error else found.error.str()
        all_led = all(partition.leader >= 0 for partition in found.partitions.values())
        return tuple(sorted(found.partitions)) if all_led and not found.error else ()

    return until(led, f"every partition of {topic} to have a leader", deadline=deadline, every=0.05, seen=lambda: last)


def watermarks(client: Any, part: Any) -> tuple[int, int]:
    """Low and high. client: any consumer; part: a TopicPartition.

    A new leader does not tell its end before its followers have come to where its epoch began (KIP-207): it is asked
    again.
    """
    from confluent_kafka import KafkaError, KafkaException

    def told() -> tuple[int, ...]:
        try:
            low, high = client.get_watermark_offsets(part, timeout=ASK_S)
        except KafkaException as error:
            if error.args[0].code() == KafkaError.OFFSET_NOT_AVAILABLE:
                return ()
            raise refused(f"tell the ends of {part.topic}", error) from error
        return int(low), int(high)

    what = f"the leader of partition {part.partition} of {part.topic} to know its end"
    low, high = until(told, what, deadline=ASK_S, every=0.05)
    return low, high


def refused(what: str, error: Any) -> InconclusiveError:
    """The sentence for an answer of Kafka's that the experiment cannot go on with."""
    return InconclusiveError(f"Kafka could not {what}: {error.args[0].str() if error.args else error}")
