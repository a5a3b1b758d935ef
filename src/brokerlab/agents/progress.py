"""What an agent tells of itself: one line of JSON on standard output at each change of state, and else every 50 ms."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

EVERY_S = 0.05


class Report:
    """The agent's own counters and its state; `tell` prints them when something changed and it is time.

    The counters are written by one role's loop each: sent, acked, ... (see `roles`), and `last_seq`.
    """

    def __init__(self, write: Callable[[str], object]) -> None:
        self.counts: dict[str, int] = {}
        self.state = "starting"
        self._write = write
        self._more: dict[str, object] = {}
        self._told: dict[str, object] = {}
        self._next = 0.0

    def add(self, **counts: int) -> None:
        for name, count in counts.items():
            self.counts[name] = self.counts.get(name, 0) + count

    def become(self, state: str, **more: object) -> None:
        """Change state, and say so at once; the same state again is nothing new."""
        if state != self.state or more != self._more or not self._told:
            self.state, self._more = state, more
            self._print()

    def tell(self) -> None:
        """Say how far it is, unless that was said less than 50 ms ago or nothing changed."""
        if time.monotonic() >= self._next:
            self._print()

    def _print(self) -> None:
        told = {"state": self.state, **self.counts, **self._more}
        if told != self._told:
            self._write(json.dumps(told) + "\n")
            self._told, self._next = told, time.monotonic() + EVERY_S
