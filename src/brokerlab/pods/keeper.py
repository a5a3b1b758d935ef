"""The keeper of an agent's pod: starts the agent, passes orders on, tells its progress, keeps its ledger and counters.

It is no fault's target: an agent that is killed here leaves ledger files that can still be fetched, and counters that
can still be scraped. When nothing was heard from the command line for its lease, whoever started the agents is
gone: they are ended, and so is the keeper.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Any

from brokerlab.core.agent import Agent
from brokerlab.core.codec import agent_from_json
from brokerlab.core.errors import UsageError
from brokerlab.core.wait import until
from brokerlab.labs.local.agents import spawned, start_agent
from brokerlab.metrics.exposition import Board, text_of
from brokerlab.pods.server import Answer, Route, serve

LEASE_S = 60.0
LOOK_S = 0.02  # how often progress is looked at; the agent tells it every 50 ms
BEAT_S = 1.0  # a line is sent at least so often, so that both sides notice when the other is gone
LOG_LINES = 1_000_000


class Keeper:
    """The agents of one pod: the processes that had one name, in general a single one."""

    def __init__(self, home: Path, lease: float = LEASE_S) -> None:
        self._lease = lease
        self._ledger, self._metrics, self._logs = home / "ledger", home / "metrics", home / "logs"
        for folder in (self._ledger, self._metrics, self._logs):
            folder.mkdir(parents=True, exist_ok=True)
        self._agents: dict[str, Agent] = {}
        self._orders: dict[str, int] = {}
        self._lock = Lock()
        self._heard = time.monotonic()

    def routes(self) -> dict[tuple[str, str], Route]:
        return {
            ("POST", "start"): self.start,
            ("POST", "order"): self.order,
            ("POST", "signal"): self.signal,
            ("POST", "stop"): self.stop,
            ("GET", "progress"): self.progress,
            ("GET", "log"): self.log,
            ("GET", "ledger"): self.ledger,
            ("GET", "metrics"): self.metrics,
        }

    def start(self, _rest: list[str], body: Any) -> Answer:
        """Start an agent by its order sheet, unless that was done: who asks again did not hear the answer."""
        spec = agent_from_json(json.dumps(body))
        self._hear()
        with self._lock:
            if spec.process not in self._agents:
                here = replace(spec, ledger=str(self._ledger), metrics=str(self._metrics) if spec.metrics else "")
                self._agents[spec.process] = start_agent(here, self._logs, spawned)
        return None

    def order(self, rest: list[str], body: Any) -> Answer:
        """body: {number, line}. Orders are numbered from 1; one that came before is not passed on again."""
        agent = self._agent(rest)
        self._hear()
        with self._lock:
            if body["number"] > self._orders.get(rest[0], 0):
                self._orders[rest[0]] = body["number"]
                agent.order(body["line"])
        return None

    def signal(self, rest: list[str], body: Any) -> Answer:
        self._agent(rest).signal(int(body["number"]))
        return None

    def stop(self, rest: list[str], body: Any) -> Answer:
        self._agent(rest).stop(float(body["deadline"]))
        return None

    def progress(self, rest: list[str], _body: Any) -> Answer:
        """Lines {report, exit}: at once, at each change, and every second; until the agent has ended."""
        return self._lines(self._agent(rest))

    def _lines(self, agent: Agent) -> Iterator[bytes]:
        told: dict[str, Any] = {}
        while told.get("exit") is None:
            next_beat = time.monotonic() + BEAT_S
            until(
                lambda: _told(agent) != told or time.monotonic() >= next_beat,  # noqa: B023 - asked within this turn
                "news of an agent",
                deadline=BEAT_S + 1,
                every=LOOK_S,
            )
            told = _told(agent)
            yield json.dumps(told).encode() + b"\n"
            self._hear()  # the line could be sent: somebody is listening

    def log(self, rest: list[str], body: Any) -> Answer:
        return self._agent(rest).log(LOG_LINES)

    def ledger(self, rest: list[str], _body: Any) -> Answer:
        """Without a name: {running, files: [{name, size, sha256}]}; they may grow while agents run. Else: that file."""
        self._hear()
        files = {path.name: path for path in sorted(self._ledger.iterdir()) if not path.name.startswith(".")}
        if rest and rest[0]:
            if rest[0] not in files:
                raise UsageError(f"there is no ledger file {rest[0]!r} here")
            return files[rest[0]]
        listed = [{"name": name, "size": path.stat().st_size, "sha256": sha256(path)} for name, path in files.items()]
        return {"running": self._running(), "files": listed}

    def metrics(self, _rest: list[str], _body: Any) -> Answer:
        """The agents' counters; the generation is 1 when all of them have ended, so that these are their last."""
        with self._lock:
            agents = list(self._agents.values())
        if not agents:
            return ""
        ended = not self._running()
        return text_of(Board(agents[0].spec.run, generation=int(ended)), self._metrics)

    def _running(self) -> int:
        return sum(agent.exit_code() is None for agent in list(self._agents.values()))

    def await_end(self) -> None:
        """Return when its lease has run out."""
        until(self._forgotten, "the command line to be gone", deadline=math.inf, every=0.2)

    def end(self) -> None:
        for agent in self._agents.values():
            agent.stop(1)

    def _agent(self, rest: list[str]) -> Agent:
        if not rest or rest[0] not in self._agents:
            raise UsageError(f"no agent {'/'.join(rest)!r} was started here")
        return self._agents[rest[0]]

    def _hear(self) -> None:
        self._heard = time.monotonic()

    def _forgotten(self) -> bool:
        return time.monotonic() - self._heard > self._lease


def _told(agent: Agent) -> dict[str, Any]:
    code = agent.exit_code()  # first: the report of an agent that has ended is its last
    return {"report": dict(agent.progress()), "exit": code}


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def main(home: Path) -> None:
    from threading import Thread

    keeper = Keeper(home)
    server = serve(keeper.routes())
    Thread(target=server.serve_forever, name="server", daemon=True).start()
    try:
        keeper.await_end()
    finally:
        keeper.end()
        server.shutdown()
