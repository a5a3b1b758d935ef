"""Waiting for a condition, with a deadline and a sentence: the only place in the project that sleeps."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from brokerlab.core.errors import DeadlineError

T = TypeVar("T")


def until(
    condition: Callable[[], T], what: str, *, deadline: float, every: float = 0.05, seen: Callable[[], str] = str
) -> T:
    """Ask `condition` every `every` seconds until its answer is true, and return that answer.

    It is asked once more when the time is up: whoever was held up himself (a busy machine) has not asked in vain.
    what: completes "waited N s for ...". seen: what to add about the last state. deadline: seconds from now.
    Raises DeadlineError when the time is up; what `condition` raises is not caught.
    """
    end = time.monotonic() + deadline
    while True:
        late = time.monotonic() >= end
        answer = condition()
        if answer:
            return answer
        if late:
            last = seen()
            raise DeadlineError(f"waited {deadline:.0f} s for {what}" + (f"; last seen: {last}" if last else ""))
        time.sleep(every)


def elapse(seconds: float, why: str) -> None:
    """Let a time pass that physics asks for (a broker's own time-out, say): `why` names it."""
    end = time.monotonic() + seconds
    until(lambda: time.monotonic() >= end, why, deadline=seconds + 1, every=min(0.05, max(seconds, 0.001)))
