"""Real agents on a real cluster, killed in the middle of their work: what they had written down is there, whole."""

from __future__ import annotations

import dataclasses
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
from confluent_kafka import Producer

from brokerlab.agents.orders import PARENT_GONE
from brokerlab.brokers.kafka import BROKER
from brokerlab.core.agent import AgentSpec
from brokerlab.core.load import Load
from brokerlab.core.wait import until
from brokerlab.core.words import Outcome
from brokerlab.labs.local.agents import LocalAgent
from brokerlab.labs.local.lab import LocalLab
from brokerlab.ledger.ledger import Ledger
from brokerlab.ledger.read import load, reasons

pytestmark = pytest.mark.lab
SAFE = {"acks": "all", "enable.idempotence": "true"}


class Bench:
    """One topic, its agents and their ledger."""

    def __init__(self, lab: LocalLab, topic: str, folder: Path) -> None:
        self.lab, self.topic, self.folder = lab, topic, folder
        self.agents: list[LocalAgent] = []
        self.admin = BROKER.admin(lab.endpoint("client"), {})
        self.admin.create({topic: {}}, 2, None)

    def start(self, role: str, messages: int = 0, settings: Mapping[str, str] | None = None, **load: int) -> LocalAgent:
        spec = AgentSpec(
            role=role,
            name=f"{role}-0",
            run="run",
            variant="variant",
            broker="kafka",
            endpoint=self.lab.endpoint("client"),
            topic=self.topic,
            ledger=str(self.folder / "ledger"),
            metrics="",
            settings=settings if settings is not None else SAFE if role == "producer" else {},
            load=Load(**{"rate": 0, "partitions": 2, **load}),
            messages=messages,
            group=self.topic,
        )
        return self.start_spec(spec)

    def start_spec(self, spec: AgentSpec) -> LocalAgent:
        agent = self.lab.start_agent(spec, self.folder / "logs")
        self.agents.append(agent)
        return agent

    def heal(self) -> None:
        """Nodes that were stopped for long are taken for dead when they go on, until they have said that they live."""
        self.lab.heal()
        self.admin.await_ready(3, 60)

    def ledger(self) -> Ledger:
        return load(self.folder / "ledger")

    def audit(self) -> Ledger:
        ended(self.start("auditor"))
        return self.ledger()


@pytest.fixture
def bench(lab: LocalLab, tmp_path: Path) -> Iterator[Bench]:
    found = Bench(lab, f"agents-{tmp_path.name}", tmp_path)
    yield found
    for agent in found.agents:
        agent.stop(2)
    found.admin.close()


def counted(agent: LocalAgent, word: str, least: int) -> None:
    until(lambda: agent.progress().get(word, 0) >= least, f"{least} {word}", deadline=60, every=0.002, seen=agent.log)


def ended(agent: LocalAgent) -> int:
    until(lambda: agent.exit_code() is not None, f"{agent.spec.name} to end", deadline=60, every=0.01, seen=agent.log)
    code = agent.exit_code()
    assert code is not None
    return code


def seqs_with(ledger: Ledger, outcome: Outcome) -> set[int]:
    return set(np.flatnonzero(ledger.sends[0]["outcome"] == outcome).tolist())


def test_a_killed_producers_acked_messages_are_all_in_the_log(bench: Bench) -> None:
    producer = bench.start("producer", 4_000_000)  # half a minute's work
    producer.order("limit 4000000")
    counted(producer, "acked", 1)
    producer.signal(signal.SIGKILL)
    assert ended(producer) == -signal.SIGKILL
    ledger = bench.audit()
    acked, open_ = seqs_with(ledger, Outcome.ACKED), seqs_with(ledger, Outcome.SENT)
    logged = set(ledger.audit.rows["seq"].tolist())
    assert len(acked) >= producer.progress()["acked"] > 0
    assert open_, "it was killed in the middle of its work"
    assert acked <= logged <= acked | open_
    assert ledger.torn == ()


def test_a_killed_consumers_successor_is_given_what_was_not_committed(bench: Bench) -> None:
    producer = bench.start("producer", 200_000)
    producer.order("limit 200000")
    producer.order("finish")
    assert ended(producer) == 0
    first = bench.start("consumer")
    counted(first, "processed", 1000)
    first.signal(signal.SIGKILL)
    assert ended(first) == -signal.SIGKILL
    second = bench.start("consumer")
    second.order("drain")
    assert ended(second) == 0
    one, two = bench.ledger().consumers
    assert (one.drained, two.drained) == (False, True)
    assert one.processed <= len(one.deliveries)
    assert {*one.deliveries["seq"].tolist(), *two.deliveries["seq"].tolist()} == set(range(200_000))
    assert two.processed == len(two.deliveries)


@pytest.mark.parametrize("role", ["producer", "consumer"])
def test_an_agent_whose_starter_is_gone_ends_at_once(bench: Bench, role: str) -> None:
    agent = bench.start(role, 10)
    until(lambda: agent.progress().get("state") == "ready", f"the {role} to be ready", deadline=60, seen=agent.log)
    assert agent.process.stdin is not None
    agent.process.stdin.close()
    assert agent.process.wait(30) == PARENT_GONE


def test_what_the_client_refuses_has_surely_failed(bench: Bench) -> None:
    producer = bench.start("producer", 3, {**SAFE, "message.max.bytes": "1000"}, size=5000)
    producer.order("limit 3")
    producer.order("finish")
    assert ended(producer) == 0
    ledger = bench.audit()
    assert seqs_with(ledger, Outcome.FAILED) == {0, 1, 2}
    assert len(ledger.audit.rows) == 0
    assert "size" in reasons(bench.folder / "ledger")[0][int(ledger.sends[0]["reason"][0])].lower()


def test_what_timed_out_is_unknown(bench: Bench) -> None:
    """A message on its way to a broker that did not answer in time may be written: a client can't know."""
    settings = {"acks": "all", "enable.idempotence": "false", "message.timeout.ms": "5000"}
    producer = bench.start("producer", 100, settings, partitions=1)
    producer.order("limit 50")  # so that there is a connection to that partition's leader to send the others by
    until(lambda: producer.progress().get("acked") == 50, "the first half to be acknowledged", deadline=60)
    for node in bench.lab.nodes():
        bench.lab.pause(node)
    try:
        producer.order("limit 100")
        producer.order("finish")
        assert ended(producer) == 0
    finally:
        bench.heal()
    ledger = bench.audit()
    assert seqs_with(ledger, Outcome.UNKNOWN) == set(range(50, 100))
    assert "_MSG_TIMED_OUT" in reasons(bench.folder / "ledger")[0][int(ledger.sends[0]["reason"][99])]


def test_an_agent_that_cannot_work_says_why(bench: Bench) -> None:
    good = bench.start("consumer").spec
    agent = bench.start_spec(dataclasses.replace(good, name="lost", topic="no-such-topic"))
    assert ended(agent) == 3
    assert agent.progress()["state"] == "failed"
    assert "no-such-topic" in agent.progress()["error"]


def test_a_paced_producer_keeps_its_rate(bench: Bench) -> None:
    producer = bench.start("producer", 500, rate=250)
    producer.order("limit 500")
    producer.order("finish")
    assert ended(producer) == 0
    sent_at = bench.ledger().sends[0]["sent_at"]
    _, portions = np.unique(sent_at, return_counts=True)
    assert portions.max() <= 3  # ten milliseconds' worth
    assert (sent_at[-1] - sent_at[0]) / 1e6 >= 1.9  # never faster than asked


def test_who_reads_what_is_committed_is_told_of_ends_that_are_not_yet(bench: Bench) -> None:
    """Right after a commit the last stable offset may still lie in front of it: drained to there, it would miss it."""
    endpoint = bench.lab.endpoint("client")
    producer = Producer({"bootstrap.servers": endpoint, "transactional.id": bench.topic})
    producer.init_transactions(30)
    producer.begin_transaction()
    for _ in range(5):
        producer.produce(bench.topic, b"of an open transaction", partition=1)
    assert producer.flush(30) == 0
    reader = BROKER.auditor(endpoint, bench.topic, (), {}, committed=True)
    try:
        assert reader.ends() == {0: (0, 0), 1: (0, 5)}
        assert not reader.receive(10, 0.2).values
    finally:
        reader.close()
        producer.abort_transaction(30)
