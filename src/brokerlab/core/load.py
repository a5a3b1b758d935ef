"""How much is sent in an experiment, and in what shape."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Load:
    """How much is sent, by every variant alike. rate: messages a second and variant; 0 = as fast as it goes.

    partitions: a topic's; keys: 0 = no key, producers spread batches over the partitions; n = n keys, hashed.
    """

    messages: int = 2000
    size: int = 100
    rate: int = 1000
    producers: int = 1
    consumers: int = 1
    partitions: int = 1
    keys: int = 0
    seed: int = 1

    @property
    def quick(self) -> Load:
        """The same with fewer messages, for a first look: each step of a timeline is a share of them."""
        return replace(self, messages=max(self.messages * 3 // 10, min(self.messages, 300)))
