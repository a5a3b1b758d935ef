"""The links: a real process between real sockets, and each thing that can be wrong with one way of it."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest

from brokerlab.core.errors import LabError
from brokerlab.core.links import Way
from brokerlab.core.node import JavaProgram, NodeSpec
from brokerlab.core.wait import until
from brokerlab.labs.local import links, ports, processes
from brokerlab.labs.local.links import LocalLinks
from brokerlab.labs.local.starter import Starter
from brokerlab.labs.local.state import LabState, NodeRecord

PARCEL = b"m" * 1000


class Node:
    """Answers every byte with the same byte; `heard` is what came."""

    def __init__(self) -> None:
        self.heard = b""
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            connection, _ = self._server.accept()
            Thread(target=self._echo, args=(connection,), daemon=True).start()

    def _echo(self, connection: socket.socket) -> None:
        with connection:
            try:
                while data := connection.recv(65536):
                    self.heard += data
                    connection.sendall(data)
            except OSError:
                return


@pytest.fixture
def node() -> Node:
    return Node()


@pytest.fixture
def starter(tmp_path: Path, node: Node) -> Iterator[Starter]:
    """A lab of one node, kafka-1, and of a second that is not there."""
    starter = Starter(LabState("test", tmp_path))
    specs, records = [], []
    absent, *outer = ports.free_ports(3)
    for number, inner in ((1, node.port), (2, absent)):
        name = f"kafka-{number}"
        specs.append(NodeSpec(name, JavaProgram("Main", ""), ("in", "out"), "in", links={"out": "in"}))
        records.append(NodeRecord(name, (), {"in": inner, "out": outer[number - 1]}, "in", tmp_path))
    starter.state = replace(starter.state, nodes=tuple(records))
    assert links.start(specs, records, starter)
    links.await_ready(starter)
    yield starter
    processes.kill(starter.state.processes.values())


@pytest.fixture
def link(starter: Starter) -> LocalLinks:
    return LocalLinks(starter.state.folder)


def port(starter: Starter, node: str = "kafka-1") -> int:
    sheet = json.loads((starter.state.folder / "links" / "links.json").read_text())
    found: int = sheet["links"][node][0]
    return found


@contextmanager
def client(starter: Starter) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port(starter)), timeout=5) as connection:
        assert answer(connection, b"hello") == b"hello"
        yield connection


def answer(connection: socket.socket, *said: bytes) -> bytes:
    """What comes back for all that is said, or b"" when the connection was cut."""
    heard = b""
    try:
        for part in said:
            connection.sendall(part)
        while len(heard) < sum(map(len, said)):
            if not (part := connection.recv(65536)):
                return b""
            heard += part
    except ConnectionError:
        return b""
    return heard


def refused(number: int) -> bool:
    """A new connection is reset at once: before or after it seems to stand."""
    try:
        with socket.create_connection(("127.0.0.1", number), timeout=5) as connection:
            return answer(connection, b"x") == b""
    except ConnectionError:
        return True


def assert_silence(connection: socket.socket) -> None:
    """It is open, and nothing comes."""
    connection.settimeout(0.2)
    with pytest.raises(TimeoutError):
        connection.recv(1)
    connection.settimeout(5)


def test_a_whole_link_passes_everything_on_and_counts_it(starter: Starter, link: LocalLinks) -> None:
    with client(starter) as connection:
        assert answer(connection, PARCEL * 500) == PARCEL * 500
    assert link.traffic("kafka-1", "up")["passed"] == link.traffic("kafka-1", "down")["passed"] == 500_005


def test_answers_are_withheld_while_requests_go_through(starter: Starter, link: LocalLinks, node: Node) -> None:
    with client(starter) as connection:
        link.trouble("kafka-1", "down", "drop", 1)
        connection.sendall(b"request")
        until(lambda: node.heard.endswith(b"request"), "the request to arrive", deadline=5)
        until(lambda: link.traffic("kafka-1", "down")["dropped"] == 7, "the answer to be withheld", deadline=5)
        assert_silence(connection)
        link.trouble("kafka-1", "down", "drop", 0)
        assert answer(connection, b"x") == b""  # its stream has a hole: it can't go on
    with client(starter) as connection:
        assert answer(connection, b"again") == b"again"


def test_requests_vanish_and_nobody_is_told(starter: Starter, link: LocalLinks, node: Node) -> None:
    with client(starter) as connection:
        link.trouble("kafka-1", "up", "drop", 1)
        connection.sendall(b"request")
        until(lambda: link.traffic("kafka-1", "up")["dropped"] == 7, "the request to vanish", deadline=5)
        assert node.heard == b"hello"
        assert_silence(connection)


@pytest.mark.parametrize("way", ["up", "down"])
def test_a_delay_is_one_of_that_way_and_keeps_the_order(starter: Starter, link: LocalLinks, way: Way) -> None:
    with client(starter) as connection:
        link.trouble("kafka-1", way, "delay", 150)
        began = time.monotonic()
        assert answer(connection, b"one", b"two", b"three") == b"onetwothree"
        assert time.monotonic() - began >= 0.15
        assert link.traffic("kafka-1", way)["delayed"] >= 1
        link.trouble("kafka-1", way, "delay", 0)


def test_a_limit_is_kept(starter: Starter, link: LocalLinks) -> None:
    with client(starter) as connection:
        link.trouble("kafka-1", "up", "limit", 100_000)
        began = time.monotonic()
        assert answer(connection, PARCEL * 50) == PARCEL * 50
        assert time.monotonic() - began >= 0.45
        assert link.traffic("kafka-1", "up")["limited"] == 50_000


def test_one_bit_is_turned_in_so_many_parcels_of_messages(starter: Starter, link: LocalLinks) -> None:
    with client(starter) as connection:
        link.trouble("kafka-1", "up", "flip", 1)
        assert answer(connection, b"who leads?") == b"who leads?"
        came = answer(connection, PARCEL)
        assert sum((one ^ other).bit_count() for one, other in zip(came, PARCEL, strict=True)) == 1
        assert answer(connection, PARCEL) == PARCEL
        assert link.traffic("kafka-1", "up")["flipped"] == 1


def test_cut_is_cut_until_it_is_healed(starter: Starter, link: LocalLinks) -> None:
    with client(starter) as connection:
        link.trouble("kafka-1", "up", "cut", 1)
        assert answer(connection, b"x") == b""
        assert refused(port(starter))
        assert link.traffic("kafka-1", "up")["cut"] == 2
        link.trouble("kafka-1", "up", "cut", 0)
    with client(starter):
        pass


def test_a_node_that_is_gone_is_gone_for_clients_as_well(starter: Starter) -> None:
    assert refused(port(starter, "kafka-2"))


def test_orders_are_taken_from_the_labs_owner_alone(starter: Starter, link: LocalLinks) -> None:
    sheet = starter.state.folder / "links" / "links.json"
    assert sheet.stat().st_mode & 0o077 == 0
    link._token = "guessed"
    with pytest.raises(LabError, match="did not accept an order for kafka-1"):
        link.trouble("kafka-1", "up", "cut", 1)
    with client(starter):
        pass


@pytest.mark.parametrize("line", [b"\n", b"[]\n", b"{}\n", b"no json\n", b"\xff\n"])
def test_what_is_no_order_is_survived(starter: Starter, link: LocalLinks, line: bytes) -> None:
    with socket.create_connection(("127.0.0.1", link._port), timeout=5) as connection:
        connection.sendall(line)
        assert connection.recv(1) == b""
    assert link.traffic("kafka-1", "up")["cut"] == 0


def test_whatever_was_left_hurt_is_healed(starter: Starter, link: LocalLinks) -> None:
    link.trouble("kafka-1", "up", "cut", 1)
    link.trouble("kafka-1", "down", "drop", 1)
    link.heal()
    with client(starter):
        pass


def test_links_that_ended_are_said_and_started_again_on_the_same_ports(starter: Starter, link: LocalLinks) -> None:
    processes.kill([starter.state.processes["links"]])
    with pytest.raises(LabError, match="links do not answer"):
        link.traffic("kafka-1", "up")
    links.restart(starter)
    links.await_ready(starter)
    with client(starter):
        assert link.traffic("kafka-1", "up")["passed"] == 5


def test_a_broker_without_links_starts_none(tmp_path: Path) -> None:
    spec = NodeSpec("n", JavaProgram("Main", ""), ("in",), "in")
    assert not links.start([spec], [NodeRecord("n", (), {"in": 1}, "in", tmp_path)], Starter(LabState("t", tmp_path)))
    assert not list(tmp_path.iterdir())
