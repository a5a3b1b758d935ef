"""The local lab: brokers' nodes as processes on 127.0.0.1, a Prometheus beside them, agents as child processes.

At most one runs at a time (per state folder). It outlives whoever started it, and is found again by `find`. It can hold
the nodes of several brokers; those of a further one can be added while it runs.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from brokerlab.core.agent import AgentSpec
from brokerlab.core.broker import Admin, Broker
from brokerlab.core.errors import LabError, UsageError
from brokerlab.core.lab import NodeState, Progress, Sought
from brokerlab.core.links import REPLICAS, Links
from brokerlab.core.node import JavaProgram, NodeSpec, broker_of
from brokerlab.core.store import Store, Tables
from brokerlab.labs.local import agents, links, native, ports, processes, prometheus, render, startup, state, training
from brokerlab.labs.local.logs import log_tail
from brokerlab.labs.local.processes import ProcessId
from brokerlab.labs.local.prometheus_program import find_or_install
from brokerlab.labs.local.remains import clear, remove_nodes, take_down
from brokerlab.labs.local.runtime import Launcher, find_runtime
from brokerlab.labs.local.starter import LOG, Starter
from brokerlab.labs.local.state import LabState, NodeRecord
from brokerlab.ledger.remains import keep, place

KIND = "local"
DOWN = "take it down: brokerlab lab down"


def silent(_sentence: str) -> None:
    """Progress for whoever does not want to hear any."""


class LocalLab:
    """A `Lab` that runs; made by `up` or `find`."""

    name = KIND

    def __init__(self, starter: Starter, *, with_prometheus: bool = True) -> None:
        self._starter, self._agents = starter, agents.Agents(starter)
        self._prometheus = starter.state.prometheus_url if with_prometheus else None
        hurts = {"agents", "kill", "pause", "restart", "logs"}
        there = {
            "prometheus": self._prometheus,
            "links": links.NAME in starter.state.processes,
            "replica links": any(REPLICAS in node.ports for node in starter.state.nodes),
            "disk": processes.CAN_LIMIT_FILES,
        }
        self.capabilities = frozenset(hurts | {name for name, found in there.items() if found})

    # ------------------------------------------------------------ life

    @staticmethod
    def up(
        specs: Sequence[NodeSpec], *, with_prometheus: bool = True, say: Progress = silent, java: str | None = None
    ) -> LocalLab:
        """Start a lab; returns when every ready port listens and Prometheus is ready.

        What an interrupted start left behind is taken down first. Raises LabError, and then leaves nothing behind.
        """
        with state.locked(KIND):
            _clear_the_way(say)
            starter = Starter(LabState(secrets.token_hex(8), state.folder(KIND)))
            _or_undone(
                lambda: _start(specs, with_prometheus, starter, say, java), lambda: take_down(starter.state), "the lab"
            )
        return LocalLab(starter)

    @staticmethod
    def find(*, with_prometheus: bool = True) -> LocalLab | None:
        """The lab that runs, whoever started it; None when there is none, or its start did not come to its end.

        with_prometheus: whether it is asked for its Prometheus, if it has one.
        """
        found = state.load(KIND)
        if not found or not found.alive:
            return None
        if found.format != state.FORMAT:
            raise LabError("a lab of another version of brokerlab is running", DOWN)
        return LocalLab(Starter(found), with_prometheus=with_prometheus) if found.complete else None

    def add(self, specs: Sequence[NodeSpec], *, say: Progress = silent, java: str | None = None) -> None:
        """Start further nodes; returns when their ready ports listen. What fails or is interrupted leaves the lab as
        it was; what is killed half-way leaves an incomplete one, which the next start takes down."""
        with state.locked(KIND):
            before = self._starter.state
            _or_undone(
                lambda: _add(specs, self._starter, say, java),
                lambda: _remove(specs, self._starter, before),
                " and ".join(spec.name for spec in specs),
            )

    @staticmethod
    def down(say: Progress = silent) -> bool:
        """Take down whatever there is: a lab, a half-started one, one of another version, the remains of a dead one.

        Returns whether there was anything. Data are discarded.
        """
        found = False
        for kind in (KIND, training.KIND):
            with state.locked(kind):
                found |= clear(kind, say)
        return found

    def heal(self, say: Progress = silent) -> None:
        """Resume nodes that are paused, start those that are gone, and undo what else a killed run left behind."""
        for node in self._nodes().values():
            match self.state(node.name):
                case "running" if "disk" in self.capabilities:
                    self.limit_files(node.name, None)
                case "paused":
                    say(f"resuming {node.name}, which was paused")
                    self.resume(node.name)
                case "gone":
                    say(f"starting {node.name}, which was gone")
                    self._starter.start_node(node)
        if "links" in self.capabilities:
            self._heal_links(say)
        for node in self._nodes().values():
            self._starter.await_node(node, startup.NODE_DEADLINE)

    # ------------------------------------------------------------ the protocol

    def nodes(self, broker: str = "") -> tuple[str, ...]:
        return tuple(name for name in self._nodes() if broker in ("", broker_of(name)))

    def endpoint(self, port: str) -> str:
        nodes = [node for node in self._nodes().values() if port in node.ports]
        return ",".join(node.address or f"{ports.HOST}:{node.ports[port]}" for node in nodes)

    def admin(self, broker: Broker, settings: Mapping[str, str]) -> Admin:
        return broker.admin(self.endpoint(broker.port), settings)

    def tables(self, store: Store) -> Tables:
        return store.tables(self.endpoint(store.port))

    def state(self, node: str) -> NodeState:
        process = self._process(node)
        if not process.alive:
            return "gone"
        return "paused" if process.paused else "running"

    def kill(self, node: str) -> None:
        processes.kill([self._process(node)])

    def pause(self, node: str) -> None:
        processes.pause(self._process(node))

    def resume(self, node: str) -> None:
        processes.resume(self._process(node))

    def restart(self, node: str) -> None:
        """Starting a node that is not gone does nothing."""
        record = self._node(node)
        if self.state(node) == "gone":
            self._starter.start_node(record)
        self._starter.await_node(record, startup.NODE_DEADLINE)

    def logs(self, node: str, lines: int = 40) -> str:
        return log_tail(self._node(node).folder / LOG, lines)

    def data(self, node: str) -> Path:
        return self._node(node).folder / render.DATA

    def keep_remains(self, node: str, sought: Sought, folder: Path) -> None:
        sources = sought.broker.files(self.data(node), sought.topic)
        keep(place(folder, node), sought.mark, sought.size, sources)

    def limit_files(self, node: str, size: int | None) -> None:
        processes.limit_files(self._process(node), size)

    def links(self) -> Links:
        if "links" not in self.capabilities:
            raise LabError("the lab that is up has no links", f"it is of an older version: {DOWN}")
        return links.LocalLinks(self._starter.state.folder)

    def prometheus(self) -> str | None:
        return self._prometheus

    def scrape(self, job: str, target: str | None, labels: Mapping[str, str]) -> None:
        prometheus.set_target(self._starter.state.folder, job, target, labels)

    def expositions(self) -> int:
        return 1

    def start_agent(self, spec: AgentSpec, folder: Path) -> agents.LocalAgent:
        return self._agents.start(spec, folder)

    # ------------------------------------------------------------ inside

    def _heal_links(self, say: Progress) -> None:
        if self._starter.state.processes[links.NAME].alive:
            links.LocalLinks(self._starter.state.folder).heal()
            return
        say("starting the links, which were gone")
        links.restart(self._starter)
        links.await_ready(self._starter)

    def _nodes(self) -> dict[str, NodeRecord]:
        return {node.name: node for node in self._starter.state.nodes}

    def _node(self, name: str) -> NodeRecord:
        nodes = self._nodes()
        if name not in nodes:
            raise UsageError(f"there is no node {name!r}", f"known: {', '.join(nodes)}")
        return nodes[name]

    def _process(self, node: str) -> ProcessId:
        return self._starter.state.processes[self._node(node).name]


def _clear_the_way(say: Progress) -> None:
    found = state.load(KIND)
    if found and found.alive and found.format != state.FORMAT:
        raise LabError("a lab of another version of brokerlab is running", DOWN)
    if found and found.alive and found.complete:
        raise LabError("a lab is running already", f"use it, or {DOWN}")
    clear(KIND, say)


def _start(specs: Sequence[NodeSpec], with_prometheus: bool, starter: Starter, say: Progress, java: str | None) -> None:
    program = find_or_install(say).path if with_prometheus else None
    starter.state.save()
    nodes = _prepared(specs, starter, say, java)
    starter.state = replace(starter.state, nodes=nodes)
    say(f"starting {len(nodes)} nodes" + (" and Prometheus" if program else ""))
    url = prometheus.start(program, starter) if program else None
    starter.state = replace(starter.state, prometheus_url=url)
    linked = links.start(specs, nodes, starter)
    startup.start_all(nodes, starter)
    if linked:
        links.await_ready(starter)
    if url:
        prometheus.await_ready(url, starter)
    starter.state = replace(starter.state, complete=True)
    starter.state.save()


def _add(specs: Sequence[NodeSpec], starter: Starter, say: Progress, java: str | None) -> None:
    """A lab that grows is not complete: so what its starter had no time to write down is found and ended, too."""
    before = starter.state
    starter.state = replace(before, complete=False)
    starter.state.save()
    new = _prepared(specs, starter, say, java)
    starter.state = replace(starter.state, nodes=(*before.nodes, *new))
    say(f"starting {' and '.join(node.name for node in new)}")
    startup.start_all(new, starter)
    starter.state = replace(starter.state, complete=True)
    starter.state.save()


def _remove(specs: Sequence[NodeSpec], starter: Starter, before: LabState) -> None:
    """End what was started of these nodes."""
    names = {spec.name for spec in specs}
    remove_nodes(starter.state, names)
    starter.state = before
    starter.state.save()


def _prepared(specs: Sequence[NodeSpec], starter: Starter, say: Progress, java: str | None) -> tuple[NodeRecord, ...]:
    """The nodes rendered, those of each broker with what launches its programs."""
    found: list[NodeRecord] = []
    for _, group in groupby(specs, key=lambda spec: broker_of(spec.name)):
        own = tuple(group)
        launcher = _launcher(own, starter.state.lab_id, say, java)
        so_far = replace(starter.state, nodes=(*starter.state.nodes, *found))
        found += startup.prepare(own, launcher, so_far, say)
    return tuple(found)


def _launcher(specs: Sequence[NodeSpec], lab_id: str, say: Progress, java: str | None) -> Launcher:
    if isinstance(specs[0].program, JavaProgram):
        return training.with_startup_cache(specs, find_runtime(specs, java, say), say)
    return native.launcher(specs[0], lab_id)


def _or_undone(start: Callable[[], None], undo: Callable[[], None], what: str) -> None:
    try:
        start()
    except OSError as error:
        undo()
        raise LabError(f"{what} could not be started: {error}") from error
    except BaseException:
        undo()
        raise
