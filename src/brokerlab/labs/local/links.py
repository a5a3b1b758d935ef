"""The lab's links: started beside its nodes as one process (`link_proxy`), and told what to do by whoever has the lab.

What the process needs to know (ports, and the token of those who may give orders) is a file that only its owner can
read; a process that ended is started again from it, on the same ports.
"""

from __future__ import annotations

import json
import secrets
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from brokerlab.core.errors import DeadlineError, LabError
from brokerlab.core.files import write_json
from brokerlab.core.links import REPLICAS, Trouble, Way, name
from brokerlab.core.node import NodeSpec
from brokerlab.core.wait import until
from brokerlab.labs.local import ports
from brokerlab.labs.local.logs import log_tail
from brokerlab.labs.local.starter import Starter
from brokerlab.labs.local.state import NodeRecord

NAME = "links"
ORDER_S = 5.0  # an order is answered in a millisecond
READY_DEADLINE = 30  # seconds; it takes a fraction of one


class LocalLinks:
    """`core.links.Links` of a lab in `folder`."""

    def __init__(self, folder: Path) -> None:
        sheet = json.loads(_sheet(folder).read_text())
        self._token, self._port = sheet["token"], sheet["control"]
        self._links = tuple(sheet["links"])

    def trouble(self, link: str, way: Way, what: Trouble, amount: int) -> None:
        self._order(link=link, way=way, what=what, amount=amount)

    def traffic(self, link: str, way: Way) -> Mapping[str, int]:
        return self._order(link=link, way=way)

    def heal(self) -> None:
        """Whatever was left hurt, by a run that was killed, say."""
        for link in self._links:
            for way in get_args(Way):
                for what in get_args(Trouble):
                    self.trouble(link, way, what, 0)

    def _order(self, **order: Any) -> dict[str, int]:
        line = json.dumps({"token": self._token, **order}).encode() + b"\n"
        try:
            with socket.create_connection((ports.HOST, self._port), timeout=ORDER_S) as connection:
                connection.sendall(line)
                answer = connection.makefile("rb").readline()
        except OSError as error:
            raise LabError(f"the lab's links do not answer: {error}", "brokerlab lab up makes the lab whole") from error
        if not answer:
            raise LabError(f"the lab's links did not accept an order for {order['link']}", "this is a bug of brokerlab")
        counts: dict[str, int] = json.loads(answer)
        return counts


def start(specs: Sequence[NodeSpec], nodes: Sequence[NodeRecord], starter: Starter) -> bool:
    """Start the links that the nodes' specs ask for; returns whether there are any. See `await_ready`."""
    wanted = {
        name(node.name, REPLICAS if outer == REPLICAS else "clients"): (node.ports[outer], node.ports[inner])
        for spec, node in zip(specs, nodes, strict=True)
        for outer, inner in spec.links.items()
    }
    if wanted:
        control = ports.free_ports(1, starter.state.ports)[0]
        sheet = {"links": wanted, "control": control, "token": secrets.token_hex(16)}
        write_json(_sheet(starter.state.folder), sheet)
        restart(starter)
    return bool(wanted)


def restart(starter: Starter) -> None:
    """Start the process by the sheet that is there."""
    folder = starter.state.folder / NAME
    command = (sys.executable, "-m", "brokerlab.labs.local.link_proxy", _sheet(starter.state.folder).name)
    starter.start(NAME, command, folder, _log(folder))


def await_ready(starter: Starter) -> None:
    """Return when orders are taken. Raises LabError with the end of its log when it ends before."""
    folder = starter.state.folder / NAME
    port = json.loads(_sheet(starter.state.folder).read_text())["control"]

    def ready() -> bool:
        if ports.listens(port):
            return True
        if not starter.state.processes[NAME].alive:
            raise LabError(f"the lab's links ended while starting; the end of their log:\n{log_tail(_log(folder), 8)}")
        return False

    try:
        until(ready, "the lab's links to listen", deadline=READY_DEADLINE, every=0.01)
    except DeadlineError as error:
        raise LabError(f"{error.message}; the end of their log:\n{log_tail(_log(folder), 8)}") from error


def _sheet(lab: Path) -> Path:
    return lab / NAME / "links.json"


def _log(folder: Path) -> Path:
    return folder / "links.log"
