"""What all our clients must know of a topic before they work: its partitions, and that each has a leader."""

from __future__ import annotations

from typing import Any

from brokerlab.core.errors import InconclusiveError
from brokerlab.core.wait import until


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


def refused(what: str, error: Any) -> InconclusiveError:
    """The sentence for an answer of Kafka's that the experiment cannot go on with."""
    return InconclusiveError(f"Kafka could not {what}: {error.args[0].str() if error.args else error}")
