"""The warden beside a node of the broker: stops, continues and kills the node's process, and has it started again.

It shares the pod's process namespace. The node's container is a shell that runs the program, writes its pid down, and
when it ends waits for a line in a named pipe before it runs it again: a killed node stays gone until it is restarted.
"""

from __future__ import annotations

import contextlib
import os
import socket
from pathlib import Path

import psutil

from brokerlab.core.errors import LabError
from brokerlab.core.protocols import NodeState
from brokerlab.core.wait import until
from brokerlab.labs.local import processes
from brokerlab.labs.local.processes import ProcessId
from brokerlab.pods.server import Answer, Route, serve

PID, START = "pid", "start"
WAIT_S = 10.0


class Warden:
    def __init__(self, control: Path, port: int) -> None:
        self._control, self._port = control, port

    def routes(self) -> dict[tuple[str, str], Route]:
        return {
            ("GET", "state"): lambda *_: self.state(),
            ("POST", "kill"): lambda *_: self.kill(),
            ("POST", "pause"): lambda *_: self.pause(),
            ("POST", "resume"): lambda *_: self.resume(),
            ("POST", "restart"): lambda *_: self.restart(),
        }

    def state(self) -> Answer:
        """{state, listens}: of the node, and whether its ready port accepts."""
        return {"state": self._state(), "listens": self._listens()}

    def kill(self) -> Answer:
        if process := self._process():
            processes.kill([process], WAIT_S)
        return self.state()

    def pause(self) -> Answer:
        if process := self._process():
            processes.pause(process)
        return self.state()

    def resume(self) -> Answer:
        if process := self._process():
            processes.resume(process)
        return self.state()

    def restart(self) -> Answer:
        """Have a node that is gone run again; returns when it runs, before it listens."""
        if self._state() == "gone":
            until(self._let_start, "the node's container to take the order to start", deadline=WAIT_S)
            until(lambda: self._state() != "gone", "the node to be started", deadline=WAIT_S)
        return self.state()

    def _state(self) -> NodeState:
        process = self._process()
        if process is None or not process.alive:
            return "gone"
        return "paused" if process.paused else "running"

    def _process(self) -> ProcessId | None:
        with contextlib.suppress(OSError, ValueError, psutil.Error):
            return ProcessId.of(int((self._control / PID).read_text()))
        return None

    def _let_start(self) -> bool:
        """Write the line that the shell waits for; False while it does not: it has not noticed the death yet."""
        try:
            pipe = os.open(self._control / START, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            return False
        try:
            os.write(pipe, b"start\n")
        finally:
            os.close(pipe)
        return True

    def _listens(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._port), 1):
            return True
        return False


def main(control: Path, port: int) -> None:
    if not control.is_dir():
        raise LabError(f"the folder {control} that the node shares with its warden is not there")
    serve(Warden(control, port).routes()).serve_forever()
