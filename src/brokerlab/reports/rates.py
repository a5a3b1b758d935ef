"""Counters that grow, turned into rates a second and drawn as a line of bars, for the live view."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TypeAlias

STEP_S = 0.5
LENGTH = 16
_BARS = "▁▂▃▄▅▆▇█"
Counters: TypeAlias = Mapping[str, Mapping[str, int]]


class Rates:
    """The last `LENGTH` rates of every counter, one a step. Replaced as a whole, so that another thread may read."""

    def __init__(self) -> None:
        self._samples: tuple[tuple[float, Counters], ...] = ()

    def take(self, at: float, counters: Counters) -> None:
        """The counters at a time (seconds); what comes before the next step is due is not kept."""
        if not self._samples or at - self._samples[-1][0] >= STEP_S:
            self._samples = (*self._samples[-LENGTH:], (at, counters))

    def of(self, variant: str, word: str) -> list[float]:
        return [
            (_count(after, variant, word) - _count(before, variant, word)) / (later - earlier)
            for (earlier, before), (later, after) in pairwise(self._samples)
        ]


def bars(rates: Sequence[float], most: float) -> str:
    """One character a rate, padded on the left; what is not 0 is higher than what is."""
    drawn = [_BARS[min(round(rate / most * 7) or 1, 7)] if rate > 0 and most else _BARS[0] for rate in rates]
    return "".join(drawn).rjust(LENGTH)


def _count(counters: Counters, variant: str, word: str) -> int:
    return counters.get(variant, {}).get(word, 0)
