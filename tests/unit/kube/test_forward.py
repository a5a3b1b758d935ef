"""Port-forwards: the pod behind a Service, bytes carried both ways, and what is refused."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

from brokerlab.core import wait
from brokerlab.core.errors import LabError, UsageError
from brokerlab.kube import forward, kube_errors
from brokerlab.kube.api import Kube
from brokerlab.kube.forward import PodPort
from tests.fakes.kube_api import KubeApi, forbidden


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


class Echo:
    """A stream whose pod says everything again, louder; `refusal`: instead it does not take the connection."""

    def __init__(self, refusal: str = "") -> None:
        self._here, self._there = socket.socketpair()
        self._refusal = refusal
        threading.Thread(target=self._answer, daemon=True).start()

    def socket(self, _port: int) -> socket.socket:
        return self._here

    def error(self, _port: int) -> str:
        return self._refusal

    def close(self) -> None:
        self._here.close()

    def _answer(self) -> None:
        while not self._refusal and (data := self._there.recv(1000)):
            self._there.sendall(data.upper())
        self._there.close()


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


def test_bytes_are_carried_both_ways_for_several_connections_at_once(kube: Kube, monkeypatch) -> None:
    monkeypatch.setattr(forward, "opened", lambda *_: Echo())
    with forwarded(kube, []) as port, connected(port) as one, connected(port) as other:
        for text, client in ((b"one", one), (b"two", other), (b"three", one)):
            client.sendall(text)
            assert client.recv(100) == text.upper()


def test_a_connection_that_the_pod_does_not_take_is_told_and_closed(kube: Kube, monkeypatch) -> None:
    monkeypatch.setattr(forward, "opened", lambda *_: Echo("nobody listens at 80\n"))
    said: list[str] = []
    with forwarded(kube, said) as port, connected(port) as client:
        assert client.recv(100) == b""
    wait.until(lambda: said, "the refusal", deadline=5)
    assert said == ["the pod p did not take the connection: nobody listens at 80"]


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
