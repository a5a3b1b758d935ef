"""How many messages a producer may send now, so that they are spread evenly over time.

What is due is let go in portions of at least 5 and at most 10 milliseconds' worth, at least 5 milliseconds apart, which
keeps a loop of at most a few hundred turns a second whatever the rate. A producer that was held up catches up at no
more than twice the rate, and on no more than 100 milliseconds; what it missed beyond that (or while it waited for its
next order) is not made up for.
"""

from __future__ import annotations

MEMORY_S = 0.100
PORTION_S = 0.010
QUANTUM_S = 0.005
UNPACED = 1 << 30


class Pacer:
    """rate: messages a second; 0 = as fast as possible. Times are in seconds of one monotonic clock."""

    def __init__(self, rate: float, now: float) -> None:
        self._rate = rate
        self._quantum = max(1.0, rate * QUANTUM_S)
        self._credit = self._quantum
        self._at = self._next = now

    def due(self, now: float) -> int:
        """How many may be sent now: 0, or at least a quantum's worth."""
        if not self._rate:
            return UNPACED
        self._credit = min(max(1.0, self._rate * MEMORY_S), self._credit + (now - self._at) * self._rate)
        self._at = now
        if now < self._next or self._credit < self._quantum:
            return 0
        return int(min(self._credit, max(1.0, self._rate * PORTION_S)))

    def took(self, count: int) -> None:
        self._credit -= count
        self._next = self._at + QUANTUM_S

    def wait(self) -> float:
        """Seconds, after the last `due`, until something is due."""
        if not self._rate:
            return 0.0
        return max(0.0, self._next - self._at, (self._quantum - self._credit) / self._rate)
