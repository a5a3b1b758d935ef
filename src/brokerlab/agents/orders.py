"""What an agent is told: lines on its standard input, read by a thread, kept until the agent's loop asks.

The end of standard input means that whoever started the agent is gone, however it went: the agent then ends at once,
without a flush, in whatever it is doing. Its ledger is written for exactly that.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from queue import Empty, SimpleQueue
from threading import Thread

PARENT_GONE = 3


class Orders:
    """The orders of one agent: `limit N` (it may send up to N messages in all), `finish`, `drain`.

    `limit` is the last limit that was given (0 before the first), `finish` and `drain` whether that was said.
    """

    def __init__(self) -> None:
        self.limit = 0
        self.finish = False
        self.drain = False
        self._lines: SimpleQueue[str] = SimpleQueue()

    def say(self, line: str) -> None:
        """Thread-safe: the line counts from the loop's next `refresh` on."""
        self._lines.put(line)

    def refresh(self) -> None:
        """Take in what was said since. Raises ValueError for a line that is no order."""
        while True:
            try:
                words = self._lines.get_nowait().split()
            except Empty:
                return
            match words:
                case ["limit", number]:
                    self.limit = int(number)
                case ["finish"]:
                    self.finish = True
                case ["drain"]:
                    self.drain = True
                case _:
                    raise ValueError(f"not an order: {' '.join(words)!r}")


def follow(orders: Orders, lines: Iterable[str], end: Callable[[int], None] = os._exit) -> Thread:
    """Feed `orders` from `lines` in a daemon thread; `end` is called with PARENT_GONE after the last one."""

    def read() -> None:
        for line in lines:
            orders.say(line)
        end(PARENT_GONE)

    thread = Thread(target=read, name="orders", daemon=True)
    thread.start()
    return thread
