"""A lab whose agents are threads over a memory broker: the whole engine runs in one process."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGKILL
from threading import Thread
from typing import Any

from brokerlab.agents.orders import Orders
from brokerlab.agents.progress import Report
from brokerlab.agents.work import work
from brokerlab.core.agent import AgentSpec
from tests.fakes.memory_broker import MemoryBroker, invent
from tests.fakes.memory_store import MemoryStore
from tests.fakes.scenes import MemoryLab


@dataclass
class ThreadLab(MemoryLab):
    """`broker` is shared by its agents; what it does wrong is the broker's `mischief`."""

    broker: MemoryBroker = field(default_factory=MemoryBroker)
    store: MemoryStore = field(default_factory=MemoryStore)

    def kill(self, node: str) -> None:
        super().kill(node)
        self.broker.went(self.broker.node_id(node))

    def restart(self, node: str) -> None:
        super().restart(node)
        self.broker.returned(self.broker.node_id(node))

    def pause(self, node: str) -> None:
        super().pause(node)
        self.broker.stalled = "paused" in self.states.values()

    def resume(self, node: str) -> None:
        super().resume(node)
        self.broker.stalled = "paused" in self.states.values()

    def start_agent(self, spec: AgentSpec, folder: Path) -> ThreadAgent:
        if spec.role == "auditor":
            invent(self.broker, spec.topic)
        return ThreadAgent(spec, self.broker, self.store)


class KilledError(BaseException):
    """Ends an agent's thread where it stands."""


class MortalOrders(Orders):
    """Orders among which there is one to drop dead."""

    def _obey(self, line: str) -> None:
        if line == "die":
            raise KilledError
        super()._obey(line)


class ThreadAgent:
    """An agent's real loop in a thread. It dies where it asks for orders, or is held; it can't be stopped otherwise."""

    def __init__(self, spec: AgentSpec, broker: MemoryBroker, store: MemoryStore) -> None:
        self.spec = spec
        self._orders, self._last, self._error = MortalOrders(), {}, ""
        report = Report(self._take)

        def run() -> None:
            try:
                work(spec, broker, self._orders, report, store)
            except (Exception, KilledError) as error:
                self._error = str(error) or "killed"

        self._thread = Thread(target=run, daemon=True)
        self._thread.start()

    def _take(self, line: str) -> None:
        self._last: Mapping[str, Any] = json.loads(line)

    def order(self, line: str) -> None:
        self._orders.say(line)

    def progress(self) -> Mapping[str, Any]:
        return self._last

    def exit_code(self) -> int | None:
        return None if self._thread.is_alive() else int(bool(self._error))

    def log(self, lines: int = 20) -> str:
        return self._error

    def signal(self, number: int) -> None:
        if number == SIGKILL:
            self._orders.say("die")

    def stop(self, deadline: float) -> None:
        """Ends it in good order, if it still can be."""
        for line in ("go", "limit 0", "finish", "drain"):
            self.order(line)
        self._thread.join(deadline)
