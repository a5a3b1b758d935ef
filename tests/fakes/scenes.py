"""A lab, an admin and agents of pure memory, for the unit tests of timeline and faults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGKILL
from typing import Any

from brokerlab.core.agent import AgentSpec
from brokerlab.core.broker import Admin, Broker, PartitionState
from brokerlab.core.lab import NodeState, Sought
from brokerlab.core.links import COUNTERS, Trouble, Way
from brokerlab.core.load import Load
from brokerlab.core.scenario import Variant
from brokerlab.core.store import Store, Tables
from brokerlab.engine.staff import Setting
from brokerlab.engine.workload import Workload
from brokerlab.ledger import remains


@dataclass
class MemoryLinks:
    """Links on which `flows` bytes (parcels, connections) meet whatever is wrong, each time that it is asked for."""

    flows: int = 100
    wrong: dict[tuple[str, str, str], int] = field(default_factory=dict)
    done: dict[tuple[str, str], dict[str, int]] = field(default_factory=dict)

    def trouble(self, link: str, way: Way, what: Trouble, amount: int) -> None:
        self.wrong[link, way, what] = amount

    def traffic(self, link: str, way: Way) -> Mapping[str, int]:
        counts = self.done.setdefault((link, way), dict.fromkeys(COUNTERS, 0))
        names = {"drop": "dropped", "delay": "delayed", "limit": "limited", "flip": "flipped", "cut": "cut"}
        for what, counter in names.items():
            counts[counter] += self.flows if self.wrong.get((link, way, what)) else 0
        return dict(counts)


@dataclass
class MemoryLab:
    """Three nodes that do what they are told. `stubborn`: nodes that no signal reaches."""

    name: str = "memory"
    capabilities: frozenset[str] = frozenset({"agents", "kill", "pause", "restart"})
    states: dict[str, NodeState] = field(default_factory=lambda: {f"node-{n}": "running" for n in (1, 2, 3)})
    stubborn: frozenset[str] = frozenset()
    done: list[str] = field(default_factory=list)
    folder: Path | None = None  # of the nodes' data
    limits: dict[str, int | None] = field(default_factory=dict)
    network: MemoryLinks = field(default_factory=MemoryLinks)

    def nodes(self, broker: str = "") -> tuple[str, ...]:
        return tuple(self.states)

    def endpoint(self, port: str) -> str:
        return "nowhere:1"

    def admin(self, broker: Broker, settings: Mapping[str, str]) -> Admin:
        return broker.admin(self.endpoint(broker.port), settings)

    def tables(self, store: Store) -> Tables:
        return store.tables(self.endpoint(store.port))

    def state(self, node: str) -> NodeState:
        return self.states[node]

    def kill(self, node: str) -> None:
        self._put("kill", node, "gone")

    def pause(self, node: str) -> None:
        self._put("pause", node, "paused")

    def resume(self, node: str) -> None:
        self._put("resume", node, "running")

    def restart(self, node: str) -> None:
        self._put("restart", node, "running")

    def _put(self, what: str, node: str, state: NodeState) -> None:
        self.done.append(f"{what} {node}")
        if node not in self.stubborn:
            self.states[node] = state

    def logs(self, node: str, lines: int = 40) -> str:
        return ""

    def data(self, node: str) -> Path | None:
        return self.folder / node if self.folder else None

    def keep_remains(self, node: str, sought: Sought, folder: Path) -> None:
        if data := self.data(node):
            remains.keep(remains.place(folder, node), sought.mark, sought.size, sought.broker.files(data, sought.topic))

    def limit_files(self, node: str, size: int | None) -> None:
        self.limits[node] = size

    def links(self) -> MemoryLinks:
        return self.network

    def prometheus(self) -> str | None:
        return None

    def scrape(self, job: str, target: str | None, labels: Mapping[str, str]) -> None: ...

    def expositions(self) -> int:
        return 1

    def start_agent(self, spec: AgentSpec, folder: Path) -> FakeAgent:
        return FakeAgent(spec)


def crew(tmp: Path, roles: tuple[str, ...] = ()) -> Workload:
    """A crew of fake agents, of these roles."""
    topics = {"one": "t.one", "two": "t.two"}
    variants = tuple(Variant(name, "") for name in topics)
    workload = Workload(MemoryLab(), Setting("r", "memory", "x:1", Load(), variants, topics, {}, tmp))
    for role in roles:
        workload.start(role)
    return workload


@dataclass
class FakeAgent:
    """Sends as far as it is allowed to, at once. `stuck`: answers nothing."""

    spec: AgentSpec
    stuck: bool = False
    counts: dict[str, Any] = field(default_factory=lambda: {"state": "ready", "sent": 0, "acked": 0})
    orders: list[str] = field(default_factory=list)
    signals: list[int] = field(default_factory=list)
    code: int | None = None

    def order(self, line: str) -> None:
        self.orders.append(line)
        if line.startswith("hold ") and not self.stuck:
            self.counts |= {"state": "held", "point": line.split()[1]}
        if line.startswith("limit "):
            self.counts["sent"] = int(line.split()[1])
            if not self.stuck:
                self.counts["acked"] = self.counts["sent"]

    def progress(self) -> Mapping[str, Any]:
        return self.counts

    def exit_code(self) -> int | None:
        return self.code

    def log(self, lines: int = 20) -> str:
        return "its last words"

    def signal(self, number: int) -> None:
        self.signals.append(number)
        if number == SIGKILL:
            self.code = -SIGKILL

    def stop(self, deadline: float) -> None:
        self.code = self.code or 0


@dataclass
class MemoryAdmin:
    """Describes one partition a topic, led by `leader` of the brokers 1, 2, 3."""

    leader: int = 1

    def describe(self, topics: Sequence[str]) -> list[PartitionState]:
        return [PartitionState(topic, 0, self.leader, 0, (1, 2, 3), (1, 2, 3)) for topic in topics]

    def settings(self, topics: Sequence[str]) -> dict[str, dict[str, str]]:
        return {f"broker/{n}": {"replica.fetch.wait.max.ms": "5"} for n in (1, 2, 3)}

    def ends(self, topics: Sequence[str]) -> dict[tuple[str, int], int]:
        return {}

    def await_ready(self, nodes: int, deadline: float) -> None: ...

    def create(
        self, topics: Mapping[str, Mapping[str, str]], partitions: int, assignment: Sequence[int] | None
    ) -> None: ...

    def delete(self, topics: Sequence[str]) -> None: ...

    def admit(self, groups: Mapping[str, str]) -> None: ...

    def storage(self, topics: Sequence[str]) -> dict[str, dict[str, int]]:
        return {}

    def close(self) -> None: ...


class MemoryNodes:
    """The part of a broker plug-in that faults and the timeline use."""

    name = "memory"

    def node_id(self, node: str) -> int:
        return int(node.rpartition("-")[2])

    def files(self, data: Path, topic: str) -> Sequence[Path]:
        return sorted(data.glob(f"{topic}.log"))
