"""The processor's loop over a broker of memory: batches, drain, and the end of one that was shut out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from brokerlab.agents.processor import MOST
from brokerlab.core.agent import AgentSpec
from brokerlab.core.load import Load
from brokerlab.core.words import TransactionOutcome
from brokerlab.ledger.read import load
from tests.fakes.memory_broker import MemoryBroker
from tests.fakes.small_run import TOPIC, SmallRun

N = 2 * MOST + 50
IN_TRANSACTIONS = {"transactional.id": "p"}


def piped(folder: Path, settings: dict[str, str]) -> tuple[SmallRun, AgentSpec]:
    """Messages in a topic of their own, and the sheet of a processor that brings them into the other one."""
    small = SmallRun(folder, MemoryBroker(), Load(messages=N, rate=0))
    small.produce()
    small.broker.logs["source"], small.broker.logs[TOPIC] = small.broker.logs[TOPIC], [[]]
    return small, replace(small.spec("processor"), source="source", settings=settings)


@pytest.mark.parametrize("settings", [{}, IN_TRANSACTIONS])
def test_every_message_is_passed_on_in_order_a_batch_at_a_time(tmp_path: Path, settings: dict[str, str]) -> None:
    small, spec = piped(tmp_path, settings)
    report = small.agent(spec, "drain")
    assert small.broker.logs[TOPIC] == small.broker.logs["source"]
    assert (report.state, report.counts["consumed"], report.counts["produced"]) == ("done", N, N)
    assert (report.counts["batches"], report.counts["aborted"]) == (3, 0)
    assert report.counts["busy_us"] >= 0
    assert small.broker.offsets["group", "source"] == {0: N}
    assert (small.broker.aborted, small.broker.undecided) == (set(), set())
    (publisher,) = load(tmp_path).publishers
    ends = [(2 * MOST, TransactionOutcome.COMMITTED), (4 * MOST, 1), (2 * N, 1)] if settings else None
    assert publisher.transactions is None or publisher.transactions[["end", "outcome"]].tolist() == ends
    assert (publisher.transactions is None) is (ends is None)


def test_one_that_was_replaced_ends_as_fenced_and_what_it_wrote_is_withdrawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small, spec = piped(tmp_path, IN_TRANSACTIONS)
    broker = small.broker
    zombie = broker.pipe("", "source", "group", TOPIC, IN_TRANSACTIONS)
    zombie.write(zombie.take(MOST, 0))
    broker.pipe("", "source", "group", TOPIC, IN_TRANSACTIONS)
    monkeypatch.setattr(broker, "pipe", lambda *_: zombie)  # the agent is that zombie
    report = small.agent(spec, "drain")
    assert report.state == "fenced"
    (publisher,) = load(tmp_path).publishers
    assert (len(publisher.rows), publisher.transactions.tolist()) == (MOST, [])  # begun, and never ended
    assert broker.aborted == {(TOPIC, 0, offset) for offset in range(MOST)}
