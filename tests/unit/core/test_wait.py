"""Waiting: a condition has the last word, also when whoever waits for it was held up."""

from __future__ import annotations

import time

import pytest

from brokerlab.core.errors import DeadlineError
from brokerlab.core.wait import elapse, until


class Clock:
    """Time that passes only where somebody sleeps, and then more of it than was asked for."""

    def __init__(self, held_up: float) -> None:
        self.now, self.held_up = 0.0, held_up

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds + self.held_up


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock(held_up=100)
    monkeypatch.setattr(time, "monotonic", clock.monotonic)
    monkeypatch.setattr(time, "sleep", clock.sleep)
    return clock


def test_who_slept_past_the_deadline_asks_once_more(clock: Clock) -> None:
    assert until(lambda: clock.now > 0, "the time to come", deadline=5)


def test_who_was_held_up_right_after_asking_asks_once_more(clock: Clock) -> None:
    asked: list[float] = []

    def condition() -> bool:
        asked.append(clock.now)
        if len(asked) == 1:
            clock.now += 100  # between the answer and the look at the clock
            return False
        return True

    assert until(condition, "the second question", deadline=5)


def test_what_never_comes_is_a_sentence(clock: Clock) -> None:
    with pytest.raises(DeadlineError, match="waited 5 s for what never comes; last seen: nothing"):
        until(lambda: False, "what never comes", deadline=5, seen=lambda: "nothing")


def test_a_time_that_lasts_longer_has_passed(clock: Clock) -> None:
    elapse(0.2, "a while")
    assert clock.now >= 0.2
