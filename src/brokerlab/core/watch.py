"""How a run tells whoever watches what is going on: the phase, the counters, the faults, and short sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Watcher(Protocol):
    """Told of a run's progress; must not block, and must not raise."""

    def phase(self, name: str) -> None:
        """A new phase began: lab, topics, agents, load, heal, drain, audit, witness, judge."""

    def progress(self, counters: Mapping[str, Mapping[str, int]], messages: int) -> None:
        """{variant: {"sent": .., "acked": .., "received": .., ...}} of `messages` to be sent a variant."""

    def fault(self, name: str, sentence: str, *, active: bool) -> None:
        """A fault struck (active) or was healed."""

    def say(self, sentence: str) -> None: ...


class Silent:
    """Watches nothing."""

    def phase(self, name: str) -> None: ...

    def progress(self, counters: Mapping[str, Mapping[str, int]], messages: int) -> None: ...

    def fault(self, name: str, sentence: str, *, active: bool) -> None: ...

    def say(self, sentence: str) -> None: ...
