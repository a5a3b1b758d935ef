"""The external lab: a cluster that is not ours, named by its bootstrap servers. Agents and Prometheus run here.

It has no nodes that could be hurt: whatever needs them is skipped by whoever asks for `capabilities`.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from brokerlab.core.agent import AgentSpec
from brokerlab.core.broker import Admin, Broker
from brokerlab.core.errors import LabError, UsageError
from brokerlab.core.lab import NodeState, Progress, Sought
from brokerlab.core.links import Links
from brokerlab.core.store import Store, Tables
from brokerlab.labs.local import agents, prometheus, state
from brokerlab.labs.local.prometheus_program import find_or_install
from brokerlab.labs.local.remains import clear, take_down
from brokerlab.labs.local.starter import Starter
from brokerlab.labs.local.state import LabState

KIND = "external"
_SERVER = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:,/]+):([0-9]{1,5})")


class ExternalLab:
    """A `Lab` whose nodes belong to somebody else; made by `up`, ended by `down`."""

    name = KIND

    def __init__(self, bootstrap: str, starter: Starter) -> None:
        self._bootstrap = bootstrap
        self._starter, self._agents = starter, agents.Agents(starter)
        self.capabilities = frozenset({"agents"} | ({"prometheus"} if starter.state.prometheus_url else set()))

    @staticmethod
    def up(bootstrap: str, *, with_prometheus: bool = True, say: Progress) -> ExternalLab:
        """Start what runs on this side. Raises UsageError for a bootstrap that is none, LabError without Prometheus."""
        servers = checked(bootstrap)
        with state.locked(KIND):
            clear(KIND, say)
            starter = Starter(LabState(secrets.token_hex(8), state.folder(KIND)))
            try:
                if with_prometheus:
                    _start_prometheus(starter, say)
                starter.state = replace(starter.state, complete=True)
                starter.state.save()
            except OSError as error:
                take_down(starter.state)
                raise LabError(f"the lab could not be started: {error}") from error
            except BaseException:
                take_down(starter.state)
                raise
        return ExternalLab(servers, starter)

    @staticmethod
    def down(say: Progress) -> bool:
        """Take down what runs on this side, or is left of it; returns whether there was anything."""
        with state.locked(KIND):
            return clear(KIND, say)

    def nodes(self, broker: str = "") -> tuple[str, ...]:
        return ()

    def endpoint(self, _port: str) -> str:
        return self._bootstrap

    def admin(self, broker: Broker, settings: Mapping[str, str]) -> Admin:
        return broker.admin(self.endpoint(broker.port), settings)

    def tables(self, store: Store) -> Tables:
        return store.tables(self.endpoint(store.port))

    def state(self, node: str) -> NodeState:
        _refuse(f"look at {node}")

    def kill(self, node: str) -> None:
        _refuse(f"kill {node}")

    def pause(self, node: str) -> None:
        _refuse(f"pause {node}")

    def resume(self, node: str) -> None:
        _refuse(f"resume {node}")

    def restart(self, node: str) -> None:
        _refuse(f"restart {node}")

    def logs(self, node: str, _lines: int = 40) -> str:
        _refuse(f"read the log of {node}")

    def data(self, _node: str) -> Path | None:
        return None

    def keep_remains(self, node: str, _sought: Sought, _folder: Path) -> None:
        _refuse(f"read the files of {node}")

    def limit_files(self, node: str, _size: int | None) -> None:
        _refuse(f"fill the disk of {node}")

    def links(self) -> Links:
        _refuse("cut its clients off")

    def prometheus(self) -> str | None:
        return self._starter.state.prometheus_url

    def scrape(self, job: str, target: str | None, labels: Mapping[str, str]) -> None:
        prometheus.set_target(self._starter.state.folder, job, target, labels)

    def expositions(self) -> int:
        return 1

    def start_agent(self, spec: AgentSpec, folder: Path) -> agents.LocalAgent:
        return self._agents.start(spec, folder)


def checked(bootstrap: str) -> str:
    """The servers, without blanks. Raises UsageError for what is no host:port,host:port,..."""
    servers = [server.strip() for server in bootstrap.split(",") if server.strip()]
    for server in servers:
        match = _SERVER.fullmatch(server)
        if not match or not 0 < int(match[2]) < 65_536:
            raise UsageError(f"{server!r} is no HOST:PORT", "name one or more servers: --bootstrap kafka.example:9092")
    if not servers:
        raise UsageError("no bootstrap server is named", "name one or more: --bootstrap kafka.example:9092")
    return ",".join(servers)


def _start_prometheus(starter: Starter, say: Progress) -> None:
    program = find_or_install(say).path
    starter.state.save()
    url = prometheus.start(program, starter)
    prometheus.await_ready(url, starter)
    starter.state = replace(starter.state, prometheus_url=url)


def _refuse(what: str) -> NoReturn:
    raise LabError(f"this cluster is not ours: brokerlab cannot {what}", "the local lab can: leave --bootstrap out")
