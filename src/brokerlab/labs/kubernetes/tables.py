"""A store's tables, made, read and dropped by the outpost from inside the cluster."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from brokerlab.core.remote import kept
from brokerlab.core.store import Kept
from brokerlab.kube.pods import PodHttp
from brokerlab.labs.kubernetes.admin import SLOW_S, WHAT
from brokerlab.labs.kubernetes.connection import once, persistently


@dataclass(frozen=True)
class RemoteTables:
    """A `Tables` in the outpost's pod, which connects to the store anew for each question."""

    outpost: PodHttp
    store: str
    endpoint: str

    def create(self, names: Sequence[str]) -> None:
        """Asked once: what was created by a request whose answer was lost can't be created again."""
        once(self._asking("create", {"names": list(names)}))

    def drop(self, names: Sequence[str]) -> None:
        persistently(self._asking("drop", {"names": list(names)}), WHAT)

    def kept(self, name: str) -> Kept:
        return kept(persistently(self._asking("kept", {"name": name}), WHAT))

    def _asking(self, question: str, arguments: Mapping[str, Any]) -> Callable[[], Any]:
        body = {"endpoint": self.endpoint, "arguments": arguments}
        path = f"tables/{self.store}/{question}"
        return lambda: self.outpost.json("post", path, body, deadline=SLOW_S)["answer"]
