"""Agents as processes: orders go in as lines, progress comes out as JSON lines, the log goes into a file.

An agent whose standard input ends knows that whoever started it is gone, and ends itself; so no agent survives a
killed command, and none needs to be found again.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, TypeAlias

from brokerlab.core.agent import AgentSpec
from brokerlab.core.codec import agent_to_json
from brokerlab.core.errors import LabError
from brokerlab.core.files import write_atomic
from brokerlab.labs.local.fork_server import Forked, ForkServer, available
from brokerlab.labs.local.logs import log_tail
from brokerlab.labs.local.processes import ProcessId
from brokerlab.labs.local.starter import MARK, Starter

PROGRAM = (sys.executable, "-m", "brokerlab.agents")
FORK_SERVER = "agent fork server"
Process: TypeAlias = subprocess.Popen[bytes] | Forked


@dataclass
class LocalAgent:
    """An `Agent` that is a process on this machine."""

    spec: AgentSpec
    process: Process
    log_file: Path
    _last: Mapping[str, Any] = field(default_factory=dict)
    _reader: threading.Thread | None = None

    def order(self, line: str) -> None:
        """An agent that has ended takes no orders; that it ended shows in `exit_code`."""
        with contextlib.suppress(OSError, ValueError):
            stdin = _pipe(self.process.stdin)
            stdin.write(line.encode() + b"\n")
            stdin.flush()

    def progress(self) -> Mapping[str, Any]:
        return self._last

    def exit_code(self) -> int | None:
        """None while it runs, or while its last words are still being read."""
        code = self.process.poll()
        return None if self._reader and self._reader.is_alive() else code

    def log(self, lines: int = 20) -> str:
        return log_tail(self.log_file, lines)

    def signal(self, number: int) -> None:
        if self.process.poll() is None:  # not reaped yet, so the pid is still its own
            self.process.send_signal(number)

    def stop(self, deadline: float) -> None:
        with contextlib.suppress(OSError):
            _pipe(self.process.stdin).close()  # the end of its orders is the order to end
        self.signal(signal.SIGCONT)  # a paused one could not
        try:
            self.process.wait(deadline)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self._reader:
            self._reader.join(1)
        _pipe(self.process.stdout).close()

    def read(self) -> None:
        """Take in its progress lines in a thread of their own, until its output ends."""
        self._reader = threading.Thread(target=self._read, name=f"progress of {self.spec.name}", daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with contextlib.suppress(ValueError, OSError):
            for line in _pipe(self.process.stdout):
                self._take(line)

    def _take(self, line: bytes) -> None:
        with contextlib.suppress(ValueError):  # the torn last line of a killed agent
            report = json.loads(line)
            if isinstance(report, dict):
                self._last = report


class Agents:
    """Starts the agents of one lab, and writes each down; by a fork server where the system can have one."""

    def __init__(self, starter: Starter) -> None:
        self._starter, self._forks = starter, available()
        self._server: ForkServer | None = None

    def start(self, spec: AgentSpec, folder: Path) -> LocalAgent:
        agent = start_agent(spec, folder, self._fork if self._forks else self._spawn)
        self._starter.record(f"agent {spec.process}", ProcessId.of(agent.process.pid))
        return agent

    def _fork(self, sheet: Path, log: IO[bytes]) -> Forked:
        return self._running().fork(str(sheet), log)

    def _spawn(self, sheet: Path, log: IO[bytes]) -> subprocess.Popen[bytes]:
        return spawned(sheet, log, self._mark)

    def _running(self) -> ForkServer:
        """The server; another one, if it is gone."""
        if not self._server or not self._server.alive:
            self._server = ForkServer(PROGRAM, self._mark, self._starter.state.folder / "fork-server.log")
            self._starter.record(FORK_SERVER, ProcessId.of(self._server.pid))
        return self._server

    @property
    def _mark(self) -> Mapping[str, str]:
        return {MARK: self._starter.state.lab_id}


def start_agent(spec: AgentSpec, folder: Path, begin: Callable[[Path, IO[bytes]], Process]) -> LocalAgent:
    """Start one agent: its order sheet and its log are files of its name in `folder`, with which `begin` begins it."""
    folder.mkdir(parents=True, exist_ok=True)
    sheet, log = folder / f"{spec.process}.json", folder / f"{spec.process}.log"
    write_atomic(sheet, agent_to_json(spec))
    with log.open("ab") as output:
        agent = LocalAgent(spec, begin(sheet, output), log)
    agent.read()
    return agent


def spawned(sheet: Path, log: IO[bytes], environment: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
    """An agent's process, started from nothing."""
    try:
        return subprocess.Popen(
            [*PROGRAM, str(sheet)],
            env={**os.environ, **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
    except OSError as error:
        raise LabError(f"the agent {sheet.stem} cannot be started: {error.strerror}") from error


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    """Popen was asked for the pipe, so it is there; the type checker does not know."""
    if pipe is None:
        raise ValueError("the agent has no such pipe")
    return pipe
