"""The store on a real Postgres: each guard does what its name says, twice over, and what is dropped is gone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from brokerlab.brokers.postgres import STORE
from brokerlab.brokers.postgres.client import connect
from brokerlab.core.errors import UsageError
from brokerlab.ledger import records

pytestmark = pytest.mark.lab
NAMES = ("brokerlab.run.one", "brokerlab.run.two")


@pytest.fixture
def tables(endpoint: str) -> Iterator[str]:
    STORE.tables(endpoint).create(NAMES)
    yield endpoint
    STORE.tables(endpoint).drop(NAMES)


def deliveries(*seqs: int, first: int = 0) -> np.ndarray:
    rows = np.zeros(len(seqs), records.DELIVERY)
    rows["seq"], rows["offset"] = seqs, np.arange(first, first + len(seqs))
    return rows


def seqs(endpoint: str, name: str = NAMES[0]) -> list[int]:
    return [row.seq for row in STORE.tables(endpoint).kept(name).effects]


@pytest.mark.parametrize(
    ("guard", "found"),
    [
        ("none", [1, 2, 2, 1, 2, 2]),
        ("transaction", [1, 2]),
        ("position", [1, 2, 2]),
        ("effect-first", [1, 2]),
        ("mark-first", [1, 2]),
    ],
)
def test_a_copy_and_a_repetition(tables: str, guard: str, found: list[int]) -> None:
    """Message 2 was written twice, and all three deliveries come again."""
    effects = STORE.effects(tables, NAMES[0], guard)
    passed: list[int] = []
    for _ in range(2):
        effects.apply(deliveries(1, 2, 2), lambda: passed.append(len(seqs(tables))))
    effects.close()
    assert sorted(seqs(tables)) == sorted(found)
    assert seqs(tables, NAMES[1]) == []
    assert passed[0] == (0 if guard == "mark-first" else len(found) if guard != "none" else 3)


def test_a_position_is_kept_with_the_effects(tables: str) -> None:
    effects = STORE.effects(tables, NAMES[0], "position")
    assert effects.positions() == {}
    effects.apply(deliveries(7, 8, first=40), lambda: None)
    assert effects.positions() == {0: 42}
    effects.close()


def test_an_event_is_in_the_outbox_with_its_change_or_not_at_all(tables: str) -> None:
    changes, outbox = STORE.changes(tables, NAMES[0]), STORE.outbox(tables, NAMES[0])
    changes.commit([(0, 1), (0, 2)], [b"one", b"two"])
    with pytest.raises(Exception, match="duplicate key"):
        changes.commit([(0, 3), (0, 2)], [b"three", b"two again"])
    waiting = outbox.waiting(10)
    assert [event for _, event in waiting] == [b"one", b"two"]
    outbox.mark([number for number, _ in waiting[:1]])
    assert [event for _, event in outbox.waiting(10)] == [b"two"]
    assert [(row.producer, row.seq) for row in STORE.tables(tables).kept(NAMES[0]).changes] == [(0, 1), (0, 2)]
    changes.close()
    outbox.close()


def test_what_is_dropped_is_gone_and_can_be_made_again(endpoint: str) -> None:
    for _ in range(2):
        STORE.tables(endpoint).create(NAMES)
        STORE.tables(endpoint).drop(NAMES)
    with connect(endpoint) as link:
        rows = link.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    assert rows == (0,)


def test_an_unknown_guard_is_a_sentence(tables: str) -> None:
    with pytest.raises(UsageError, match="guards no effects by 'hope'"):
        STORE.effects(tables, NAMES[0], "hope")
