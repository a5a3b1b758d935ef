"""Starts the processes of one lab, and writes each down at once, so that a lab whose starter dies can be taken down.

A variable in the environment marks every process of a lab, so that also one that nobody wrote down can be found.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from brokerlab.core.errors import DeadlineError, LabError
from brokerlab.core.wait import until
from brokerlab.labs.local import ports, processes
from brokerlab.labs.local.account import Account
from brokerlab.labs.local.logs import why
from brokerlab.labs.local.processes import ProcessId
from brokerlab.labs.local.state import LabState, NodeRecord

MARK = "BROKERLAB_LAB"
POLL = 0.01  # seconds between looks at a starting node: a refused connection costs some microseconds
LOG = "node.log"


class Starter:
    """Starts processes for one lab and keeps its state, in memory and on disk."""

    def __init__(self, state: LabState) -> None:
        self.state = state
        self._children: list[subprocess.Popen[bytes]] = []

    def start(
        self, name: str, command: Sequence[str], folder: Path, log: Path, account: Account | None = None
    ) -> ProcessId:
        process, child = processes.start(command, folder, log, {MARK: self.state.lab_id}, account)
        self._children.append(child)
        self.record(name, process)
        return process

    def record(self, name: str, process: ProcessId) -> None:
        self.state = self.state.with_process(name, process)
        self.state.save()

    def start_node(self, node: NodeRecord) -> ProcessId:
        if node.name in self.state.processes:
            processes.await_reaped(self.state.processes[node.name])
        return self.start(node.name, node.command, node.folder, node.folder / LOG, node.account)

    def await_node(self, node: NodeRecord, deadline: float) -> None:
        """Return when its ready port listens. Raises LabError with the end of its log when it ends before."""
        process, port = self.state.processes[node.name], node.ports[node.ready_port]

        def up() -> bool:
            if ports.listens(port):
                return True
            if not process.alive:
                raise LabError(
                    f"{node.name} ended while it was starting; the end of its log:\n{why(node.folder / LOG)}"
                )
            return False

        try:
            until(up, f"{node.name} to listen on {ports.HOST}:{port}", deadline=deadline, every=POLL)
        except DeadlineError as error:
            raise LabError(f"{error.message}; the end of its log:\n{why(node.folder / LOG)}") from error
