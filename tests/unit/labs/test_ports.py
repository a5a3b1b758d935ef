"""Ports: a taken one is not given out, and a machine without free ports gets a sentence."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from brokerlab.core.errors import LabError
from brokerlab.labs.local import ports


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A port on which somebody listens, and the whole range that ports are looked for in."""
    with socket.socket() as server:
        server.bind((ports.HOST, 0))
        server.listen()
        number = server.getsockname()[1]
        monkeypatch.setattr(ports, "FIRST", number)
        monkeypatch.setattr(ports, "LAST", number + 1)
        yield number


def test_free_ports_are_different_and_can_be_bound() -> None:
    found = ports.free_ports(20)
    assert len(set(found)) == 20
    assert all(ports.is_free(port) for port in found)


def test_ports_lie_below_those_that_clients_are_given() -> None:
    assert all(ports.FIRST <= port < 32_768 for port in ports.free_ports(20))


def test_a_taken_port_is_not_free_and_listens(taken: int) -> None:
    assert not ports.is_free(taken)
    assert ports.listens(taken)


def test_a_port_that_was_promised_to_somebody_who_does_not_listen_yet_is_not_given_out_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    promised, other = ports.free_ports(2)
    monkeypatch.setattr(ports, "_shuffled", lambda: iter([promised, other]))
    assert ports.free_ports(1, {promised}) == [other]


def test_nobody_listens_on_a_free_port() -> None:
    assert not ports.listens(ports.free_ports(1)[0])


def test_no_free_port_is_a_sentence(taken: int) -> None:
    with pytest.raises(LabError, match="only 0 of 1 ports are free"):
        ports.free_ports(1)
