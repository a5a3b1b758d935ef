"""A processor's clients, as far as they can be tried without a broker: calls that hang, and how they fail."""

from __future__ import annotations

from threading import Event

import pytest

from brokerlab.brokers.kafka import pipe


def test_a_call_that_comes_back_is_not_stuck() -> None:
    done: list[int] = []
    call = pipe._InTime(lambda: done.append(1))
    call()
    assert (done, call.stuck) == ([1], False)


def test_what_a_call_raises_is_raised_where_it_was_made() -> None:
    def fails() -> None:
        raise ValueError("no")

    call = pipe._InTime(fails)
    with pytest.raises(ValueError, match="no"):
        call()
    assert not call.stuck


def test_a_call_that_hangs_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipe, "STUCK_S", 0.05)
    for_good = Event()
    call = pipe._InTime(for_good.wait)
    call()
    assert call.stuck
    for_good.set()
