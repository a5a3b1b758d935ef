"""What every Kafka client of ours is configured with, and why; a variant's or a user's own settings come last and win.

librdkafka's own names (its CONFIGURATION.md). Logging stays librdkafka's: lines on standard error, the agent's log.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from brokerlab.core.errors import UsageError

Client = TypeVar("Client")

CLIENT = {
    # A broker that is stopped (SIGSTOP) accepts connections and never answers: notice in seconds, not in a minute.
    "socket.timeout.ms": "10000",
    "socket.connection.setup.timeout.ms": "5000",
    # A broker that comes back is used again at once; the default backs off to 10 s.
    "reconnect.backoff.ms": "50",
    "reconnect.backoff.max.ms": "500",
    # When a leader is gone, ask for the new one ten times a second (the default is as fast, but slows down to 1 s).
    "topic.metadata.refresh.fast.interval.ms": "100",
    "retry.backoff.max.ms": "500",
    # Idle connections that brokers close are no news.
    "log.connection.close": "false",
}

PRODUCER = {
    # The sender keeps its own window (see `sender`): the client's queue never fills, so order is never broken by it.
    "queue.buffering.max.messages": "1000000",
    "queue.buffering.max.kbytes": "2097151",
    # A full batch of the producer's loop is a full record batch, sent at once; with the default of 10000, a hundred
    # bytes a message make one full batch and a small rest. Measured: a third less CPU a message; presumably because the
    # rests use up the requests that may be in flight.
    "batch.num.messages": "8000",
}

# What is in a sender's client at a time: about 4 record batches a broker. An idempotent producer may have 5 requests in
# flight (KIP-98); with more waiting than those, librdkafka's threads were seen to poll, not to sleep (a third of all
# CPU).
WINDOW = 96_000
WINDOW_BYTES = 12_000_000
READY_S = 15.0  # for a sender to find the topic's leaders, and to be given its producer id

CONSUMER = {
    # The ledger says what was processed; the position is committed by the consumer's loop, after that.
    "enable.auto.commit": "false",
    "enable.auto.offset.store": "false",
    "auto.offset.reset": "earliest",
    # The end of a partition is an event: transaction markers at its end have offsets, but no message.
    "enable.partition.eof": "true",
    # A killed consumer's partitions move after the least time that brokers accept by default. Less would make runs
    # shorter, and on a machine that stands still for some seconds expel members that are alive.
    "session.timeout.ms": "6000",
    "heartbeat.interval.ms": "1000",
    # Every message carries its own checksum and is verified; the record batch's would be the second.
    "check.crcs": "false",
    # Fetch again soon after a leader changed, or after the application took what had filled the queue.
    "fetch.error.backoff.ms": "100",
    "fetch.queue.backoff.ms": "5",
    "fetch.wait.max.ms": "100",
}


def configured(endpoint: str, *layers: Mapping[str, str]) -> dict[str, Any]:
    """The client's properties: the base, then each layer; later ones win."""
    merged: dict[str, Any] = {"bootstrap.servers": endpoint, "client.id": "brokerlab", **CLIENT}
    for layer in layers:
        merged.update(layer)
    return merged


def made(factory: Callable[[dict[str, Any]], Client], config: dict[str, Any]) -> Client:
    """A confluent-kafka client. Raises UsageError for settings that librdkafka does not take."""
    from confluent_kafka import KafkaException

    try:
        return factory(config)
    except KafkaException as error:
        raise unfit(error.args[0].str()) from error


def unfit(said: str) -> UsageError:
    """What to say when librdkafka does not take the settings: its own sentence names the one."""
    return UsageError(
        f"Kafka's client refuses its settings: {said}", "see --properties, and the variant's own settings"
    )
