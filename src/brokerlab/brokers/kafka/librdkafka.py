"""librdkafka by ctypes: the calls of a producer of whole batches, without any work of Python's a message.

The library is the very one that confluent-kafka is linked with: its symbols are found through the binding's own
extension module, wherever its wheel keeps it. What is used is public and part of the stable interface (rdkafka.h):
`rd_kafka_produce_batch` takes an array of structs that numpy fills in, and the delivery reports of an event are structs
of the same layout, which numpy reads where they are.
"""

from __future__ import annotations

import ctypes
import sys
from ctypes import CDLL, POINTER, Structure, c_char_p, c_int, c_int32, c_size_t, c_void_p
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

OLDEST, TOO_NEW = 0x02000000, 0x03000000  # the versions whose header was looked at have the same first number
DR, STATS = 0x1, 0x40  # RD_KAFKA_EVENT_*
COPY = 0x2  # RD_KAFKA_MSG_F_COPY: the client keeps a copy of its own, so ours may go after the call
PURGE_QUEUE, PURGE_INFLIGHT, PURGE_NON_BLOCKING = 0x1, 0x2, 0x4
NOT_PERSISTED = 0  # rd_kafka_msg_status_t
PRODUCER = 0  # rd_kafka_type_t
TEXT = 512  # bytes for the sentence of an error

# rd_kafka_message_t, as a 64-bit processor lays it out.
MESSAGE = np.dtype(
    [
        ("err", "<i4"),
        ("_err", "<i4"),
        ("topic", "<u8"),
        ("partition", "<i4"),
        ("_partition", "<i4"),
        ("payload", "<u8"),
        ("len", "<u8"),
        ("key", "<u8"),
        ("key_len", "<u8"),
        ("offset", "<i8"),
        ("opaque", "<u8"),
    ]
)
_WORD = 8
_WORDS = np.arange(MESSAGE.itemsize // _WORD)


class MetadataPartition(Structure):
    """rd_kafka_metadata_partition_t."""

    _fields_ = (
        ("id", c_int32),
        ("err", c_int),
        ("leader", c_int32),
        ("replica_cnt", c_int),
        ("replicas", c_void_p),
        ("isr_cnt", c_int),
        ("isrs", c_void_p),
    )


class MetadataTopic(Structure):
    """rd_kafka_metadata_topic_t."""

    _fields_ = (
        ("topic", c_char_p),
        ("partition_cnt", c_int),
        ("partitions", POINTER(MetadataPartition)),
        ("err", c_int),
    )


class Metadata(Structure):
    """rd_kafka_metadata_t."""

    _fields_ = (
        ("broker_cnt", c_int),
        ("brokers", c_void_p),
        ("topic_cnt", c_int),
        ("topics", POINTER(MetadataTopic)),
        ("orig_broker_id", c_int32),
        ("orig_broker_name", c_char_p),
    )


_FUNCTIONS: dict[str, tuple[Any, tuple[Any, ...]]] = {  # name: (result, arguments)
    "version": (c_int, ()),
    "version_str": (c_char_p, ()),
    "conf_new": (c_void_p, ()),
    "conf_set": (c_int, (c_void_p, c_char_p, c_char_p, c_char_p, c_size_t)),
    "conf_set_events": (None, (c_void_p, c_int)),
    "conf_destroy": (None, (c_void_p,)),
    "new": (c_void_p, (c_int, c_void_p, c_char_p, c_size_t)),
    "destroy": (None, (c_void_p,)),
    "topic_new": (c_void_p, (c_void_p, c_char_p, c_void_p)),
    "topic_destroy": (None, (c_void_p,)),
    "metadata": (c_int, (c_void_p, c_int, c_void_p, POINTER(POINTER(Metadata)), c_int)),
    "metadata_destroy": (None, (POINTER(Metadata),)),
    "produce_batch": (c_int, (c_void_p, c_int32, c_int, c_void_p, c_int)),
    "queue_get_main": (c_void_p, (c_void_p,)),
    "queue_poll": (c_void_p, (c_void_p, c_int)),
    "queue_destroy": (None, (c_void_p,)),
    "purge": (c_int, (c_void_p, c_int)),
    "event_type": (c_int, (c_void_p,)),
    "event_message_count": (c_size_t, (c_void_p,)),
    "event_message_array": (c_size_t, (c_void_p, c_void_p, c_size_t)),
    "event_stats": (c_char_p, (c_void_p,)),
    "event_destroy": (None, (c_void_p,)),
    "message_status": (c_int, (c_void_p,)),
    "err2name": (c_char_p, (c_int,)),
    "err2str": (c_char_p, (c_int,)),
}


class Library:
    """The functions of librdkafka, without their prefix: `library.new` is `rd_kafka_new`."""

    def __init__(self, path: str) -> None:
        """Raises OSError or AttributeError where the library, or a function of it, cannot be found."""
        found = CDLL(path)
        for name, (result, arguments) in _FUNCTIONS.items():
            function = getattr(found, f"rd_kafka_{name}")
            function.restype, function.argtypes = result, arguments
            setattr(self, name, function)

    def __getattr__(self, name: str) -> Any:
        """For the type checker: every function is set when the library is loaded."""
        raise AttributeError(name)


@cache
def library() -> Library | None:
    """None where it can't be used: a wheel that hides its symbols, another version, another layout of structs."""
    import confluent_kafka.cimpl

    if sys.byteorder != "little" or ctypes.sizeof(c_void_p) != _WORD:
        return None
    try:
        found = Library(confluent_kafka.cimpl.__file__)
    except (OSError, AttributeError):
        return None
    return found if OLDEST <= found.version() < TOO_NEW else None


def told() -> dict[str, str]:
    """Which client sends, as a run's settings tell it."""
    import confluent_kafka

    how = "librdkafka by ctypes" if library() else "confluent-kafka"
    return {"producer": how, "librdkafka": confluent_kafka.libversion()[0]}


class _Memory:
    """This process's memory from an address on, as numpy may look at it: only what is asked for is touched."""

    def __init__(self, address: int, words: int) -> None:
        self.__array_interface__ = {"version": 3, "typestr": "<u8", "shape": (words,), "data": (address, True)}


def gathered(pointers: NDArray[np.uint64]) -> NDArray[np.void]:
    """Copies of the `MESSAGE`s that these addresses are of, by one look-up: they lie scattered in memory."""
    first = int(pointers.min())
    places = ((pointers - np.uint64(first)) // np.uint64(_WORD)).astype(np.int64)
    memory = np.asarray(_Memory(first, int(places.max()) + len(_WORDS)))
    copied: NDArray[np.void] = memory[places[:, None] + _WORDS].view(MESSAGE).ravel()
    return copied
