"""The warden and the shell beside it, with a real process between them: it is stopped, killed, and stays gone."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from brokerlab.core.errors import LabError
from brokerlab.core.wait import until
from brokerlab.labs.kubernetes.nodes import RUN
from brokerlab.labs.local.ports import free_ports
from brokerlab.pods.warden import LinkThread, Warden


@pytest.fixture
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def warden(tmp_path: Path, port: int) -> Iterator[Warden]:
    """Beside a node's container: the shell, which runs a program that does nothing, for long."""
    shell = subprocess.Popen(["sh", "-c", RUN, str(tmp_path), "sleep", "600"], start_new_session=True)
    warden = Warden(tmp_path, tmp_path, port)
    try:
        until(lambda: state(warden) == "running", "the program to run", deadline=10)
        yield warden
    finally:
        os.killpg(shell.pid, signal.SIGKILL)
        shell.wait()


def state(warden: Warden) -> str:
    answer = warden.state()
    assert isinstance(answer, dict)
    return str(answer["state"])


def test_a_paused_node_is_paused_until_it_is_resumed(warden: Warden) -> None:
    warden.pause()
    assert state(warden) == "paused"
    warden.pause()
    warden.resume()
    assert state(warden) == "running"


def test_a_killed_node_stays_gone_until_it_is_restarted(warden: Warden) -> None:
    for _ in range(3):
        warden.kill()
        assert state(warden) == "gone"
        warden.kill()
        warden.restart()
        assert state(warden) == "running"
        warden.restart()
        assert state(warden) == "running"


def test_a_paused_node_can_be_killed(warden: Warden) -> None:
    warden.pause()
    warden.kill()
    assert state(warden) == "gone"


def test_a_node_that_dies_by_itself_is_gone_too(warden: Warden, tmp_path: Path) -> None:
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGTERM)
    until(lambda: state(warden) == "gone", "its end to be noticed", deadline=10)
    warden.restart()
    assert state(warden) == "running"


def test_clients_that_come_by_the_link_can_be_cut_off_one_way(tmp_path: Path) -> None:
    outer = free_ports(1)[0]
    with socket.create_server(("127.0.0.1", 0)) as node:
        beside = Warden(tmp_path, tmp_path, 1, LinkThread(outer, node.getsockname()[1]))
        with socket.create_connection(("127.0.0.1", outer), 5) as client:
            there, _ = node.accept()
            with there:
                there.settimeout(5)
                client.sendall(b"one")
                assert there.recv(10) == b"one"
                beside.trouble(["up", "drop"], {"amount": 1})
                client.sendall(b"two")
                until(lambda: beside.traffic(["up"], None)["dropped"] == 3, "it to be thrown away", deadline=10)
                assert beside.traffic(["up"], None)["passed"] == 3
                beside.trouble(["up", "drop"], {"amount": 0})
                with contextlib.suppress(ConnectionResetError):  # a connection that lost bytes is cut
                    assert there.recv(10) == b""
    with pytest.raises(LabError, match="no link"):
        Warden(tmp_path, tmp_path, 1).traffic(["up"], None)


def test_whether_the_ready_port_accepts(tmp_path: Path, port: int) -> None:
    assert Warden(tmp_path, tmp_path, port).state() == {"state": "gone", "listens": True}
    assert Warden(tmp_path, tmp_path, 1).state() == {"state": "gone", "listens": False}
