"""A Kafka producer's client over librdkafka itself: whole batches in, arrays of outcomes out, nothing a message.

Outcome classes. ACKED and HANDED: see `sender`. FAILED: refused by the client before it was queued, or given up with
librdkafka's word that it was not persisted (`rd_kafka_message_status`: never transmitted, or refused; what may have
been written by one attempt stays so through all later ones). UNKNOWN: every other error, and the refusals after which
a broker may have written the message all the same.

One gap is librdkafka's: a leader that is deposed while followers have yet to fetch what it wrote refuses it as if it
had not (DelayedProduce.scala), and librdkafka tries again. Should such a message then time out, it counts as FAILED;
if it is in the log, the checker `resurrected` says so.
"""

from __future__ import annotations

import ctypes
import json
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from brokerlab.brokers.kafka import librdkafka
from brokerlab.brokers.kafka.client import PRODUCER, READY_S, WINDOW, WINDOW_BYTES, configured, unfit
from brokerlab.brokers.kafka.librdkafka import MESSAGE, NOT_PERSISTED, TEXT, Library, Metadata, gathered
from brokerlab.brokers.kafka.outcomes import good, joined, nowhere, number_of
from brokerlab.core.broker import Outcomes
from brokerlab.core.wait import until
from brokerlab.core.words import Outcome

_PERHAPS_WRITTEN = (-1, 56)  # refusals: UNKNOWN_SERVER_ERROR, KAFKA_STORAGE_ERROR
_ALL_THERE_IS = librdkafka.PURGE_QUEUE | librdkafka.PURGE_INFLIGHT | librdkafka.PURGE_NON_BLOCKING
_ASSIGNED = "Assigned"
_ASK_MS = 2000


class DirectSender:
    """A producer's client. Not thread-safe. `reasons[0]` is "" and stands for no reason."""

    def __init__(self, library: Library, endpoint: str, topic: str, settings: Mapping[str, str]) -> None:
        config = configured(endpoint, PRODUCER, settings)
        idempotent = config.get("enable.idempotence", "false").lower() == "true"
        if idempotent:  # the only place where the client tells that it has its producer id
            config["statistics.interval.ms"] = "100"
        self.reasons = [""]
        self._library = library
        self._window = min(WINDOW, int(config["queue.buffering.max.messages"]))
        self._good = good(settings)
        self._inside = 0
        self._refused: list[Outcomes] = []
        self._eos = ""
        self._client = _client(library, config)
        self._queue = library.queue_get_main(self._client)
        self._topic = library.topic_new(self._client, topic.encode(), None)
        self._await_leaders(topic)
        if idempotent:
            until(self._has_producer_id, "Kafka to give the producer its id", deadline=READY_S, every=0.0)

    def send(
        self, values: Sequence[bytes], partition: int, keys: Sequence[bytes] | None, *, insist: bool = False
    ) -> int:
        """Hand over all of them, or none while there is no room: a batch that is cut stays cut into small ones."""
        size = len(values[0])
        window = min(self._window, max(1, WINDOW_BYTES // size))
        room = len(values) if insist else min(len(values), window - self._inside)
        if room < len(values) and self._inside:
            return 0
        bodies = np.frombuffer(b"".join(values[:room]), np.uint8).reshape(room, size)
        batch = np.zeros(room, MESSAGE)
        batch["payload"], batch["len"] = _addresses(bodies), size
        batch["opaque"] = bodies[:, 4:8].copy().view("<u4").ravel()  # the sequence number: see `core.message`
        if keys is not None:
            names = np.frombuffer(b"".join(keys[:room]), np.uint8)
            batch["key_len"] = np.fromiter(map(len, keys), np.uint64, room)
            batch["key"] = names.ctypes.data + np.cumsum(batch["key_len"]) - batch["key_len"]
        queued = self._library.produce_batch(self._topic, partition, librdkafka.COPY, batch.ctypes.data, room)
        self._inside += queued
        if queued < room:
            self._refused.append(self._nowhere(batch[batch["err"] != 0], Outcome.FAILED))
        return room

    def poll(self, timeout: float) -> Outcomes:
        """The outcomes since the last call; waits at most `timeout` seconds for the first."""
        found, self._refused = self._refused, []
        wait = 0 if found else int(timeout * 1000)
        while event := self._library.queue_poll(self._queue, wait):
            wait = 0
            found += self._take(event)
            self._library.event_destroy(event)
        return joined(found)

    def close(self) -> None:
        """Let go of the client without waiting: what has no outcome by now is unknown."""
        self._library.purge(self._client, _ALL_THERE_IS)
        self.poll(0)
        self._library.topic_destroy(self._topic)
        self._library.queue_destroy(self._queue)
        self._library.destroy(self._client)

    # ------------------------------------------------------------ events

    def _take(self, event: int) -> list[Outcomes]:
        kind = self._library.event_type(event)
        if kind == librdkafka.STATS and self._eos != _ASSIGNED:
            self._eos = json.loads(self._library.event_stats(event)).get("eos", {}).get("idemp_state", "")
        return self._reported(event) if kind == librdkafka.DR else []

    def _reported(self, event: int) -> list[Outcomes]:
        pointers = np.empty(self._library.event_message_count(event), np.uint64)
        self._library.event_message_array(event, pointers.ctypes.data, len(pointers))
        self._inside -= len(pointers)
        reports = gathered(pointers)
        fine = reports["err"] == 0
        if fine.all():
            return [self._landed(reports)]
        given_up = self._given_up(reports[~fine], pointers[~fine])
        return [self._landed(reports[fine]), self._nowhere(reports[~fine], given_up)]

    def _landed(self, reports: NDArray[np.void]) -> Outcomes:
        if self._good is Outcome.HANDED:
            return self._nowhere(reports, Outcome.HANDED)
        offset = np.maximum(reports["offset"], -1)  # it is not told of a message that an earlier attempt had written
        return Outcomes(
            reports["opaque"].astype(np.uint32),
            np.full(len(reports), self._good, np.uint8),
            reports["partition"].astype(np.int16),
            offset,
            np.zeros(len(reports), np.uint8),
        )

    def _given_up(self, reports: NDArray[np.void], pointers: NDArray[np.uint64]) -> NDArray[np.uint8]:
        status = np.fromiter(map(self._library.message_status, pointers.tolist()), np.int32, len(pointers))
        sure = (status == NOT_PERSISTED) & ~np.isin(reports["err"], _PERHAPS_WRITTEN)
        return np.where(sure, np.uint8(Outcome.FAILED), np.uint8(Outcome.UNKNOWN))

    def _nowhere(self, rows: NDArray[np.void], outcome: Outcome | NDArray[np.uint8]) -> Outcomes:
        """Outcomes without a place; the reasons are those of the rows' errors."""
        codes, which = np.unique(rows["err"], return_inverse=True)
        numbers = [number_of(self._text(code), self.reasons) for code in codes.tolist()]
        return nowhere(rows["opaque"].astype(np.uint32), outcome, np.array(numbers, np.uint8)[which])

    def _text(self, code: int) -> str:
        if not code:
            return ""
        return f"{self._library.err2name(code).decode()}: {self._library.err2str(code).decode()}"

    # ------------------------------------------------------------ beginning

    def _await_leaders(self, topic: str) -> None:
        last = ""

        def led() -> bool:
            nonlocal last
            last = self._wanting()
            return not last

        what = f"every partition of {topic} to have a leader"
        until(led, what, deadline=READY_S, every=0.05, seen=lambda: last)

    def _wanting(self) -> str:
        """What is wanting until every partition of the topic has a leader; "" when each has one."""
        answer = ctypes.POINTER(Metadata)()
        error = self._library.metadata(self._client, 0, self._topic, ctypes.byref(answer), _ASK_MS)
        if error:
            return self._text(error)
        found = answer.contents.topics[0]
        led = [found.partitions[number].leader >= 0 for number in range(found.partition_cnt)]
        wanting = self._text(found.err) or ("" if led and all(led) else "no leader")
        self._library.metadata_destroy(answer)
        return wanting

    def _has_producer_id(self) -> bool:
        self.poll(0.05)
        return self._eos == _ASSIGNED


def _client(library: Library, config: Mapping[str, str]) -> int:
    """A producer's handle. Raises UsageError for settings that librdkafka does not take."""
    said = ctypes.create_string_buffer(TEXT)
    conf = library.conf_new()
    library.conf_set_events(conf, librdkafka.DR | librdkafka.STATS)
    wrong = any(library.conf_set(conf, name.encode(), value.encode(), said, TEXT) for name, value in config.items())
    client = 0 if wrong else library.new(librdkafka.PRODUCER, conf, said, TEXT)
    if not client:
        library.conf_destroy(conf)  # else it is the client's
        raise unfit(said.value.decode())
    return int(client)


def _addresses(array: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Of the array's rows, one behind the other."""
    rows, size = array.shape
    return np.uint64(array.ctypes.data) + np.uint64(size) * np.arange(rows, dtype=np.uint64)
