"""Three brokers of the local lab for the benchmarks, in a state folder of their own, and topics on them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from brokerlab.brokers.kafka import BROKER
from brokerlab.core.agent import Agent, AgentSpec
from brokerlab.core.broker import Admin
from brokerlab.core.load import Load
from brokerlab.core.wait import until
from brokerlab.labs.local.lab import LocalLab

NODES = 3
PARTITIONS = 3
SIZE = 100
SAFE = {"acks": "all", "enable.idempotence": "true"}
# On a busy machine a thread that fills a record batch may be interrupted for longer than librdkafka's default of 5 ms.
TUNED = {**SAFE, "linger.ms": "50"}


@dataclass
class Cluster:
    """A lab that is up. folder: where agents log and keep their ledgers."""

    lab: LocalLab
    admin: Admin
    folder: Path
    _topics: int = 0
    _agents: list[Agent] = field(default_factory=list)

    @property
    def endpoint(self) -> str:
        return self.lab.endpoint(BROKER.port)

    @contextmanager
    def topic(self) -> Iterator[str]:
        """A new topic with replication factor 3, gone afterwards."""
        self._topics += 1
        name = f"bench-{self._topics}"
        self.admin.create({name: {}}, PARTITIONS, None)
        try:
            yield name
        finally:
            self.admin.delete([name])

    def spec(self, role: str, topic: str, messages: int, number: int = 0) -> AgentSpec:
        return AgentSpec(
            role=role,
            name=f"{role}-{topic}-{number}",
            run="bench",
            variant=topic,
            broker=BROKER.name,
            endpoint=self.endpoint,
            topic=topic,
            ledger=str(self.folder / topic),
            metrics=str(self.folder / "metrics"),
            settings=TUNED if role == "producer" else {},
            load=Load(messages=messages, size=SIZE, rate=0, partitions=PARTITIONS),
            producer=number,
            messages=messages,
            group=topic,
        )

    def start(self, spec: AgentSpec) -> Agent:
        agent = self.lab.start_agent(spec, self.folder / "logs")
        self._agents.append(agent)
        return agent

    def stop_agents(self) -> None:
        for agent in self._agents:
            agent.stop(5)
        self._agents.clear()


def await_state(agent: Agent, *states: str, deadline: float = 300) -> None:
    def reached() -> bool:
        if agent.exit_code() not in (None, 0):
            raise SystemExit(f"{agent.spec.name} failed: {agent.progress()} {agent.log()}")
        return agent.progress().get("state") in states

    until(reached, f"{agent.spec.name} to be {' or '.join(states)}", deadline=deadline, every=0.01)


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Three brokers, up and warmed, and everything gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="brokerlab-bench-") as temporary:
        os.environ["BROKERLAB_STATE"] = str(Path(temporary) / "state")
        folder = Path(temporary) / "run"
        (folder / "metrics").mkdir(parents=True)
        lab = LocalLab.up(BROKER.nodes(NODES), with_prometheus=False)
        try:
            found = Cluster(lab, BROKER.admin(lab.endpoint(BROKER.port), {}), folder)
            found.admin.await_ready(NODES, 60)
            yield found
            found.stop_agents()
        finally:
            LocalLab.down()
