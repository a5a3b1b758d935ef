"""Which Prometheus is the second witness, and how it is reached from here.

The one whose URL was given; else the cluster's own, when it is ready (kube-prometheus-stack's, found by the label of
the service that its operator makes); else one of the lab's own. Those in the cluster are reached by a port-forward,
made when it is first asked for.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Thread
from typing import Literal

from brokerlab.core.errors import LabError
from brokerlab.kube import forward, targets
from brokerlab.kube.api import Kube
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
    with forward.listening(kube, forward.find(kube, where, service), 0) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.2}, name="forward", daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
