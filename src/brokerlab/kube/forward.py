"""A Service's port on this machine: each connection to 127.0.0.1 goes through the API server to a pod that is ready.

`kubectl port-forward` in the Python client's terms: one port-forward stream (a websocket) a connection.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any, TypeAlias

from brokerlab.core.errors import LabError, UsageError
from brokerlab.core.lab import Progress
from brokerlab.kube import kube_errors, readiness
from brokerlab.kube.api import Json, Kube

CHUNK = 65536
DATA, ERROR = 0, 1  # the channels of a port, in Kubernetes' protocol v4.channel.k8s.io; the first frame names the port
BINARY, CLOSE = 2, 8  # opcodes of RFC 6455


@dataclass(frozen=True)
class PodPort:
    """Where connections end: one pod, one port of it."""

    namespace: str
    pod: str
    port: int


Find: TypeAlias = Callable[[], PodPort]


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


def serve(kube: Kube, find: Find, local_port: int, started: Progress, say: Progress) -> None:
    """Forward until interrupted. `started` is told the URL, `say` why a connection could not be forwarded.

    find: where the next connection is to end. local_port: 0 = any free one. Raises UsageError: taken.
    """
    with listening(kube, find, local_port, say) as server:
        started(f"http://127.0.0.1:{server.server_address[1]}")
        server.serve_forever(poll_interval=0.2)


def listening(kube: Kube, find: Find, local_port: int, say: Progress) -> ThreadingTCPServer:
    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            _forward(kube, find, self.request, say)

    class Server(ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True
        request_queue_size = 64

    try:
        return Server(("127.0.0.1", local_port), Handler)
    except OSError as error:
        raise UsageError(f"port {local_port} is taken: {error.strerror}", "choose another --port") from error


def _forward(kube: Kube, find: Find, here: socket.socket, say: Progress) -> None:
    """One connection, until one side has ended."""
    from websocket import WebSocketException

    try:
        end = find()
        stream = opened(kube, end)
    except LabError as error:
        say(error.message)
        return
    with contextlib.suppress(OSError, WebSocketException):  # either side may leave at any time
        if refusal := _relay(here, stream):
            say(f"the pod {end.pod} does not take the connection: {refusal}")
    with contextlib.suppress(OSError, WebSocketException):
        stream.close(timeout=1)
    stream.shutdown()


def opened(kube: Kube, end: PodPort) -> Any:
    """A websocket (websocket-client's) whose channels are the pod's port. Raises LabError.

    By a client of its own, with the same settings: a client is patched while it opens a stream, and all its other
    requests with it, those of other threads too.
    """
    from kubernetes import client
    from kubernetes.client.exceptions import ApiException
    from kubernetes.stream import stream

    own = client.CoreV1Api(client.ApiClient(kube.client.client.configuration))
    connect = own.connect_get_namespaced_pod_portforward
    try:
        return stream(connect, end.pod, end.namespace, ports=str(end.port), _preload_content=False).sock
    except ApiException as error:
        raise kube_errors.explained(_answer(error), kube.server, kube.context) from error


def _answer(error: Any) -> Any:
    """What the API server answered instead of opening a stream; the client's own error when it did not answer."""
    from kubernetes.client.exceptions import ApiException

    status, body = (getattr(error.__context__, name, None) for name in ("status_code", "resp_body"))
    if not status:
        return error
    answer = ApiException(status=status, reason=str(error.reason))
    answer.body = body
    return answer


def _relay(here: socket.socket, stream: Any) -> str:
    """Carry bytes both ways until one side has ended; returns why the pod does not take them, "" = it does.

    Not by the client's own PortForward: it keeps in memory what is not taken, and its thread dies of a lost connection.
    """
    greeted: set[int] = set()
    while True:
        ready = _readable(here, stream)
        if here in ready:
            data = here.recv(CHUNK)
            if not data:
                return ""
            stream.send_binary(bytes([DATA]) + data)
        if stream in ready:
            opcode, frame = stream.recv_data_frame(control_frame=True)
            if opcode == CLOSE:
                return ""
            if opcode == BINARY:
                channel, data = frame.data[0], frame.data[1:]
                if channel in greeted and channel == ERROR:
                    return str(data.decode(errors="replace")).strip()
                if channel in greeted:
                    here.sendall(data)
                greeted.add(channel)


def _readable(here: socket.socket, stream: Any) -> list[Any]:
    """Whoever of them has something to say; TLS may hold back what the socket has given already."""
    there = stream.sock
    if isinstance(there, ssl.SSLSocket) and there.pending():
        return [stream]
    return select.select([here, stream], [], [])[0]
