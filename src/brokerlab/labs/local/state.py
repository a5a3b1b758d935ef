"""What a running lab consists of, written down: `lab.json` in the lab's folder, replaced as a whole at every change.

Format: the fields `format` and `processes` mean the same in every version, so that any version of brokerlab can take
down any other version's lab; all other fields belong to the version that wrote them.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from brokerlab.core import folders
from brokerlab.core.errors import LabError
from brokerlab.core.files import write_json
from brokerlab.labs.local.account import Account
from brokerlab.labs.local.processes import ProcessId

FORMAT = 3
LOCK_DEADLINE = 120  # seconds: longer than a first start that makes the start-up cache


@dataclass(frozen=True)
class NodeRecord:
    """One node as it was rendered: enough to start it again with its data.

    address: how clients address it; "" = host:port. account: whom it is run as; None: as us. ended_by: the signal that
    ends it at once and leaves nothing in the system.
    """

    name: str
    command: tuple[str, ...]
    ports: Mapping[str, int]
    ready_port: str
    folder: Path
    address: str = ""
    account: Account | None = None
    ended_by: str = "SIGKILL"


@dataclass(frozen=True)
class LabState:
    """One lab. `processes`: by node name, "prometheus", "agent NAME", or "agent fork server". complete: its start came
    to its end."""

    lab_id: str
    folder: Path
    processes: Mapping[str, ProcessId] = field(default_factory=dict)
    nodes: tuple[NodeRecord, ...] = ()
    prometheus_url: str | None = None
    complete: bool = False
    format: int = FORMAT

    def with_process(self, name: str, process: ProcessId) -> LabState:
        return replace(self, processes={**self.processes, name: process})

    @property
    def alive(self) -> bool:
        return any(process.alive for process in self.processes.values())

    @property
    def ports(self) -> frozenset[int]:
        """Those that its nodes and its Prometheus were given, whether or not they listen yet."""
        own = {int(self.prometheus_url.rpartition(":")[2])} if self.prometheus_url else set()
        return frozenset(own | {number for node in self.nodes for number in node.ports.values()})

    def save(self) -> None:
        record = asdict(self, dict_factory=_plain)
        write_json(self.folder / "lab.json", record)


def folder(kind: str) -> Path:
    """Where the lab of that kind ("local", "external") keeps its state; at most one of a kind runs at a time."""
    return folders.state() / kind


def load(kind: str) -> LabState | None:
    """The lab that was written down last, whether or not it still runs."""
    path = folder(kind) / "lab.json"
    try:
        record = json.loads(path.read_text())
        processes = {name: ProcessId(**one) for name, one in record["processes"].items()}
        if record["format"] != FORMAT:
            return LabState("", folder(kind), processes, format=int(record["format"]))
        return _state(record, processes)
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError) as error:
        raise LabError(
            f"{path} cannot be read as the state of a lab: {error}",
            "end what it names by hand, if anything, and remove the file",
        ) from error


def _plain(fields: list[tuple[str, Any]]) -> dict[str, Any]:
    return {name: str(value) if isinstance(value, Path) else value for name, value in fields}


def _state(record: dict[str, Any], processes: dict[str, ProcessId]) -> LabState:
    nodes = tuple(_node(node) for node in record["nodes"])
    return LabState(
        record["lab_id"],
        Path(record["folder"]),
        processes,
        nodes,
        record["prometheus_url"],
        record["complete"],
    )


def _node(node: dict[str, Any]) -> NodeRecord:
    account = Account(**node["account"]) if node["account"] else None
    return NodeRecord(**{**node, "command": tuple(node["command"]), "folder": Path(node["folder"]), "account": account})


@contextlib.contextmanager
def locked(kind: str) -> Iterator[None]:
    """Hold the lab of that kind for as long as it is started, changed or taken down. Freed when its holder dies."""
    from filelock import FileLock, Timeout

    home = folders.state()
    try:
        home.mkdir(parents=True, exist_ok=True)
        lock = FileLock(home / f"{kind}.lock")
        lock.acquire(timeout=LOCK_DEADLINE, poll_interval=0.02)
    except Timeout:
        raise LabError(
            f"another brokerlab has been starting or stopping the {kind} lab for {LOCK_DEADLINE} s",
            f"wait for it, or end the process that holds {home / f'{kind}.lock'}",
        ) from None
    except OSError as error:
        raise LabError(
            f"the state folder {home} cannot be written: {error.strerror}", "set BROKERLAB_STATE to a folder of yours"
        ) from error
    try:
        yield
    finally:
        lock.release()
