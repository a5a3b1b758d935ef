"""A Kafka producer's client over confluent-kafka: whole batches in, arrays of outcomes out.

Outcome classes. ACKED: reported without an error, by an acknowledging broker. HANDED: the same with acks=0, which says
only that it went to the socket. FAILED: refused by the client itself before it was queued (too large, unknown
partition), so it cannot have been written. UNKNOWN: every error of a message that had been queued. librdkafka knows
more (`rd_kafka_message_status`: NOT_PERSISTED or POSSIBLY_PERSISTED), but confluent-kafka does not show it, and the
error code alone proves nothing: a message that timed out in the queue, was purged there, or was refused by a broker
may have been written by an earlier attempt whose answer was lost.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from brokerlab.brokers.kafka.client import PRODUCER, READY_S, WINDOW, WINDOW_BYTES, configured, made
from brokerlab.brokers.kafka.outcomes import good, joined, nowhere, number_of
from brokerlab.brokers.kafka.topic import await_leaders
from brokerlab.core.broker import Outcomes
from brokerlab.core.message import sequence_numbers
from brokerlab.core.wait import until
from brokerlab.core.words import Outcome

if TYPE_CHECKING:
    from confluent_kafka import KafkaError, Message


class KafkaSender:
    """A producer's client. Not thread-safe. `reasons[0]` is "" and stands for no reason."""

    def __init__(self, endpoint: str, topic: str, settings: Mapping[str, str]) -> None:
        from confluent_kafka import Producer

        config = configured(endpoint, PRODUCER, settings)
        self.reasons = [""]
        self._topic = topic
        self._window = min(WINDOW, int(config["queue.buffering.max.messages"]))
        self._good = good(settings)
        self._landed: list[Message] = []
        self._errors: list[tuple[KafkaError, Message]] = []
        self._refused: list[tuple[bytes, str]] = []
        self._inside = 0
        self._eos = ""
        idempotent = config.get("enable.idempotence", "false").lower() == "true"
        if idempotent:  # the only place where the client tells that it has its producer id
            config |= {"statistics.interval.ms": "100", "stats_cb": self._statistics}
        self._client = made(Producer, config)
        await_leaders(self._client, topic, READY_S)
        if idempotent:
            until(self._has_producer_id, "Kafka to give the producer its id", deadline=READY_S, every=0.0)

    def send(
        self, values: Sequence[bytes], partition: int, keys: Sequence[bytes] | None, *, insist: bool = False
    ) -> int:
        """Hand over all of them, or none while there is no room: a batch that is cut stays cut into small ones."""
        window = min(self._window, max(1, WINDOW_BYTES // len(values[0])))
        room = len(values) if insist else min(len(values), window - self._inside)
        if room < len(values) and self._inside:
            return 0
        batch: list[dict[str, Any]] = [{"value": value} for value in values[:room]]
        if keys is not None:
            for message, key in zip(batch, keys, strict=False):
                message["key"] = key
        queued = self._client.produce_batch(self._topic, batch, partition, self._report)
        self._inside += queued
        if queued < room:
            self._refused += [(message["value"], str(message["_error"])) for message in batch if "_error" in message]
        return room

    def poll(self, timeout: float) -> Outcomes:
        """The outcomes since the last call; waits at most `timeout` seconds for the first."""
        self._client.poll(0 if self._refused else timeout)
        landed, errors, refused = self._landed, self._errors, self._refused
        self._landed, self._errors, self._refused = [], [], []
        self._inside -= len(landed) + len(errors)
        parts = [self._of_landed(landed)] if landed else []
        parts += [self._nowhere(_values(message for _, message in errors), Outcome.UNKNOWN, _texts(errors))]
        parts += [self._nowhere([value for value, _ in refused], Outcome.FAILED, [text for _, text in refused])]
        return joined(parts)

    def close(self) -> None:
        """Let go of the client without waiting: what has no outcome by now is unknown."""
        self._client.purge(in_queue=True, in_flight=True, blocking=False)
        self._client.poll(0)

    def _report(self, error: KafkaError | None, message: Message) -> None:
        """Called by `poll`, once a message: as little as possible."""
        if error is None:
            self._landed.append(message)
        else:
            self._errors.append((error, message))

    def _of_landed(self, landed: list[Message]) -> Outcomes:
        from confluent_kafka import Message

        count = len(landed)
        if self._good is Outcome.HANDED:
            return self._nowhere(_values(landed), Outcome.HANDED, [""] * count)
        offsets = (-1 if at is None else at for at in map(Message.offset, landed))  # None: an earlier attempt wrote it
        return Outcomes(
            sequence_numbers(_values(landed)),
            np.full(count, Outcome.ACKED, np.uint8),
            np.fromiter(map(Message.partition, landed), np.int16, count),
            np.fromiter(offsets, np.int64, count),
            np.zeros(count, np.uint8),
        )

    def _nowhere(self, values: list[bytes], outcome: Outcome, texts: list[str]) -> Outcomes:
        reasons = np.array([number_of(text, self.reasons) for text in texts], np.uint8)
        return nowhere(sequence_numbers(values), outcome, reasons)

    def _statistics(self, text: str) -> None:
        if self._eos != "Assigned":
            self._eos = json.loads(text).get("eos", {}).get("idemp_state", "")

    def _has_producer_id(self) -> bool:
        self._client.poll(0.05)
        return self._eos == "Assigned"


def _values(messages: Iterable[Message]) -> list[bytes]:
    return [message.value() or b"" for message in messages]


def _texts(errors: list[tuple[KafkaError, Message]]) -> list[str]:
    return [f"{error.name()}: {error.str()}" for error, _ in errors]
