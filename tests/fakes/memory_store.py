"""A store of pure memory: the same guards, steps and outbox as Postgres', one step after the other."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from brokerlab.core.store import Ids, Kept, Row


@dataclass
class Contents:
    """One variant's. `others`: what another system remembers. `outbox`: [number, event, published]."""

    effects: list[Row] = field(default_factory=list)
    seen: set[tuple[int, int]] = field(default_factory=set)
    others: set[tuple[int, int]] = field(default_factory=set)
    reached: dict[int, int] = field(default_factory=dict)
    changes: dict[tuple[int, int], Row] = field(default_factory=dict)
    outbox: list[tuple[int, bytes]] = field(default_factory=list)
    published: set[int] = field(default_factory=set)


@dataclass
class MemoryStore:
    """The plug-in, and the way to its tables at once."""

    contents: dict[str, Contents] = field(default_factory=dict)
    name: str = "memory"
    port: str = "client"

    def tables(self, endpoint: str) -> MemoryStore:
        return self

    def create(self, names: Sequence[str]) -> None:
        self.contents |= {name: Contents() for name in names}

    def drop(self, names: Sequence[str]) -> None:
        for name in names:
            del self.contents[name]

    def kept(self, name: str) -> Kept:
        return Kept(self.contents[name].effects, list(self.contents[name].changes.values()))

    def effects(self, endpoint: str, name: str, guard: str) -> MemoryEffects:
        return MemoryEffects(self.contents[name], guard)

    def changes(self, endpoint: str, name: str) -> MemoryChanges:
        return MemoryChanges(self.contents[name])

    def outbox(self, endpoint: str, name: str) -> MemoryOutbox:
        return MemoryOutbox(self.contents[name])


@dataclass
class MemoryEffects:
    tables: Contents
    guard: str

    def apply(self, deliveries: np.ndarray, between: Callable[[], None]) -> None:
        ids = list(zip(deliveries["producer"].tolist(), deliveries["seq"].tolist(), strict=True))
        match self.guard:
            case "none":
                self._write(ids)
            case "transaction":
                self._write(self._new(ids, self.tables.seen))
            case "position":
                self._by_position(deliveries)
            case "effect-first":
                new = [each for each in dict.fromkeys(ids) if each not in self.tables.others]
                self._write(new)
                between()
                self.tables.others.update(new)
            case "mark-first":
                new = self._new(ids, self.tables.others)
                between()
                self._write(new)
        if not self.guard.endswith("-first"):
            between()

    def _new(self, ids: Ids, known: set[tuple[int, int]]) -> Ids:
        new = [each for each in dict.fromkeys(ids) if each not in known]
        known.update(new)
        return new

    def _by_position(self, deliveries: np.ndarray) -> None:
        for row in deliveries:
            partition, offset = int(row["partition"]), int(row["offset"])
            if offset >= self.tables.reached.get(partition, 0):
                self._write([(int(row["producer"]), int(row["seq"]))])
                self.tables.reached[partition] = offset + 1

    def _write(self, ids: Ids) -> None:
        self.tables.effects.extend(Row(producer, seq, time.time_ns() // 1000) for producer, seq in ids)

    def positions(self) -> Mapping[int, int] | None:
        return self.tables.reached if self.guard == "position" else None

    def close(self) -> None: ...


@dataclass
class MemoryChanges:
    tables: Contents

    def commit(self, ids: Ids, events: Sequence[bytes]) -> None:
        self.tables.changes |= {each: Row(*each, time.time_ns() // 1000) for each in ids}
        self.tables.outbox += list(enumerate(events, len(self.tables.outbox)))

    def close(self) -> None: ...


@dataclass
class MemoryOutbox:
    tables: Contents

    def waiting(self, most: int) -> Sequence[tuple[int, bytes]]:
        return [each for each in list(self.tables.outbox) if each[0] not in self.tables.published][:most]

    def mark(self, numbers: Sequence[int]) -> None:
        self.tables.published.update(numbers)

    def close(self) -> None: ...
