"""The warden beside a node of the broker: stops, continues and kills the node's process, and has it started again; is
the link by which clients reach the node where their network is to be hurt; and reads what a dead node still has.

It shares the pod's process namespace. The node's container is a shell that runs the program, writes its pid down, and
when it ends waits for a line in a named pipe before it runs it again: a killed node stays gone until it is restarted.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any, TypeVar
from uuid import uuid4

import psutil

from brokerlab import catalog
from brokerlab.core.errors import LabError
from brokerlab.core.lab import NodeState
from brokerlab.core.wait import until
from brokerlab.labs.local import processes
from brokerlab.labs.local.link_proxy import Link
from brokerlab.labs.local.processes import ProcessId
from brokerlab.ledger.remains import keep
from brokerlab.pods.server import Answer, Route, serve

PID, START = "pid", "start"
T = TypeVar("T")
WAIT_S = 10.0


class Warden:
    """control: the folder that it shares with the node's container. data: the node's. port: the node's ready port."""

    def __init__(self, control: Path, data: Path, port: int, link: LinkThread | None = None) -> None:
        self._control, self._data, self._port, self._link = control, data, port, link
        self._found = TemporaryDirectory()

    def routes(self) -> dict[tuple[str, str], Route]:
        return {
            ("GET", "state"): lambda *_: self.state(),
            ("POST", "kill"): lambda *_: self.kill(),
            ("POST", "pause"): lambda *_: self.pause(),
            ("POST", "resume"): lambda *_: self.resume(),
            ("POST", "restart"): lambda *_: self.restart(),
            ("POST", "trouble"): self.trouble,
            ("GET", "traffic"): self.traffic,
            ("GET", "remains"): self.remains,
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

    def trouble(self, rest: list[str], body: Any) -> Answer:
        """/trouble/WAY/WHAT, with {amount}; see `core.links`."""
        way, what = rest
        amount = int(body["amount"])
        return self._linked().call(lambda link: link.set(way, what, amount))

    def traffic(self, rest: list[str], _body: Any) -> Answer:
        """/traffic/WAY: its counters."""
        return self._linked().call(lambda link: dict(link.ways[rest[0]].counts))

    def remains(self, rest: list[str], _body: Any) -> Answer:
        """/remains/BROKER/TOPIC/MARK/SIZE: which messages are in the node's files, as a file of a ledger."""
        broker, topic, mark, size = rest
        path = Path(self._found.name) / uuid4().hex
        keep(path, int(mark), int(size), catalog.broker(broker).files(self._data, topic))
        return path

    def _linked(self) -> LinkThread:
        if self._link is None:
            raise LabError("no link leads to this node")
        return self._link

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


class LinkThread:
    """A link, and the thread of the loop that it needs."""

    def __init__(self, outer: int, inner: int) -> None:
        self._link, self._loop = Link(inner), asyncio.new_event_loop()
        Thread(target=self._loop.run_forever, name="link", daemon=True).start()
        asyncio.run_coroutine_threadsafe(self._link.serve(outer, ""), self._loop).result(WAIT_S)

    def call(self, what: Callable[[Link], T]) -> T:
        async def called() -> T:
            return what(self._link)

        return asyncio.run_coroutine_threadsafe(called(), self._loop).result(WAIT_S)


def main(control: Path, data: Path, port: int, link: tuple[int, int] | None) -> None:
    for folder in (control, data):
        if not folder.is_dir():
            raise LabError(f"the folder {folder} that the node shares with its warden is not there")
    serve(Warden(control, data, port, LinkThread(*link) if link else None).routes()).serve_forever()
