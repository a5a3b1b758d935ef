"""The engine's questions to the broker, asked by the outpost from inside the cluster.

So nothing of the broker needs to be reachable from here, and a broker that is killed and comes back is an affair of the
cluster's own network.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from brokerlab.core.broker import PartitionState
from brokerlab.core.errors import BrokerlabError, UsageError
from brokerlab.core.remote import ends, states
from brokerlab.kube.pods import AnsweredError, PodHttp
from brokerlab.labs.kubernetes.connection import once, persistently

WHAT = "the outpost to answer"
SLOW_S = 90.0  # topics and internal topics may take the broker a while


class RemoteAdmin:
    """An `Admin` in the outpost's pod. An outpost that was started anew is asked for a new one."""

    def __init__(self, outpost: PodHttp, broker: str, endpoint: str, settings: Mapping[str, str]) -> None:
        self._outpost = outpost
        self._about = {"broker": broker, "endpoint": endpoint, "settings": dict(settings)}
        self._name = self._open()

    def await_ready(self, nodes: int, deadline: float) -> None:
        self._ask("await_ready", {"nodes": nodes, "deadline": deadline}, deadline + SLOW_S)

    def create(
        self, topics: Mapping[str, Mapping[str, str]], partitions: int, assignment: Sequence[int] | None
    ) -> None:
        """Asked once: topics that were created by a request whose answer was lost can't be created again."""
        wanted = {name: dict(settings) for name, settings in topics.items()}
        placed = list(assignment) if assignment else None
        body = {"topics": wanted, "partitions": partitions, "assignment": placed}
        self._ask("create", body, SLOW_S, again=False)

    def delete(self, topics: Sequence[str]) -> None:
        self._ask("delete", {"topics": list(topics)}, SLOW_S)

    def describe(self, topics: Sequence[str]) -> list[PartitionState]:
        return states(self._ask("describe", {"topics": list(topics)}))

    def ends(self, topics: Sequence[str]) -> dict[tuple[str, int], int]:
        return ends(self._ask("ends", {"topics": list(topics)}))

    def settings(self, topics: Sequence[str]) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = self._ask("settings", {"topics": list(topics)}, SLOW_S)
        return found

    def admit(self, groups: Mapping[str, str]) -> None:
        """Asked once: a group can't have a second copy."""
        self._ask("admit", {"groups": dict(groups)}, again=False)

    def storage(self, topics: Sequence[str]) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = self._ask("storage", {"topics": list(topics)})
        return found

    def close(self) -> None:
        with contextlib.suppress(BrokerlabError, AnsweredError):  # unused, it is closed there by itself
            self._outpost.json("post", f"close/{self._name}")

    def _open(self) -> str:
        opened = persistently(lambda: self._outpost.json("post", "open", self._about), WHAT)
        return str(opened["admin"])

    def _ask(self, question: str, body: Mapping[str, Any], deadline: float = 30.0, *, again: bool = True) -> Any:
        """again: while no answer comes. Who does not know the admin has done nothing, and is asked with another one."""
        ask = partial(persistently, what=WHAT) if again else once
        try:
            return ask(lambda: self._post(question, body, deadline))
        except UsageError:
            self._name = self._open()
            return ask(lambda: self._post(question, body, deadline))

    def _post(self, question: str, body: Mapping[str, Any], deadline: float) -> Any:
        return self._outpost.json("post", f"ask/{self._name}/{question}", body, deadline=deadline)["answer"]
