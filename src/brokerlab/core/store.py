"""What an application keeps outside of the log, in a database: the effects of its messages, or the changes it tells of.

A store is the second face of a broker plug-in (Postgres). It has one set of tables a variant, named by `name`; a
consumer brings about effects in it, a writer changes rows in it and a relay reads its outbox.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Ids = Sequence[tuple[int, int]]
"""(producer, sequence number) of some messages."""


@dataclass(frozen=True)
class Row:
    """One row that was found: whose message it is, and when it was written (microseconds since the epoch)."""

    producer: int
    seq: int
    at_us: int


@dataclass(frozen=True)
class Kept:
    """All that one variant's tables hold when it is over: the effects, and the changes of its writer."""

    effects: Sequence[Row]
    changes: Sequence[Row]


class Effects(Protocol):
    """A consumer's client: what its messages bring about, in one way of guarding against repetition."""

    def apply(self, deliveries: NDArray[np.void], between: Callable[[], None]) -> None:
        """Bring about the effects of these `DELIVERY` rows; durable when it returns. between: to be called where a
        crash hurts most: one of the steps is durable, and the next is not."""

    def positions(self) -> Mapping[int, int] | None:
        """{partition: where to go on reading} as kept with the effects; None: where the group committed."""

    def close(self) -> None: ...


class Changes(Protocol):
    """A writer's client: rows that the application changes, each of which others are to hear of."""

    def commit(self, ids: Ids, events: Sequence[bytes]) -> None:
        """Change rows in one transaction; with `events`, these are put into the outbox in the same one."""

    def close(self) -> None: ...


class Outbox(Protocol):
    """A relay's client: events that were committed with their changes and are not marked as published yet."""

    def waiting(self, most: int) -> Sequence[tuple[int, bytes]]:
        """The oldest of them, in their order, each with its number."""

    def mark(self, numbers: Sequence[int]) -> None:
        """They are published."""

    def close(self) -> None: ...


class Tables(Protocol):
    """What the engine asks of a running store: a set of tables a variant, made, read when all is over, and dropped."""

    def create(self, names: Sequence[str]) -> None: ...

    def drop(self, names: Sequence[str]) -> None: ...

    def kept(self, name: str) -> Kept: ...


class Store(Protocol):
    """The plug-in. `endpoint`: as the lab tells it for the port."""

    @property
    def name(self) -> str:
        """Of the broker plug-in whose second face it is."""

    @property
    def port(self) -> str: ...

    def tables(self, endpoint: str) -> Tables: ...

    def effects(self, endpoint: str, name: str, guard: str) -> Effects:
        """guard: none, transaction, position, effect-first or mark-first. Raises UsageError for another one."""

    def changes(self, endpoint: str, name: str) -> Changes: ...

    def outbox(self, endpoint: str, name: str) -> Outbox: ...
