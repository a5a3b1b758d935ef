"""Which Prometheus is the second witness, and how it is reached from here.

The one whose URL was given; else the cluster's own, when it is ready (kube-prometheus-stack's, found by the label of
the service that its operator makes); else one of the lab's own. Those in the cluster are asked through the API
server's proxy to pods, by a small server on this machine.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Literal

from brokerlab.core.errors import LabError
from brokerlab.kube import forward, targets
from brokerlab.kube.api import Kube
from brokerlab.kube.pods import AnsweredError, PodHttp
from brokerlab.labs.kubernetes import parts

Kind = Literal["none", "own", "operator", "url"]


@dataclass(frozen=True)
class Way:
    """To a Prometheus. where: its URL, or `namespace/service` of the operator's."""

    kind: Kind
    where: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.where}".strip()

    @property
    def own(self) -> bool:
        return self.kind == "own"

    @staticmethod
    def parsed(text: str) -> Way:
        kind, _, where = text.partition(" ")
        known: dict[str, Kind] = {"own": "own", "operator": "operator", "url": "url"}
        return Way(known[kind], where) if kind in known else NONE


NONE = Way("none")


def chosen(kube: Kube, url: str) -> Way:
    if url:
        return Way("url", url.rstrip("/"))
    for service in kube.list("v1", "Service", labelSelector=targets.SERVICES):
        meta = service["metadata"]
        with contextlib.suppress(LabError):  # one that is not ready now would be no witness
            forward.find(kube, meta["namespace"], meta["name"])
            return Way("operator", f"{meta['namespace']}/{meta['name']}")
    return Way("own")


@contextlib.contextmanager
def reached(kube: Kube, way: Way, namespace: str) -> Iterator[str]:
    """Its URL as long as this lasts."""
    if way.kind == "url":
        yield way.where
        return
    where, service = (namespace, parts.PROMETHEUS) if way.own else tuple(way.where.split("/", 1))
    end = forward.find(kube, where, service)
    with _relay(PodHttp(kube, end.namespace, end.pod, end.port)) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.2}, name="prometheus", daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def _relay(prometheus: PodHttp) -> ThreadingHTTPServer:
    """A server on this machine that passes questions on, by the right that the lab needs anyway: `pods/proxy`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                status, text = 200, prometheus.text(self.path.lstrip("/"))
            except AnsweredError as error:
                status, text = error.status, error.body
            except LabError as error:
                status, text = 503, error.message
            data = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None: ...

    return ThreadingHTTPServer(("127.0.0.1", 0), Handler)
