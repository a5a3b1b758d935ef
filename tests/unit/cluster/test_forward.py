"""Port-forwards: the pod behind a Service, and bytes carried both ways; and whether a page answers without one."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from brokerlab.cluster import pages
from brokerlab.core.errors import LabError, UsageError
from brokerlab.kube import forward
from brokerlab.kube.api import Kube
from brokerlab.kube.forward import PodPort
from tests.fakes.kube_api import KubeApi


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


def test_bytes_are_carried_both_ways_for_several_connections(kube: Kube, monkeypatch: pytest.MonkeyPatch) -> None:
    def echo(*_: object) -> socket.socket:
        here, there = socket.socketpair()

        def answer() -> None:
            while data := there.recv(1000):
                there.sendall(data.upper())
            there.close()

        threading.Thread(target=answer, daemon=True).start()
        return here

    monkeypatch.setattr(forward, "_opened", echo)
    with forward.listening(kube, PodPort("m", "p", 80), 0) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        assert server.server_address[0] == "127.0.0.1"
        for text in (b"one", b"two"):
            with socket.create_connection(("127.0.0.1", server.server_address[1]), timeout=5) as client:
                client.sendall(text)
                assert client.recv(100) == text.upper()
        server.shutdown()


def test_a_taken_port_is_a_sentence(kube: Kube) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(UsageError, match="is taken"):
        forward.listening(kube, PodPort("m", "p", 80), taken.getsockname()[1])


@pytest.fixture
def web() -> Iterator[tuple[int, list[int]]]:
    """A server on 127.0.0.1 that answers with the status that the list holds."""
    answers = [200]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(answers[0])
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None: ...  # noqa: A002 - http.server's name

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server.server_address[1], answers
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(("status", "answers"), [(200, True), (302, True), (401, True), (404, False), (503, False)])
def test_whether_a_page_answers(web: tuple[int, list[int]], status: int, answers: bool) -> None:
    web[1][0] = status
    assert (pages.unreachable("localhost", web[0]) == "") is answers


def test_why_a_page_does_not_answer() -> None:
    assert "brokerlab dns add" in pages.unreachable("grafana.invalid")
    assert "refused" in pages.unreachable("127.0.0.1", 1)
