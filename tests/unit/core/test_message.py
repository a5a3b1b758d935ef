"""The message layout: every message built is read back as it was, and any wrong byte is seen."""

from __future__ import annotations

from zlib import crc32

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from brokerlab.core import message

seqs = st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=50)
sizes = st.integers(message.MIN_SIZE, 300)
marks = st.integers(0, 2**64 - 1)


@given(seqs, sizes, marks, st.integers(0, 0xFFFE), st.integers(0, 2**62))
def test_built_messages_parse_to_what_they_were_built_of(
    numbers: list[int], size: int, mark: int, producer: int, at: int
) -> None:
    values = message.build(mark, producer, np.array(numbers, np.uint32), size, at)
    assert all(len(value) == size for value in values)
    assert all(crc32(value[:-4]) == int.from_bytes(value[-4:], "little") for value in values)
    parsed = message.parse(values, mark)
    assert parsed["intact"].all()
    assert parsed["seq"].tolist() == numbers
    assert set(parsed["producer"].tolist()) == {producer}
    assert set(parsed["sent_at"].tolist()) == {at}
    assert message.sequence_numbers(values).tolist() == numbers


@given(st.data(), sizes)
def test_one_changed_bit_is_always_seen(data: st.DataObject, size: int) -> None:
    (value,) = message.build(1, 2, np.array([3], np.uint32), size, 4)
    at = data.draw(st.integers(0, size - 1))
    bit = 1 << data.draw(st.integers(0, 7))
    wrong = value[:at] + bytes([value[at] ^ bit]) + value[at + 1 :]
    assert message.parse([value, wrong, value], 1)["intact"].tolist() == [True, False, True]


@given(st.lists(st.binary(max_size=200), max_size=10))
def test_foreign_messages_of_any_length_are_not_ours(values: list[bytes]) -> None:
    assert not message.parse(values, 1)["intact"].any()
    ours = message.build(1, 0, np.array([7], np.uint32), 100, 0)
    parsed = message.parse([*values, *ours], 1)
    assert parsed["intact"].tolist() == [False] * len(values) + [True]
    assert parsed["seq"][-1] == 7


def test_another_runs_messages_are_not_ours() -> None:
    values = message.build(message.stamp("run-1", "v"), 0, np.array([1], np.uint32), 100, 0)
    assert not message.parse(values, message.stamp("run-2", "v"))["intact"].any()
