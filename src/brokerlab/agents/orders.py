"""What an agent is told: lines on its standard input, read by a thread, kept until the agent's loop asks.

The end of standard input means that whoever started the agent is gone, however it went: the agent then ends at once,
without a flush, in whatever it is doing. Its ledger is written for exactly that.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable
from queue import SimpleQueue
from threading import Thread

from brokerlab.agents.progress import Report
from brokerlab.core.errors import UsageError

PARENT_GONE = 3


class Orders:
    """The orders of one agent: `limit N` (it may send up to N messages in all), `rate N` (so many a second from now on,
    all senders of a variant together), `finish`, `drain`, `hold POINT`, `go`.

    `limit` is the last limit that was given (0 before the first), `finish` and `drain` whether that was said, `held`
    the point at which the loop is to stop. points: those that the loop has.
    """

    def __init__(self, points: Collection[str] = ()) -> None:
        self.points = points
        self.limit = 0
        self.rate: int | None = None
        self.finish = False
        self.drain = False
        self.held = ""
        self._lines: SimpleQueue[str] = SimpleQueue()

    def say(self, line: str) -> None:
        """Thread-safe: the line counts from the loop's next `refresh` on."""
        self._lines.put(line)

    def refresh(self) -> None:
        """Take in what was said since. Raises UsageError for a line that is no order."""
        while not self._lines.empty():
            self._obey(self._lines.get())

    def passing(self, point: str, report: Report) -> None:
        """The agent's loop passes this point: it stays while it is held here."""
        if self.held != point:
            return
        before = report.state
        report.become("held", point=point)
        while self.held == point:
            self._obey(self._lines.get())
        report.become(before)

    def _obey(self, line: str) -> None:
        match line.split():
            case ["limit", number] if number.isdecimal():
                self.limit = int(number)
            case ["rate", number] if number.isdecimal():
                self.rate = int(number)
            case ["finish"]:
                self.finish = True
            case ["drain"]:
                self.drain = True
            case ["hold", point] if point in self.points:
                self.held = point
            case ["hold", point]:
                raise UsageError(
                    f"this agent can't be held at {point!r}", f"points: {', '.join(self.points) or 'none'}"
                )
            case ["go"]:
                self.held = ""
            case _:
                raise UsageError(f"not an order: {line!r}")


def follow(orders: Orders, lines: Iterable[str], end: Callable[[int], None] = os._exit) -> Thread:
    """Feed `orders` from `lines` in a daemon thread; `end` is called with PARENT_GONE after the last one."""

    def read() -> None:
        for line in lines:
            orders.say(line)
        end(PARENT_GONE)

    thread = Thread(target=read, name="orders", daemon=True)
    thread.start()
    return thread
