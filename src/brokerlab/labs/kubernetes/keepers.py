"""The pods of a run's agents: one Job an agent's name, found again by its label; one listing serves all who wait."""

from __future__ import annotations

import hashlib
import time
from threading import Event, Lock

from brokerlab.core.agent import AgentSpec
from brokerlab.core.errors import InconclusiveError, LabError
from brokerlab.core.wait import until
from brokerlab.kube import readiness
from brokerlab.kube.api import Json
from brokerlab.kube.pods import PodHttp
from brokerlab.labs.kubernetes import support
from brokerlab.labs.kubernetes.connection import Place, container_ready
from brokerlab.labs.kubernetes.parts import AGENT, AGENTS, Images

POD_S = 120.0  # for a pod to be there, its image pulled; less than the engine waits for its agent
LISTING_S = 0.25


class Keepers:
    """Thread-safe."""

    def __init__(self, place: Place, images: Images) -> None:
        self._place, self._images = place, images
        self._wanted: dict[str, str] = {}  # agent's name -> Job
        self._run = ""
        self._lock = Lock()
        self._listed: dict[str, Json] = {}
        self._listed_at = 0.0

    @property
    def count(self) -> int:
        return len(self._wanted)

    def want(self, spec: AgentSpec, passwords: Json) -> None:
        """Have a pod for that agent; one that was there under its name is used again, for it has the ledger.

        passwords: the volume with those of the nodes that it may talk to.
        """
        if spec.name in self._wanted:
            return
        self._run = spec.run
        name = job_name(spec)
        job = support.job(name, spec.name, spec.run, self._images, passwords)
        self._place.kube.apply(job, self._place.namespace)
        self._wanted[spec.name] = name

    def find(self, spec: AgentSpec, stopping: Event) -> PodHttp:
        """The agent's keeper, when it answers. Raises LabError when its pod can't get ready, or nobody wants it."""
        seen = "no pod"

        def ready() -> PodHttp | None:
            nonlocal seen
            if stopping.is_set():
                raise InconclusiveError(f"{spec.name} was stopped before it had started")
            pod = self._pods().get(spec.name)
            if pod is None:
                return None
            why = readiness.hopeless(pod)
            if why:
                raise LabError(f"the pod of {spec.name} can't get ready: {why}")
            seen = readiness.pod_lacking(pod)
            return self._place.port(pod["metadata"]["name"]) if container_ready(pod, "keeper") else None

        what = f"the pod of {spec.name}"
        found = until(ready, what, deadline=POD_S, every=LISTING_S, seen=lambda: seen)
        if found is None:
            raise InconclusiveError(f"{what} did not come")
        return found

    def dismiss(self) -> None:
        """Delete the run's Jobs with their pods."""
        jobs, self._wanted = list(self._wanted.values()), {}
        for name in jobs:
            self._place.kube.delete("batch/v1", "Job", name, self._place.namespace)

    def _pods(self) -> dict[str, Json]:
        """The run's pods by their agents' names, as they were at most `LISTING_S` ago."""
        with self._lock:
            if time.monotonic() - self._listed_at > LISTING_S:
                found = self._place.pods(component=AGENTS, run=self._run)
                self._listed = {pod["metadata"]["labels"][AGENT]: pod for pod in found}
                self._listed_at = time.monotonic()
            return self._listed


def job_name(spec: AgentSpec) -> str:
    """A name that no other run's agent has, as Kubernetes wants names: at most 63 letters, digits and dashes."""
    digest = hashlib.sha256(f"{spec.run}/{spec.name}".encode()).hexdigest()[:6]
    plain = "".join(char if char.isalnum() and char.isascii() else "-" for char in spec.name.lower())
    return f"{plain[:50].strip('-')}-{digest}"
