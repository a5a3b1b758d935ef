"""A table as a queue, on a real Postgres: what two workers at once get, and what becomes of a dead one's rows."""

from __future__ import annotations

from itertools import count

import numpy as np
import pytest

from brokerlab.brokers.postgres import BROKER
from brokerlab.core import message
from brokerlab.core.broker import Receiver
from brokerlab.core.errors import UsageError
from brokerlab.core.wait import until

pytestmark = pytest.mark.lab
N = 40
LONG = {"visibility.ms": "600000"}  # longer than any test
_names = (f"queue-{number}" for number in count())


def filled(endpoint: str, queue: str) -> str:
    """A queue with N messages; its partitions are one table."""
    topic = next(_names)
    admin = BROKER.admin(endpoint, {})
    admin.create({topic: {"queue": queue}}, 8, None)
    sender = BROKER.sender(endpoint, topic, {})
    values = message.build(1, 0, np.arange(N, dtype=np.uint32), 100, 1)
    assert sender.send(values, 5, None) == N
    assert sender.poll(0).offset.tolist() == list(range(N))
    assert [state.partition for state in admin.describe([topic])] == [0]
    sender.close()
    admin.close()
    return topic


def worker(endpoint: str, topic: str, queue: str, **more: str) -> Receiver:
    return BROKER.receiver(endpoint, topic, "group", {"queue": queue, "batch": "10", **more})


def offsets(receiver: Receiver) -> list[int]:
    return receiver.receive(100, 0.05).offset.tolist()


def test_naive_workers_get_the_same_rows(endpoint: str) -> None:
    topic = filled(endpoint, "naive")
    one, two = worker(endpoint, topic, "naive"), worker(endpoint, topic, "naive")
    assert offsets(one) == offsets(two) == list(range(10))
    one.close()
    two.close()


@pytest.mark.parametrize("queue", ["skip-locked", "visibility"])
def test_careful_workers_get_different_rows_and_all_of_them_once(endpoint: str, queue: str) -> None:
    topic = filled(endpoint, queue)
    workers = [worker(endpoint, topic, queue, **LONG), worker(endpoint, topic, queue, **LONG)]
    found = [offset for _ in range(3) for one in workers for offset in offsets(one)]
    assert sorted(found) == list(range(N))
    for one in workers:
        one.commit()
        assert one.positions() == {0: N}
        one.close()
    assert BROKER.admin(endpoint, {}).storage([topic])[topic]["bytes"] > 0


def test_a_dead_workers_rows_come_back_when_its_connection_breaks(endpoint: str) -> None:
    topic = filled(endpoint, "skip-locked")
    dead, living = worker(endpoint, topic, "skip-locked"), worker(endpoint, topic, "skip-locked")
    assert offsets(dead) == list(range(10))
    assert offsets(living) == list(range(10, 20))
    dead.close()
    again = until(lambda: [one for one in offsets(living) if one < 10], "the dead worker's rows", deadline=10)
    assert again == list(range(10))
    living.close()


def test_a_dead_workers_rows_come_back_when_their_time_is_over(endpoint: str) -> None:
    topic = filled(endpoint, "visibility")
    hiding, dead = (worker(endpoint, topic, "visibility", **each) for each in (LONG, {"visibility.ms": "300"}))
    living = worker(endpoint, topic, "visibility", **LONG)
    assert offsets(hiding) == list(range(10))
    assert offsets(dead) == list(range(10, 20))
    hiding.close()
    dead.close()
    given: list[int] = []
    until(lambda: given.extend(offsets(living)) or len(given) >= 30, "the dead worker's rows", deadline=30)
    assert sorted(given) == list(range(10, N)), "those that are still hidden are not among them"
    living.close()


def test_an_unknown_queue_or_setting_is_a_sentence(endpoint: str) -> None:
    topic = filled(endpoint, "naive")
    with pytest.raises(UsageError, match="no queue 'hope'"):
        worker(endpoint, topic, "hope")
    with pytest.raises(UsageError, match="have no setting 'acks'"):
        worker(endpoint, topic, "naive", acks="all")


@pytest.mark.parametrize("queue", ["naive", "skip-locked", "visibility"])
def test_a_further_group_has_a_copy_of_all_that_comes_from_then_on(endpoint: str, queue: str) -> None:
    topic = filled(endpoint, queue)
    admin, sender = BROKER.admin(endpoint, {}), BROKER.sender(endpoint, topic, {})
    admin.admit({topic: "others"})
    assert sender.send(message.build(1, 0, np.arange(N, N + 5, dtype=np.uint32), 100, 1), 0, None) == 5
    first = worker(endpoint, topic, queue)
    second = BROKER.receiver(endpoint, topic, "others", {"queue": queue, "batch": "10"})
    assert offsets(second) == list(range(N, N + 5)), "with the same offsets"
    assert offsets(first) == list(range(10)), "and it takes nothing away"
    second.commit()
    assert second.positions() == {0: N + 5}
    assert second.ends() == {0: (0, N + 5)}
    for each in (first, second, sender):
        each.close()
    assert admin.storage([topic])["others"]["bytes"] > 0
    admin.delete([topic])
    assert admin.storage([topic]) == {}
    admin.create({topic: {"queue": queue}}, 1, None)  # nothing of it is left that would be in the way
    admin.admit({topic: "others"})
    admin.close()


def test_a_table_that_is_read_as_a_log_needs_no_copy(endpoint: str) -> None:
    topic, admin = next(_names), BROKER.admin(endpoint, {})
    admin.create({topic: {}}, 2, None)
    admin.admit({topic: "others"})
    assert list(admin.storage([topic])) == [topic]
    admin.close()
