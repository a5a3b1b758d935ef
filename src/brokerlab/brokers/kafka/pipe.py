"""A Kafka processor's clients: a group's member that reads one topic, and a producer that writes another.

With `transactional.id` the producer works in transactions (KIP-98), which take the member's position in with the
group's generation (KIP-447): a batch and its position become visible together, or not at all. The id is made unique to
the group; whoever begins under it anew fences who had it before, and aborts what that one had left open. The client has
no KIP-890: its transactions are of the first protocol, in which the epoch is not raised with each transaction.

When the group's coordinator dies, librdkafka's `send_offsets_to_transaction` may hang for good, whatever time it was
given (librdkafka issues 5456, 5511). A producer that hangs there is left behind for a new one, as whoever watches over
such a service would restart it: its transaction is aborted by that, and its batch comes again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from threading import Thread
from typing import TYPE_CHECKING, Any

import numpy as np

from brokerlab.brokers.kafka.client import CONSUMER, PRODUCER, READY_S, configured, made
from brokerlab.brokers.kafka.receiver import KafkaReceiver
from brokerlab.brokers.kafka.topic import await_leaders, refused
from brokerlab.core.broker import Received
from brokerlab.core.errors import FencedError
from brokerlab.core.wait import until

if TYPE_CHECKING:
    from confluent_kafka import KafkaError, Message, Producer

CALL_S = 10.0
LONGEST_S = 60.0  # of calls that time out and are made again
STUCK_S = 8.0  # well above a fail-over of the coordinator
TRANSACTIONAL = "transactional.id"


class KafkaPipe:
    """Not thread-safe; belongs to one agent."""

    def __init__(self, endpoint: str, source: str, group: str, topic: str, settings: Mapping[str, str]) -> None:
        self._topic = topic
        self.transactional = TRANSACTIONAL in settings
        unique = {TRANSACTIONAL: f"{settings[TRANSACTIONAL]}-{group}"} if self.transactional else {}
        self._writing = configured(endpoint, PRODUCER, settings, unique)
        self._producer = self._new_producer()  # before anything is read: nobody else writes under its id any more
        reading = configured(endpoint, CONSUMER, {"group.id": group, "isolation.level": "read_committed"})
        self._receiver = KafkaReceiver(reading, source, auto=self.transactional)
        self._receiver.subscribe()
        self._open = False
        self._failed: KafkaError | None = None
        self._acknowledged: list[Message] = []

    def _new_producer(self) -> Producer:
        from confluent_kafka import Producer

        producer = made(Producer, self._writing)
        await_leaders(producer, self._topic, READY_S)
        if self.transactional:
            self._do(lambda: producer.init_transactions(CALL_S), "begin to write in transactions")
        return producer

    # ------------------------------------------------------------ reading

    def take(self, most: int, timeout: float) -> Received:
        return self._receiver.receive(most, timeout)

    def assigned(self) -> bool:
        return self._receiver.assigned()

    def ends(self) -> Mapping[int, tuple[int, int]]:
        return self._receiver.ends()

    def positions(self) -> Mapping[int, int]:
        return self._receiver.positions()

    # ------------------------------------------------------------ writing

    def write(self, received: Received) -> bool:
        """Each into the partition that it came from; returns when all are acknowledged."""
        if self.transactional:
            self._open = self._do(self._producer.begin_transaction, "begin a transaction")
            if not self._open:
                return False
        return self._do(lambda: self._send(received), f"write to {self._topic}")

    def _send(self, received: Received) -> None:
        from confluent_kafka import KafkaException

        self._failed, self._acknowledged = None, []
        for value, partition in zip(received.values, received.partition.tolist(), strict=True):
            self._producer.produce(self._topic, value, partition=partition, on_delivery=self._report)
        until(lambda: self._producer.flush(0.2) == 0, f"{self._topic} to acknowledge a batch", deadline=CALL_S, every=0)
        if self._failed is not None and not self.transactional:
            raise KafkaException(self._failed)

    def _report(self, error: KafkaError | None, message: Message) -> None:
        self._failed = error or self._failed
        if not error and message.offset() is not None:  # of one that an earlier attempt had written it is not told
            self._acknowledged.append(message)

    def written(self) -> Received:
        values = [message.value() or b"" for message in self._acknowledged]
        places = np.array([(message.partition(), message.offset()) for message in self._acknowledged], np.int64)
        partition, offset = places.reshape(-1, 2).T
        return Received(values, partition.astype(np.int16), offset)

    def mark(self) -> bool:
        """Put the position behind what was taken into the transaction."""
        from confluent_kafka import TopicPartition

        if not self._open:
            return not self.transactional
        parts = [TopicPartition(self._receiver.topic, part, at) for part, at in self._receiver.positions().items()]
        producer, member = self._producer, self._receiver.metadata()
        marking = _InTime(lambda: producer.send_offsets_to_transaction(parts, member, CALL_S))
        done = self._do(marking, "put positions into a transaction")
        if marking.stuck:
            self._open, self._producer = False, self._new_producer()
            self._receiver.rewind()
        return done and not marking.stuck

    def commit(self) -> bool:
        if not self.transactional:
            self._receiver.commit()
            return True
        if not self._open:
            return False
        done = self._do(lambda: self._producer.commit_transaction(CALL_S), "commit a transaction")
        self._open = False
        return done

    def close(self) -> None:
        self._receiver.close()

    def _do(self, call: Callable[[], Any], what: str) -> bool:
        """Returns whether it was done: False when the transaction had to be aborted, and its batch will come again."""
        from confluent_kafka import KafkaException

        end = time.monotonic() + LONGEST_S
        while True:
            try:
                call()
            except KafkaException as error:
                problem: KafkaError = error.args[0]
                if _fenced(problem):
                    raise FencedError(f"Kafka refused to {what}: {problem.str()}") from error
                if problem.txn_requires_abort():
                    self._abort()
                    return False
                if not problem.retriable() or time.monotonic() > end:
                    raise refused(what, error) from error
            else:
                return True

    def _abort(self) -> None:
        self._open = False
        self._do(lambda: self._producer.abort_transaction(CALL_S), "abort a transaction")
        self._receiver.rewind()


class _InTime:
    """Makes a call in a thread of its own, and does not wait for ever: `stuck` when it did not come back."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self._call, self._error, self.stuck = call, None, False  # type: Callable[[], Any], Exception | None, bool

    def __call__(self) -> None:
        self._error = None
        thread = Thread(target=self._run, name="in time", daemon=True)
        thread.start()
        thread.join(STUCK_S)
        self.stuck = thread.is_alive()
        if self._error:
            raise self._error

    def _run(self) -> None:
        try:
            self._call()
        except Exception as error:  # raised again where it was asked for
            self._error = error


def _fenced(error: KafkaError) -> bool:
    from confluent_kafka import KafkaError

    fencing = (KafkaError._FENCED, KafkaError.INVALID_PRODUCER_EPOCH, KafkaError.PRODUCER_FENCED)
    return bool(error.fatal() or error.code() in fencing)
