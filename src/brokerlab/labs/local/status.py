"""What runs of the local lab now, as values to print: read from its state, whoever started it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import psutil

from brokerlab.labs.local import state
from brokerlab.labs.local.processes import ProcessId

KIND = "local"
MIB = 1024**2


@dataclass(frozen=True)
class ProcessStatus:
    """One process. state: running, paused or gone. memory: resident, in MiB; age: seconds since it was started."""

    name: str
    state: Literal["running", "paused", "gone"]
    pid: int
    ports: Mapping[str, int]
    memory: int
    age: int


@dataclass(frozen=True)
class LabStatus:
    """The lab. state: up; damaged (a node is paused or gone); incomplete (its start was interrupted); down."""

    state: Literal["up", "damaged", "incomplete", "down"]
    processes: tuple[ProcessStatus, ...] = ()
    prometheus: str = ""
    folder: str = ""


def status() -> LabStatus:
    found = state.load(KIND)
    if not found or not found.alive:
        return LabStatus("down")
    ports = {node.name: node.ports for node in found.nodes}
    named = {name: one for name, one in found.processes.items() if not name.startswith("agent ")}
    rows = tuple(_of(name, one, ports.get(name, {})) for name, one in named.items())
    if not found.complete:
        return LabStatus("incomplete", rows, folder=str(found.folder))
    whole = all(row.state == "running" for row in rows)
    return LabStatus("up" if whole else "damaged", rows, found.prometheus_url or "", str(found.folder))


def _of(name: str, one: ProcessId, ports: Mapping[str, int]) -> ProcessStatus:
    with contextlib.suppress(psutil.Error):
        if process := one.find():
            memory = process.memory_info().rss // MIB
            age = int(time.time() - one.created)
            return ProcessStatus(name, "paused" if one.paused else "running", one.pid, ports, memory, age)
    return ProcessStatus(name, "gone", one.pid, ports, 0, 0)
