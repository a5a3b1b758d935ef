"""The lab `kubernetes`: a broker's nodes and the agents as pods in a namespace of a cluster, with a Prometheus that
scrapes them; or, with a bootstrap address, the agents alone, for a broker that the user runs.

All that is known of a lab stands in the cluster, under our labels: it is found again from any machine.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, NoReturn

from brokerlab.core.agent import AgentSpec
from brokerlab.core.broker import Admin, Broker
from brokerlab.core.errors import BrokerlabError, LabError, UsageError
from brokerlab.core.lab import NodeState, Progress, Sought
from brokerlab.core.links import Links, Trouble, Way
from brokerlab.core.node import NodeSpec, broker_of
from brokerlab.core.store import Store, Tables
from brokerlab.core.wait import until
from brokerlab.kube.pods import PodHttp
from brokerlab.labs.kubernetes import files, nodes, objects, witness
from brokerlab.labs.kubernetes.admin import RemoteAdmin
from brokerlab.labs.kubernetes.agents import RemoteAgent
from brokerlab.labs.kubernetes.connection import Place, persistently
from brokerlab.labs.kubernetes.keepers import Keepers
from brokerlab.labs.kubernetes.parts import OUTPOST, Images
from brokerlab.labs.kubernetes.relay import Relay
from brokerlab.labs.kubernetes.tables import RemoteTables
from brokerlab.labs.kubernetes.witness import NONE, reached
from brokerlab.ledger.remains import place

NODE_S = 90.0  # for a node that was killed to listen again


@dataclass(frozen=True)
class About:
    """A lab that is up. specs: its nodes, () with a bootstrap."""

    place: Place
    images: Images
    specs: tuple[NodeSpec, ...] = ()
    bootstrap: str = ""
    prometheus: witness.Way = NONE


class KubernetesLab:
    """A `Lab` in a cluster; see `life` for how it comes up and goes down."""

    name = "kubernetes"

    def __init__(self, about: About) -> None:
        self._about, self._place = about, about.place
        self._specs = {spec.name: spec for spec in about.specs}
        self._keepers = Keepers(about.place, about.images)
        self._relay: Relay | None = None
        self._outpost: PodHttp | None = None
        self._url: str | None = None
        self._lock, self._undo = Lock(), ExitStack()
        hurts = {"kill", "pause", "restart", "logs"} if about.specs else set()
        hurts |= {"links"} if any(spec.links for spec in about.specs) else set()
        seen = set() if about.prometheus == NONE else {"prometheus"}
        self.capabilities = frozenset({"agents"} | hurts | seen)

    def heal(self) -> None:
        """Resume nodes that are paused, and start those that are gone."""
        for node in self._specs:
            if self.state(node) == "paused":
                self.resume(node)
        for node in self._specs:
            self._command(node, "restart")
        for node in self._specs:
            self._await_listening(node)

    def add(self, specs: Sequence[NodeSpec], *, say: Progress) -> None:
        """Start further nodes, of those that the lab was started to have later; returns when they are ready. When that
        fails, none of them stays."""
        wanted = nodes.manifests(specs, self._place.namespace, self._about.images)
        objects.add(self._place, wanted, say)
        self._specs |= {spec.name: spec for spec in specs}

    @property
    def bootstrap(self) -> str:
        """The address of the broker that is not ours; "" = the lab has brokers of its own."""
        return self._about.bootstrap

    # ------------------------------------------------------------ the protocol

    def nodes(self, broker: str = "") -> tuple[str, ...]:
        return tuple(name for name in self._specs if broker in ("", broker_of(name)))

    def endpoint(self, port: str) -> str:
        if self._about.bootstrap:
            return self._about.bootstrap
        having = [spec for spec in self._specs.values() if port in spec.ports]
        return ",".join(files.address(spec, port, self._place.namespace) for spec in having)

    def admin(self, broker: Broker, settings: Mapping[str, str]) -> Admin:
        return RemoteAdmin(self._the_outpost(), broker.name, self.endpoint(broker.port), settings)

    def tables(self, store: Store) -> Tables:
        return RemoteTables(self._the_outpost(), store.name, self.endpoint(store.port))

    def state(self, node: str) -> NodeState:
        state: NodeState = self._look(node)["state"]
        return state

    def kill(self, node: str) -> None:
        self._command(node, "kill")

    def pause(self, node: str) -> None:
        self._command(node, "pause")

    def resume(self, node: str) -> None:
        self._command(node, "resume")

    def restart(self, node: str) -> None:
        """Starting a node that is not gone does nothing."""
        self._command(node, "restart")
        self._await_listening(node)

    def logs(self, node: str, lines: int = 40) -> str:
        self._known(node)
        kube = self._place.kube
        path = kube.resource("v1", "Pod").url(self._place.namespace, node) + "/log"
        return kube.call("get", path, query={"container": "node", "tailLines": str(lines)}).rstrip("\n")

    def data(self, node: str) -> Path | None:
        return None

    def keep_remains(self, node: str, sought: Sought, folder: Path) -> None:
        """Its warden reads the files where they are."""
        asked = f"remains/{sought.broker.name}/{sought.topic}/{sought.mark}/{sought.size}"
        folder.mkdir(parents=True, exist_ok=True)
        staged = folder / f".{node}.coming"
        persistently(lambda: self._place.port(node).save(asked, staged), f"the warden of {node}")
        staged.replace(place(folder, node))

    def limit_files(self, node: str, size: int | None) -> None:
        raise LabError("the lab kubernetes can't fill a disk", "the local lab can, on Linux")

    def links(self) -> Links:
        return WardensLinks(self._warden)

    def prometheus(self) -> str | None:
        if self._url is None and self._about.prometheus != NONE:
            way = reached(self._place.kube, self._about.prometheus, self._place.namespace)
            self._url = self._undo.enter_context(way)
        return self._url

    def scrape(self, job: str, target: str | None, labels: Mapping[str, str]) -> None:
        """The board is carried into the cluster; the agents' pods are scraped there, and kept until this ends."""
        if self._relay:
            self._relay.close()
            self._relay = None
        if target:
            self._relay = Relay(target, self._the_outpost)
        else:
            self._dismiss()

    def expositions(self) -> int:
        return 1 + self._keepers.count

    def start_agent(self, spec: AgentSpec, folder: Path) -> RemoteAgent:
        self._keepers.want(spec, files.passwords(self._specs.values()))
        return RemoteAgent(spec, lambda stopping: self._keepers.find(spec, stopping), folder)

    def close(self) -> None:
        """Let go of the way to Prometheus, and of what a run has left in the cluster. The lab stays up."""
        self._undo.close()
        self._dismiss()

    # ------------------------------------------------------------ inside

    def _dismiss(self) -> None:
        """Delete the agents' pods; where the API server is gone just now, they end and go by themselves."""
        with contextlib.suppress(BrokerlabError):
            self._keepers.dismiss()

    def _known(self, node: str) -> None:
        if node not in self._specs:
            raise UsageError(f"there is no node {node!r}", f"known: {', '.join(self._specs) or 'none'}")

    def _look(self, node: str) -> Any:
        self._known(node)
        return self._warden(node, "get", "state")

    def _command(self, node: str, what: str) -> None:
        """Done twice is done once, so it may be asked for again."""
        self._known(node)
        self._warden(node, "post", what)

    def _warden(self, node: str, method: str, path: str, body: Any = None) -> Any:
        """What is done twice by it is done once, so everything may be asked for again."""
        self._known(node)
        return persistently(lambda: self._place.port(node).json(method, path, body), f"the warden of {node}")

    def _await_listening(self, node: str) -> None:
        until(lambda: self._look(node)["listens"], f"{node} to listen", deadline=NODE_S, every=0.1)

    def _the_outpost(self) -> PodHttp:
        """Its pod, looked for once: another is made only when the lab is."""
        with self._lock:
            if self._outpost is None:
                found = self._place.pods(component=OUTPOST)
                if not found:
                    _no_outpost(self._place)
                self._outpost = self._place.port(found[0]["metadata"]["name"])
            return self._outpost


class WardensLinks:
    """`Links`, each in the pod of its node, whose name it has: the clients' alone."""

    def __init__(self, warden: Callable[..., Any]) -> None:
        self._warden = warden

    def trouble(self, link: str, way: Way, what: Trouble, amount: int) -> None:
        self._warden(link, "post", f"trouble/{way}/{what}", {"amount": amount})

    def traffic(self, link: str, way: Way) -> Mapping[str, int]:
        counts: dict[str, int] = self._warden(link, "get", f"traffic/{way}")
        return counts


def _no_outpost(place: Place) -> NoReturn:
    raise LabError(
        f"the lab in the namespace {place.namespace} has no outpost", "brokerlab lab up --lab kubernetes makes it whole"
    )
