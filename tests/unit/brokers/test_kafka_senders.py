"""Both senders of Kafka on librdkafka's own mock brokers, which are in the process: what neither needs a lab for."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from types import SimpleNamespace

import confluent_kafka.cimpl
import numpy as np
import pytest
from confluent_kafka import KafkaError

from brokerlab.brokers.kafka import BROKER, Kafka, librdkafka
from brokerlab.brokers.kafka.direct import DirectSender
from brokerlab.brokers.kafka.librdkafka import MESSAGE, gathered, library, told
from brokerlab.brokers.kafka.sender import KafkaSender
from brokerlab.core import message
from brokerlab.core.broker import Outcomes, Sender
from brokerlab.core.errors import UsageError
from brokerlab.core.words import Outcome
from tests.plugins.test_brokers import joined, sent

N = 1000
MOCK = {"test.mock.num.brokers": "1", "log_level": "2"}
SAFE = {"acks": "all", "enable.idempotence": "true"}
Open = Callable[[Mapping[str, str]], Sender]


@pytest.fixture(params=[True, False], ids=["direct", "by the binding"])
def opened(request: pytest.FixtureRequest) -> Iterator[Open]:
    """Opens senders to mock brokers of their own; each is closed in the end."""
    broker, found = Kafka(direct=request.param), []

    def opened(settings: Mapping[str, str]) -> Sender:
        found.append(broker.sender("127.0.0.1:1", "topic", {**MOCK, **settings}))
        return found[-1]

    yield opened
    for sender in found:
        sender.close()


def messages(count: int, size: int = 100) -> list[bytes]:
    return message.build(1, 0, np.arange(count, dtype=np.uint32), size, 1)


def mock(sender: Sender, broker: int | str) -> None:
    """Have the sender's mock broker answer the next request to produce with that error, or be late or down."""
    functions = ctypes.CDLL(confluent_kafka.cimpl.__file__)
    functions.rd_kafka_handle_mock_cluster.restype = ctypes.c_void_p
    assert isinstance(sender, DirectSender)
    cluster = ctypes.c_void_p(functions.rd_kafka_handle_mock_cluster(ctypes.c_void_p(sender._client)))
    match broker:
        case "down":
            functions.rd_kafka_mock_broker_set_down(cluster, 1)
        case "late":
            functions.rd_kafka_mock_broker_set_rtt(cluster, 1, 5000)
        case code:
            functions.rd_kafka_mock_push_request_errors_array(
                cluster, ctypes.c_int16(0), ctypes.c_size_t(1), ctypes.byref(ctypes.c_int(code))
            )


def by_seq(parts: list[Outcomes], column: str) -> list[int]:
    order = np.argsort(joined(parts, "seq"))
    return joined(parts, column)[order].tolist()


def test_kafka_sends_by_librdkafka_itself() -> None:
    with closing(BROKER.sender("127.0.0.1:1", "topic", MOCK)) as sender:
        assert isinstance(sender, DirectSender)
    assert told()["producer"] == "librdkafka by ctypes"


@pytest.mark.parametrize("settings", [SAFE, {"acks": "all"}, {"acks": "1"}])
def test_what_is_acked_is_told_with_its_place(opened: Open, settings: dict[str, str]) -> None:
    parts = sent(opened(settings), messages(N), 2)
    assert by_seq(parts, "seq") == list(range(N))
    assert set(by_seq(parts, "outcome")) == {Outcome.ACKED}
    assert set(by_seq(parts, "partition")) == {2}
    assert by_seq(parts, "offset") == list(range(N))
    assert set(by_seq(parts, "reason")) == {0}


def test_what_is_handed_over_has_no_place(opened: Open) -> None:
    parts = sent(opened({"acks": "0"}), messages(N))
    assert set(by_seq(parts, "outcome")) == {Outcome.HANDED}
    assert set(by_seq(parts, "offset")) == set(by_seq(parts, "partition")) == {-1}


def test_a_batch_is_taken_whole_or_not_while_the_window_is_full(opened: Open) -> None:
    sender = opened({"acks": "all", "queue.buffering.max.messages": "150", "linger.ms": "100"})
    values = messages(100)
    assert sender.send(values, 0, None) == 100
    assert sender.send(values, 0, None) == 0  # 50 would fit
    parts = []
    while not sum(len(part.seq) for part in parts):
        parts.append(sender.poll(1))
    assert sender.send(values, 0, None) == 100


def test_what_is_larger_than_the_window_is_taken_in_part(opened: Open) -> None:
    sender = opened({"acks": "all", "queue.buffering.max.messages": "150"})
    assert sender.send(messages(400), 0, None) == 150


def test_keys_go_with_their_messages(opened: Open) -> None:
    """A mock broker does not say what is in its log: the client's own bound on a message's size says what was in it."""
    sender = opened({"acks": "all", "message.max.bytes": "1100"})
    keys = [b"k", b"", b"k" * 2000, b"kk"]
    assert sender.send(messages(4), 0, keys) == 4
    parts = []
    while sum(len(part.seq) for part in parts) < 4:
        parts.append(sender.poll(1))
    assert by_seq(parts, "outcome") == [Outcome.ACKED, Outcome.ACKED, Outcome.FAILED, Outcome.ACKED]


@pytest.mark.parametrize(
    ("settings", "partition", "size", "reason"),
    [({"message.max.bytes": "1000"}, 0, 5000, "SIZE_TOO_LARGE"), ({}, 99, 100, "_UNKNOWN_PARTITION")],
)
def test_what_the_client_refuses_has_failed(
    opened: Open, settings: dict[str, str], partition: int, size: int, reason: str
) -> None:
    sender = opened({"acks": "all", **settings})
    parts = sent(sender, messages(3, size), partition)
    assert by_seq(parts, "outcome") == [Outcome.FAILED] * 3
    (number,) = set(by_seq(parts, "reason"))
    assert reason in sender.reasons[number]


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        ("NOT_ENOUGH_REPLICAS", Outcome.FAILED),
        ("MSG_SIZE_TOO_LARGE", Outcome.FAILED),
        ("NOT_ENOUGH_REPLICAS_AFTER_APPEND", Outcome.UNKNOWN),
        ("KAFKA_STORAGE_ERROR", Outcome.UNKNOWN),
        ("UNKNOWN", Outcome.UNKNOWN),
    ],
)
def test_what_a_broker_refuses_has_failed_if_it_cannot_be_written(error: str, outcome: Outcome) -> None:
    with closing(Kafka().sender("127.0.0.1:1", "topic", {**MOCK, "acks": "all", "retries": "0"})) as sender:
        mock(sender, getattr(KafkaError, error))
        parts = sent(sender, messages(10))
        assert by_seq(parts, "outcome") == [outcome] * 10
        assert error in sender.reasons[by_seq(parts, "reason")[0]]


@pytest.mark.parametrize(
    ("broker", "timeout", "outcome"), [("down", "500", Outcome.FAILED), ("late", "2500", Outcome.UNKNOWN)]
)
def test_what_timed_out_has_failed_only_if_it_was_never_sent(broker: str, timeout: str, outcome: Outcome) -> None:
    settings = {**MOCK, "acks": "all", "message.timeout.ms": timeout, "socket.timeout.ms": "300"}
    with closing(Kafka().sender("127.0.0.1:1", "topic", settings)) as sender:
        sent(sender, messages(1))
        mock(sender, broker)
        parts = sent(sender, messages(10))
        assert by_seq(parts, "outcome") == [outcome] * 10
        assert "_MSG_TIMED_OUT" in sender.reasons[by_seq(parts, "reason")[0]]


@pytest.mark.parametrize(
    "settings", [{"no.such.property": "1"}, {"acks": "many"}, {"acks": "1", "enable.idempotence": "true"}]
)
def test_a_setting_that_the_client_does_not_know_is_the_users_mistake(opened: Open, settings: dict[str, str]) -> None:
    with pytest.raises(UsageError, match=next(iter(settings))):
        opened(settings)


def test_every_client_names_the_setting_that_it_does_not_know() -> None:
    wrong = {"no.such.property": "1"}
    for made in (
        lambda: BROKER.admin("127.0.0.1:1", wrong),
        lambda: BROKER.receiver("127.0.0.1:1", "topic", "group", wrong),
        lambda: BROKER.auditor("127.0.0.1:1", "topic", (), wrong),
    ):
        with pytest.raises(UsageError, match=r"no\.such\.property"):
            made()


def test_messages_that_lie_scattered_are_gathered() -> None:
    scattered = [np.zeros(1, MESSAGE) for _ in range(50)]
    for number, one in enumerate(scattered):
        one["err"], one["partition"], one["offset"], one["opaque"] = -number, number, 1 << 40, number
    there = gathered(np.array([one.ctypes.data for one in scattered], np.uint64))
    assert there.tobytes() == b"".join(one.tobytes() for one in scattered)


def test_a_message_is_laid_out_as_in_c() -> None:
    class Message(ctypes.Structure):
        _fields_ = (
            ("err", ctypes.c_int),
            ("topic", ctypes.c_void_p),
            ("partition", ctypes.c_int32),
            ("payload", ctypes.c_void_p),
            ("len", ctypes.c_size_t),
            ("key", ctypes.c_void_p),
            ("key_len", ctypes.c_size_t),
            ("offset", ctypes.c_int64),
            ("opaque", ctypes.c_void_p),
        )

    assert ctypes.sizeof(Message) == MESSAGE.itemsize
    for name, _ in Message._fields_:
        assert getattr(Message, name).offset == MESSAGE.fields[name][1]


@pytest.mark.parametrize("what", ["a hidden symbol", "a newer version", "no library"])
def test_where_librdkafka_cannot_be_used_the_binding_is(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    match what:
        case "a hidden symbol":
            monkeypatch.setitem(librdkafka._FUNCTIONS, "no_such_function", (None, ()))
        case "a newer version":
            monkeypatch.setattr(librdkafka, "Library", lambda _: SimpleNamespace(version=lambda: 0x03000000))
        case "no library":
            monkeypatch.setattr("confluent_kafka.cimpl.__file__", "/no/such/library.so")
    library.cache_clear()
    try:
        assert told()["producer"] == "confluent-kafka"
        with closing(BROKER.sender("127.0.0.1:1", "topic", MOCK)) as sender:
            assert isinstance(sender, KafkaSender)
    finally:
        monkeypatch.undo()
        library.cache_clear()
