"""The run's board, carried from this process to the outpost, where the cluster's Prometheus can scrape it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from threading import Event, Thread

from brokerlab.core.errors import BrokerlabError
from brokerlab.kube.pods import AnsweredError, PodHttp

EVERY_S = 0.5


class Relay:
    """Shows what `target` (host:port, a /metrics of ours) says at the outpost, twice a second until `close`."""

    def __init__(self, target: str, outpost: Callable[[], PodHttp]) -> None:
        self._target, self._outpost, self._over = target, outpost, Event()
        self._thread = Thread(target=self._run, name="relay", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with contextlib.suppress(OSError, HTTPException, BrokerlabError, AnsweredError):  # the next one may come
                self._outpost().json("post", "board", {"text": self._read()})
            if self._over.wait(EVERY_S):
                return

    def _read(self) -> str:
        connection = HTTPConnection(self._target, timeout=5)
        try:
            connection.request("GET", "/metrics")
            return connection.getresponse().read().decode()
        finally:
            connection.close()
