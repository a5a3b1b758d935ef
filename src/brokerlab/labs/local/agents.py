"""Agents as child processes: orders go in as lines, progress comes out as JSON lines, the log goes into a file.

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
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from brokerlab.core.agent import AgentSpec
from brokerlab.core.codec import agent_to_json
from brokerlab.core.errors import LabError
from brokerlab.core.files import write_atomic
from brokerlab.labs.local.logs import log_tail


@dataclass
class LocalAgent:
    """An `Agent` that is a child process of this one."""

    spec: AgentSpec
    process: subprocess.Popen[bytes]
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


def start_agent(spec: AgentSpec, folder: Path, environment: Mapping[str, str]) -> LocalAgent:
    """Start one agent: its order sheet and its log are files of its name in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    sheet, log = folder / f"{spec.process}.json", folder / f"{spec.process}.log"
    write_atomic(sheet, agent_to_json(spec))
    with log.open("ab") as output:
        try:
            process = subprocess.Popen(
                [sys.executable, "-m", "brokerlab.agents", str(sheet)],
                env={**os.environ, **environment},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                start_new_session=True,
            )
        except OSError as error:
            raise LabError(f"the agent {spec.name} cannot be started: {error.strerror}") from error
    agent = LocalAgent(spec, process, log)
    agent.read()
    return agent


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    """Popen was asked for the pipe, so it is there; the type checker does not know."""
    if pipe is None:
        raise ValueError("the agent has no such pipe")
    return pipe
