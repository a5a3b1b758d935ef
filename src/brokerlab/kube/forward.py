"""A port of a pod on this machine: each connection to 127.0.0.1 goes through the API server to one ready pod.

`kubectl port-forward` in the Python client's terms: one port-forward stream (a websocket) a connection.
"""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any

from brokerlab.core.errors import LabError, UsageError
from brokerlab.kube import readiness
from brokerlab.kube.api import Json, Kube

CHUNK = 65536


@dataclass(frozen=True)
class PodPort:
    """Where connections end: one pod, one port of it."""

    namespace: str
    pod: str
    port: int


def find(kube: Kube, namespace: str, service: str) -> PodPort:
    """The first ready pod behind a Service, at its first port. Raises LabError when there is none."""
    found = kube.get("v1", "Service", service, namespace)
    if found is None:
        raise LabError(
            f"there is no Service {service} in the namespace {namespace}", "`brokerlab core status` shows more"
        )
    labels = found["spec"].get("selector") or {}
    selector = ",".join(f"{key}={value}" for key, value in labels.items())
    pods = kube.list("v1", "Pod", namespace, labelSelector=selector)
    ready = [pod for pod in pods if not readiness.pod_lacking(pod) and pod["status"].get("phase") == "Running"]
    if not ready:
        raise LabError(f"the Service {service} has no pod that is ready", "`brokerlab core status` tells why")
    return PodPort(namespace, ready[0]["metadata"]["name"], container_port(found["spec"]["ports"][0], ready[0]))


def container_port(port: Json, pod: Json) -> int:
    """The number that a Service's targetPort stands for in a pod: itself, or the container port of that name."""
    target = port.get("targetPort", port["port"])
    if isinstance(target, int):
        return target
    named = (each for container in pod["spec"]["containers"] for each in container.get("ports") or ())
    return next((int(each["containerPort"]) for each in named if each.get("name") == target), int(port["port"]))


def serve(kube: Kube, end: PodPort, local_port: int, started: Callable[[str], None]) -> None:
    """Forward until interrupted; `started` is told the URL. local_port: 0 = any free one. Raises UsageError: taken."""
    with listening(kube, end, local_port) as server:
        started(f"http://127.0.0.1:{server.server_address[1]}")
        server.serve_forever(poll_interval=0.2)


def listening(kube: Kube, end: PodPort, local_port: int) -> ThreadingTCPServer:
    opening = threading.Lock()  # the client patches itself while it opens a stream

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            with opening:
                remote = _opened(kube, end)
            try:
                _relay(self.request, remote)
            finally:
                remote.close()

    class Server(ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    try:
        return Server(("127.0.0.1", local_port), Handler)
    except OSError as error:
        raise UsageError(f"port {local_port} is taken: {error.strerror}", "choose another --port") from error


def _opened(kube: Kube, end: PodPort) -> Any:
    """A socket whose other end is the pod's port."""
    from kubernetes import client, stream

    connect = client.CoreV1Api(kube.client.client).connect_get_namespaced_pod_portforward
    return stream.portforward(connect, end.pod, end.namespace, ports=str(end.port)).socket(end.port)


def _relay(here: socket.socket, there: Any) -> None:
    """Carry bytes both ways until one side has ended."""
    here.setblocking(True)
    there.setblocking(True)
    ways = {here: there, there: here}
    while True:
        readable, _, _ = select.select(list(ways), [], [])
        for side in readable:
            data = side.recv(CHUNK)
            if not data:
                return
            ways[side].sendall(data)
