"""Port-forwards: the pod behind a Service, bytes carried both ways, and what is refused."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import pytest
from websocket import ABNF

from brokerlab.core import wait
from brokerlab.core.errors import LabError, UsageError
from brokerlab.kube import forward, kube_errors
from brokerlab.kube.api import Kube
from brokerlab.kube.forward import PodPort
from tests.fakes.kube_api import KubeApi, forbidden
from tests.fakes.port_forward import PodEnd


def service(target: int | str = "web") -> dict[str, Any]:
    spec = {"selector": {"app": "grafana"}, "ports": [{"port": 80, "targetPort": target}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "grafana", "namespace": "m"}, "spec": spec}


def pod(name: str, *, ready: bool) -> dict[str, Any]:
    status = {"phase": "Running", "conditions": [{"type": "Ready", "status": str(ready)}]}
    spec = {"containers": [{"ports": [{"name": "other", "containerPort": 1}, {"name": "web", "containerPort": 3000}]}]}
    meta = {"name": name, "namespace": "m", "labels": {"app": "grafana"}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec, "status": status}


def test_the_first_ready_pod_at_the_port_behind_the_services_name(api: KubeApi, kube: Kube) -> None:
    api.add(service())
    api.add(pod("grafana-a", ready=False))
    with pytest.raises(LabError, match="no pod that is ready"):
        forward.find(kube, "m", "grafana")
    api.add(pod("grafana-b", ready=True))
    assert forward.find(kube, "m", "grafana") == PodPort("m", "grafana-b", 3000)
    api.add(service(4000))
    assert forward.find(kube, "m", "grafana").port == 4000


def test_no_such_service_is_a_sentence(kube: Kube) -> None:
    with pytest.raises(LabError, match="no Service grafana in the namespace m"):
        forward.find(kube, "m", "grafana")


def echo(pod: PodEnd) -> None:
    """Says everything again, louder, with pings in between, until it hears "bye"."""
    while (data := pod.hear()) and data != b"bye":
        pod.send(ABNF.OPCODE_PING, b"")
        pod.say(0, data.upper())
    pod.send(ABNF.OPCODE_CLOSE, b"\x03\xe8")


@contextmanager
def forwarded(kube: Kube, said: list[str], find: forward.Find = lambda: PodPort("m", "p", 80)) -> Iterator[int]:
    """The port on 127.0.0.1."""
    with forward.listening(kube, find, 0, said.append) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        assert server.server_address[0] == "127.0.0.1"
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=5)


def received(client: socket.socket, size: int) -> bytes:
    """So many bytes, or all that come before the end."""
    data = b""
    while len(data) < size and (part := client.recv(1 << 16)):
        data += part
    return data


def test_bytes_are_carried_both_ways_for_several_connections_at_once(api: KubeApi, kube: Kube) -> None:
    api.forwarded["m/p"] = echo
    with forwarded(kube, []) as port, connected(port) as one, connected(port) as other:
        for text, client in ((b"one", one), (b"two", other), (b"three", one), (b"x" * 70_000, other)):
            client.sendall(text)
            assert received(client, len(text)) == text.upper()
        one.sendall(b"bye")
        assert one.recv(100) == b""
        other.sendall(b"still")
        assert other.recv(100) == b"STILL"


def test_all_that_a_pod_says_before_it_ends_arrives(api: KubeApi, kube: Kube) -> None:
    def page(pod: PodEnd) -> None:
        pod.hear()
        for _ in range(100):
            pod.say(0, b"y" * 40_000)
        pod.send(ABNF.OPCODE_CLOSE, b"\x03\xe8")

    api.forwarded["m/p"] = page
    with forwarded(kube, []) as port, connected(port) as client:
        client.sendall(b"GET")
        assert len(received(client, 5_000_000)) == 4_000_000


@pytest.mark.parametrize("leaves", ["client", "pod"])
def test_who_leaves_in_the_middle_leaves_no_traceback(
    api: KubeApi, kube: Kube, leaves: str, capfd: pytest.CaptureFixture[str]
) -> None:
    over = threading.Event()

    def endless(pod: PodEnd) -> None:
        with suppress(OSError):
            while True:
                pod.say(0, b"z" * 40_000)
                if leaves == "pod":
                    return
        over.set()

    api.forwarded["m/p"] = endless
    with forwarded(kube, []) as port, connected(port) as client:
        assert client.recv(1) == b"z"
        if leaves == "pod":
            assert len(received(client, 100_000)) == 39_999
        else:
            client.close()
            assert over.wait(10)
    assert capfd.readouterr().err == ""


def test_a_connection_that_the_pod_does_not_take_is_told_and_closed(api: KubeApi, kube: Kube) -> None:
    api.forwarded["m/p"] = lambda pod: pod.say(1, b"nobody listens at 80\n")
    said: list[str] = []
    with forwarded(kube, said) as port, connected(port) as client:
        assert client.recv(100) == b""
    wait.until(lambda: said, "the refusal", deadline=5)
    assert said == ["the pod p does not take the connection: nobody listens at 80"]


def test_what_the_api_server_refuses_is_told_and_the_next_connection_looks_again(api: KubeApi, kube: Kube) -> None:
    api.add(service())
    api.add(pod("grafana-a", ready=True))
    api.faults.append(("portforward", 403, forbidden("ann", "create", "pods/portforward", "", "m")))
    said: list[str] = []
    with forwarded(kube, said, partial(forward.find, kube, "m", "grafana")) as port:
        with connected(port) as client:
            assert client.recv(100) == b""
        api.add(pod("grafana-a", ready=False))
        with connected(port) as client:
            assert client.recv(100) == b""
    assert said == [
        "the right to create pods/portforward in the namespace 'm' is missing for the user 'ann'",
        "the Service grafana has no pod that is ready",
    ]


def test_other_requests_are_answered_while_a_stream_is_being_opened(api: KubeApi, kube: Kube, monkeypatch) -> None:
    asked, over = threading.Event(), threading.Event()
    answer = api.answer

    def slowly(method: str, target: str, body: Any) -> tuple[int, Any]:
        if "portforward" in target:
            asked.set()
            assert over.wait(10)
        return answer(method, target, body)

    monkeypatch.setattr(api, "answer", slowly)
    refused: list[LabError] = []

    def open_one() -> None:
        try:
            forward.opened(kube, PodPort("m", "p", 80))
        except LabError as error:
            refused.append(error)

    opening = threading.Thread(target=open_one)
    opening.start()
    assert asked.wait(10)
    assert kube.list("v1", "Pod") == []
    over.set()
    opening.join()
    assert isinstance(refused[0], kube_errors.NotFoundError)


def test_a_taken_port_is_a_sentence(kube: Kube) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(UsageError, match="is taken"):
        forward.listening(kube, lambda: PodPort("m", "p", 80), taken.getsockname()[1], lambda _: None)
