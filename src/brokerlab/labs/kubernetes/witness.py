"""Which Prometheus is the second witness, and how it is reached from here.

The one whose URL was given; else the cluster's own (kube-prometheus-stack's, found by the label of the service that its
operator makes), when it is ready and takes up PodMonitors of our namespace; else one of the lab's own. Those in the
cluster are asked through the API server's proxy to pods, by a small server on this machine.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Literal

from brokerlab.core.errors import LabError
from brokerlab.kube import forward, targets
from brokerlab.kube.api import Json, Kube
from brokerlab.kube.pods import AnsweredError, PodHttp
from brokerlab.labs.kubernetes import parts

Kind = Literal["none", "own", "operator", "url"]


@dataclass(frozen=True)
class Way:
    """To a Prometheus. where: its URL, or `namespace/service` of the operator's. labels: those of the PodMonitors that
    the operator's takes up."""

    kind: Kind
    where: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)

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


def chosen(kube: Kube, url: str, namespace: str) -> Way:
    """The way to the witness of a lab in that namespace."""
    if url:
        return Way("url", url.rstrip("/"))
    for service in kube.list("v1", "Service", labelSelector=targets.SERVICES):
        meta = service["metadata"]
        with contextlib.suppress(LabError):  # one that is not ready now, or may not be looked at, would be no witness
            forward.find(kube, meta["namespace"], meta["name"])
            labels = _taken_up(kube, meta["namespace"], namespace)
            if labels is not None:
                return Way("operator", f"{meta['namespace']}/{meta['name']}", labels)
    return Way("own")


def _taken_up(kube: Kube, monitoring: str, namespace: str) -> Mapping[str, str] | None:
    """The labels of the PodMonitors in `namespace` that a Prometheus in `monitoring` takes up; None: of no such one."""
    there = (kube.get("v1", "Namespace", namespace) or {"metadata": {}})["metadata"].get("labels") or {}
    own = {**there, **parts.OURS, "kubernetes.io/metadata.name": namespace}
    for each in kube.list(targets.OPERATOR, "Prometheus", monitoring):
        among, which = (_labels(each["spec"].get(f"podMonitor{name}Selector")) for name in ("Namespace", ""))
        near = among.items() <= own.items() if among is not None else monitoring == namespace
        if near and which is not None:
            return which
    return None


def _labels(selector: Json | None) -> Mapping[str, str] | None:
    """The labels that a selector asks for; None: it is null, or asks for more than labels."""
    return None if selector is None or selector.get("matchExpressions") else selector.get("matchLabels") or {}


def pod(kube: Kube, way: Way, namespace: str) -> PodHttp:
    """Where a Prometheus in the cluster answers. Raises LabError when it is not ready."""
    where, service = (namespace, parts.PROMETHEUS) if way.own else tuple(way.where.split("/", 1))
    end = forward.find(kube, where, service)
    return PodHttp(kube, end.namespace, end.pod, end.port)


@contextlib.contextmanager
def reached(kube: Kube, way: Way, namespace: str) -> Iterator[str]:
    """Its URL as long as this lasts."""
    if way.kind == "url":
        yield way.where
        return
    with _relay(pod(kube, way, namespace)) as server:
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
