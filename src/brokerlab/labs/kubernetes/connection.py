"""One lab's place in a cluster: its API, its namespace, and HTTP to our programs in its pods."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from brokerlab.core.errors import InconclusiveError, LabError
from brokerlab.core.remote import FAILED, PORT, TOKEN_HEADER, raised
from brokerlab.core.wait import until
from brokerlab.kube.api import Json, Kube
from brokerlab.kube.pods import AnsweredError, BrokenError, PodHttp
from brokerlab.labs.kubernetes import parts

HICCUP_S = 30.0  # how long the API server may be gone, or a pod's program, before what was asked for has failed
AGAIN_S = 0.2
T = TypeVar("T")


@dataclass(frozen=True)
class Place:
    """Where a lab is."""

    kube: Kube
    namespace: str

    @cached_property
    def token(self) -> str:
        """The lab's token; raises LabError when there is no lab, or it may not be read."""
        secret = self.kube.get("v1", "Secret", parts.TOKEN, self.namespace)
        if secret is None:
            raise LabError(f"there is no lab in the namespace {self.namespace}", "brokerlab lab up --lab kubernetes")
        return base64.b64decode(secret["data"]["token"]).decode()

    def pods(self, **labels: str) -> list[Json]:
        """The lab's pods with these labels: component=, run=, agent=. Those that are being deleted are left out."""
        names = {"component": parts.COMPONENT, "run": parts.RUN, "agent": parts.AGENT}
        wanted = ",".join([parts.SELECTOR, *(f"{names[key]}={value}" for key, value in labels.items())])
        found = self.kube.list("v1", "Pod", self.namespace, labelSelector=wanted)
        return [each for each in found if not each["metadata"].get("deletionTimestamp")]

    def port(self, pod: str) -> PodHttp:
        return PodHttp(self.kube, self.namespace, pod, PORT, {TOKEN_HEADER: self.token})


def persistently(ask: Callable[[], T], what: str, patience: float = HICCUP_S) -> T:
    """Ask again while no answer comes, for `patience` seconds.

    Raises InconclusiveError when it stays so, and what the pod's program raised, if that is what it answered.
    """
    answers: list[T] = []
    problem = ""

    def answered() -> bool:
        nonlocal problem
        try:
            answers.append(ask())
        except BrokenError as error:
            problem = error.message
        return bool(answers)

    try:
        until(answered, what, deadline=patience, every=AGAIN_S, seen=lambda: problem)
    except AnsweredError as error:
        raise of_answer(error) from error
    return answers[0]


def of_answer(error: AnsweredError) -> Exception:
    """The failure that a program in a pod told of, as it was raised there."""
    if error.status == FAILED:
        return raised(json.loads(error.body))
    return InconclusiveError(f"a program in the cluster answered {error}", "is its image of this version of brokerlab?")


def once(ask: Callable[[], T]) -> T:
    """Ask, and do not ask again: what is done twice would not be the same."""
    try:
        return ask()
    except BrokenError as error:
        raise InconclusiveError(error.message, error.hint) from error
    except AnsweredError as error:
        raise of_answer(error) from error


def container_ready(pod: Json, name: str) -> bool:
    statuses: list[Any] = (pod.get("status") or {}).get("containerStatuses") or []
    return any(each["name"] == name and each.get("ready") for each in statuses)
