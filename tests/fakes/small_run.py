"""The real loops of producer, consumer and auditor in this process, over a memory broker, with real ledger files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from brokerlab.agents.orders import Orders
from brokerlab.agents.progress import Report
from brokerlab.agents.work import work
from brokerlab.core.agent import AgentSpec
from brokerlab.core.load import Load
from brokerlab.ledger.ledger import Ledger
from brokerlab.ledger.read import load as load_ledger
from tests.fakes.memory_broker import MemoryBroker, invent

TOPIC = "topic"


@dataclass
class SmallRun:
    """Messages through `broker`, one role after the other; `told` keeps each agent's progress lines."""

    folder: Path
    broker: MemoryBroker = field(default_factory=MemoryBroker)
    load: Load = field(default_factory=lambda: Load(messages=100, rate=0))
    settings: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    told: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.broker.admin("", {}).create({TOPIC: {}}, self.load.partitions, None)

    def spec(self, role: str, number: int = 0, messages: int = 0) -> AgentSpec:
        return AgentSpec(
            role=role,
            name=f"{role}-{number}",
            run="run",
            variant="variant",
            broker="memory",
            endpoint="",
            topic=TOPIC,
            ledger=str(self.folder),
            metrics="",
            settings=self.settings,
            options=self.options,
            load=self.load,
            producer=number,
            messages=messages,
            group="group",
        )

    def agent(self, spec: AgentSpec, *orders: str) -> Report:
        said, lines = Orders(), self.told.setdefault(spec.name, [])
        for order in orders:
            said.say(order)
        report = Report(lines.append)
        work(spec, self.broker, said, report)
        return report

    def produce(self, limit: int | None = None) -> Report:
        """Every message, or, with a limit, the first so many."""
        messages = self.load.messages if limit is None else limit
        report = self.agent(self.spec("producer", 0, messages), f"limit {messages}", "finish")
        invent(self.broker, TOPIC)
        return report

    def consume(self) -> Report:
        return self.agent(self.spec("consumer"), "drain")

    def audit(self) -> Report:
        return self.agent(self.spec("auditor"))

    def all(self) -> Ledger:
        self.produce()
        self.consume()
        self.audit()
        return load_ledger(self.folder)
