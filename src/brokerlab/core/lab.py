"""The protocol of a lab: where a broker's nodes, Prometheus and the agents run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from brokerlab.core.agent import Agent, AgentSpec
from brokerlab.core.broker import Admin, Broker
from brokerlab.core.links import Links
from brokerlab.core.store import Store, Tables


@dataclass(frozen=True)
class Sought:
    """Messages that a node's files are searched for: one topic's, by their variant's mark, `size` bytes each."""

    broker: Broker
    topic: str
    mark: int
    size: int


NodeState = Literal["running", "paused", "gone"]
Progress = Callable[[str], None]
"""Told what is being done, in a short sentence; what it does with that is the caller's affair."""


class Lab(Protocol):
    """Where a broker's nodes, Prometheus and the agents run. Hurts are undone by whoever asked for them."""

    @property
    def name(self) -> str: ...

    @property
    def capabilities(self) -> frozenset[str]:
        """Of: agents (always), kill, pause, restart, logs, prometheus, links, replica links, disk."""

    def nodes(self, broker: str = "") -> tuple[str, ...]:
        """Every node, or those of one broker plug-in (they are called after it)."""

    def endpoint(self, port: str) -> str:
        """The addresses of the nodes that have a port of that name, as agents want them: host:port,host:port,..."""

    def admin(self, broker: Broker, settings: Mapping[str, str]) -> Admin:
        """A new connection to the broker, for the engine's questions."""

    def tables(self, store: Store) -> Tables:
        """The way to a store's tables, for the engine."""

    def state(self, node: str) -> NodeState: ...

    def kill(self, node: str) -> None:
        """SIGKILL; returns when the node is gone."""

    def pause(self, node: str) -> None:
        """SIGSTOP; returns when the node is stopped."""

    def resume(self, node: str) -> None: ...

    def restart(self, node: str) -> None:
        """Start a node that is gone, with its data; returns when its ready port listens."""

    def logs(self, node: str, lines: int = 40) -> str: ...

    def data(self, node: str) -> Path | None:
        """The folder of a node's data, when it can be read from here."""

    def keep_remains(self, node: str, sought: Sought, folder: Path) -> None:
        """Write down what a dead node still has, as its next `.remains` file in `folder` (see `ledger.remains`)."""

    def limit_files(self, node: str, size: int | None) -> None:
        """Let no file of the running node grow beyond `size` bytes, as on a full disk; None: as it was. Only with the
        capability `disk`."""

    def links(self) -> Links:
        """The network between clients and nodes, to be hurt; only with the capability `links`."""

    def prometheus(self) -> str | None:
        """The URL of the second witness."""

    def scrape(self, job: str, target: str | None, labels: Mapping[str, str]) -> None:
        """Have Prometheus scrape `target` (host:port) as `job` from now on; None: no longer."""

    def expositions(self) -> int:
        """How many places show the counters of the present run: the witness has heard all when it has scraped each."""

    def start_agent(self, spec: AgentSpec, folder: Path) -> Agent:
        """Start one agent; its log goes into `folder`."""
