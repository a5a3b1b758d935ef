"""A lab's place on the small API server, and programs of ours "in pods": servers on 127.0.0.1 behind its proxy."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from threading import Thread

import pytest

from brokerlab.kube import waiting
from brokerlab.kube.api import Kube
from brokerlab.kube.pods import PodHttp
from brokerlab.labs.kubernetes import connection, ledgers
from brokerlab.labs.kubernetes.connection import Place
from brokerlab.pods.server import Route, serve
from tests.fakes.kube_api import KubeApi

TOKEN = "the lab's own"
Running = Callable[[str, Mapping[tuple[str, str], Route]], PodHttp]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "EVERY", 0.01)
    monkeypatch.setattr(connection, "AGAIN_S", 0.01)
    monkeypatch.setattr(ledgers, "AGAIN_S", 0.01)


@pytest.fixture
def place(api: KubeApi, kube: Kube) -> Place:
    api.add({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "lab"}})
    data = {"token": base64.b64encode(TOKEN.encode()).decode()}
    meta = {"name": "brokerlab-token", "namespace": "lab"}
    api.add({"apiVersion": "v1", "kind": "Secret", "metadata": meta, "data": data})
    return Place(kube, "lab")


@pytest.fixture
def running(api: KubeApi, place: Place) -> Iterator[Running]:
    """running("pod", routes): one of our programs in a pod of that name; returns the way to it."""
    with ExitStack() as undo:

        def run(pod: str, routes: Mapping[tuple[str, str], Route]) -> PodHttp:
            server = serve(routes, port=0, token=TOKEN)
            thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            undo.callback(thread.join)
            undo.callback(server.server_close)
            undo.callback(server.shutdown)
            api.behind[f"lab/{pod}"] = server.server_address[1]
            return place.port(pod)

        yield run
