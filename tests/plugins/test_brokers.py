"""What every broker plug-in must do, whatever the broker: the protocols' promises, by trying them."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import pytest

from brokerlab.core import message
from brokerlab.core.broker import Outcomes, PartitionState, Received, Receiver, Sender
from brokerlab.core.wait import until
from brokerlab.core.words import Outcome
from tests.plugins.conftest import Running

N = 500
MARK = message.stamp("run", "variant")
DEADLINE_S = 30


def messages(count: int, first: int = 0) -> list[bytes]:
    return message.build(MARK, 0, np.arange(first, first + count, dtype=np.uint32), 100, 1)


def sent(sender: Sender, values: Sequence[bytes], partition: int = 0) -> list[Outcomes]:
    """Hand over everything, in order, and wait for every outcome."""
    waiting, found = list(values), []
    end = time.monotonic() + DEADLINE_S
    while sum(len(part.seq) for part in found) < len(values):
        assert time.monotonic() < end, "not every message got its outcome"
        if waiting:
            waiting = waiting[sender.send(waiting, partition, None) :]
        found.append(sender.poll(0.1))
    return found


def joined(parts: list[Outcomes], column: str) -> np.ndarray:
    return np.concatenate([getattr(part, column) for part in parts])


def received(receiver: Receiver, count: int) -> list[Received]:
    found: list[Received] = []
    end = time.monotonic() + DEADLINE_S
    while sum(len(part.values) for part in found) < count:
        assert time.monotonic() < end, "not every message came"
        found.append(receiver.receive(100, 0.1))
    return found


def seqs(parts: list[Received]) -> list[int]:
    return [seq for part in parts if part.values for seq in message.parse(part.values, MARK)["seq"].tolist()]


def filled(running: Running, partitions: int = 1) -> str:
    """A topic with N messages in every partition."""
    topic = running.topic(partitions)
    sender = running.broker.sender(running.endpoint, topic, {"acks": "all"})
    for partition in range(partitions):
        sent(sender, messages(N, first=partition * N), partition)
    sender.close()
    return topic


@pytest.mark.parametrize("idempotent", ["true", "false"])
def test_every_message_is_acked_where_it_then_is(running: Running, idempotent: str) -> None:
    topic = running.topic()
    sender = running.broker.sender(running.endpoint, topic, running.producing(acks="all", idempotent=idempotent))
    outcomes = sent(sender, messages(N))
    sender.close()
    assert set(joined(outcomes, "outcome").tolist()) == {Outcome.ACKED}
    assert set(joined(outcomes, "partition").tolist()) == {0}
    where = dict(zip(joined(outcomes, "offset").tolist(), joined(outcomes, "seq").tolist(), strict=True))
    auditor = running.broker.auditor(running.endpoint, topic, (), {})
    parts = received(auditor, N)
    auditor.close()
    assert dict(zip(np.concatenate([part.offset for part in parts]).tolist(), seqs(parts), strict=True)) == where


def test_without_acknowledgements_messages_are_handed_over(running: Running) -> None:
    sender = running.broker.sender(running.endpoint, running.topic(), running.producing(acks="0", idempotent="false"))
    outcomes = sent(sender, messages(N))
    sender.close()
    assert set(joined(outcomes, "outcome").tolist()) == {Outcome.HANDED}
    assert set(joined(outcomes, "offset").tolist()) == {-1}


def test_a_group_goes_on_where_it_committed(running: Running) -> None:
    topic = filled(running)
    first = running.broker.receiver(running.endpoint, topic, "group-1", {})
    some = seqs(received(first, 100))
    committed = first.commit()
    assert committed == {0: len(some)}
    assert first.commit() == {}
    assert first.assigned()
    assert first.positions() == {0: len(some)}
    first.close()
    second = running.broker.receiver(running.endpoint, topic, "group-1", {})
    rest = seqs(received(second, N - len(some)))
    second.close()
    assert some + rest == list(range(N))


def test_an_auditor_reads_its_partitions_from_low_to_high(running: Running) -> None:
    topic = filled(running, partitions=3)
    auditor = running.broker.auditor(running.endpoint, topic, (1, 2), {})
    assert auditor.ends() == {1: (0, N), 2: (0, N)}
    assert auditor.positions() == {1: 0, 2: 0}
    parts = received(auditor, 2 * N)
    assert auditor.positions() == {1: N, 2: N}
    auditor.close()
    assert sorted(seqs(parts)) == list(range(N, 3 * N))
    assert set(np.concatenate([part.partition for part in parts]).tolist()) == {1, 2}


def test_messages_of_one_partition_stay_in_order(running: Running) -> None:
    topic = filled(running)
    auditor = running.broker.auditor(running.endpoint, topic, (), {})
    found = seqs(received(auditor, N))
    auditor.close()
    assert found == list(range(N))


def test_topics_are_made_described_and_gone(running: Running) -> None:
    admin = running.admin
    turned = (*running.nodes[-1:], *running.nodes[:-1])
    admin.create({"made-1": {}, "made-2": {}}, 2, turned)
    made = [(topic, partition) for topic in ("made-1", "made-2") for partition in (0, 1)]
    states = until(lambda: described(running, made), "whoever is asked to know both topics", deadline=DEADLINE_S)
    assert all((state.leader, state.replicas, state.isr) == (turned[0], turned, running.nodes) for state in states)
    both = {("made-1", 0): 0, ("made-1", 1): 0}
    until(lambda: admin.ends(["made-1"]) == both, "both ends to be told", deadline=DEADLINE_S)
    assert "made-1" in admin.settings(["made-1"])
    admin.delete(["made-1", "made-2", "never-made"])
    until(lambda: not admin.describe(["made-1", "made-2"]), "whoever is asked to know neither", deadline=DEADLINE_S)


def described(running: Running, made: list[tuple[str, int]]) -> list[PartitionState]:
    """[] where it is not yet these partitions."""
    states = running.admin.describe(["made-1", "made-2"])
    return states if [(state.topic, state.partition) for state in states] == made else []
