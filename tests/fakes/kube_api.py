"""A small Kubernetes API server on 127.0.0.1: discovery, server-side apply, get, list, delete, tokens, logs, faults.

It keeps objects in memory and has no controllers of its own; a test says what becomes of an object by `becomes`.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import yaml

from tests.fakes.port_forward import Program, accept

FORWARD = re.compile(r"/api/v1/namespaces/([^/]+)/pods/([^/]+)/portforward\?ports=(\d+)")
Json = dict[str, Any]
KINDS = {
    "v1": {
        "Namespace": ("namespaces", False),
        "Pod": ("pods", True),
        "Service": ("services", True),
        "ServiceAccount": ("serviceaccounts", True),
        "ConfigMap": ("configmaps", True),
        "Event": ("events", True),
        "Secret": ("secrets", True),
    },
    "apps/v1": {
        "Deployment": ("deployments", True),
        "StatefulSet": ("statefulsets", True),
        "DaemonSet": ("daemonsets", True),
        "ReplicaSet": ("replicasets", True),
    },
    "batch/v1": {"Job": ("jobs", True)},
    "policy/v1": {"PodDisruptionBudget": ("poddisruptionbudgets", True)},
    "networking.k8s.io/v1": {
        "Ingress": ("ingresses", True),
        "IngressClass": ("ingressclasses", False),
        "NetworkPolicy": ("networkpolicies", True),
    },
    "discovery.k8s.io/v1": {"EndpointSlice": ("endpointslices", True)},
    "rbac.authorization.k8s.io/v1": {"ClusterRole": ("clusterroles", False)},
    "apiextensions.k8s.io/v1": {"CustomResourceDefinition": ("customresourcedefinitions", False)},
}
MONITORING = {
    "ServiceMonitor": ("servicemonitors", True),
    "PodMonitor": ("podmonitors", True),
    "PrometheusRule": ("prometheusrules", True),
    "Prometheus": ("prometheuses", True),
    "Alertmanager": ("alertmanagers", True),
}


@dataclass
class KubeApi:
    """objects: {path: object}. requests: "METHOD path?query" in order. faults: [(pattern of these, status, body)].

    behind: {"namespace/pod": the port on 127.0.0.1 that its proxy to that pod leads to}. cut: how many of the next
    answers of pods come only by half. forwarded: {"namespace/pod": what its port-forwards lead to}.
    """

    kinds: dict[str, dict[str, tuple[str, bool]]] = field(
        default_factory=lambda: {key: dict(KINDS[key]) for key in KINDS}
    )
    objects: dict[str, Json] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    faults: list[tuple[str, int, Json]] = field(default_factory=list)
    becomes: dict[str, Callable[[Json], None]] = field(default_factory=dict)  # kind -> called at each look
    behind: dict[str, int] = field(default_factory=dict)
    cut: int = 0
    forwarded: dict[str, Program] = field(default_factory=dict)
    url: str = ""

    def install_operator(self) -> None:
        self.kinds["monitoring.coreos.com/v1"] = dict(MONITORING)

    def add(self, thing: Json) -> Json:
        self.objects[self._path_of(thing)] = thing
        thing["metadata"].setdefault("generation", 1)
        return thing

    def has(self, api_version: str, kind: str, name: str, namespace: str = "") -> bool:
        return self._path(api_version, kind, name, namespace) in self.objects

    def kubeconfig(self, folder: Path, *, minikube: bool = True, name: str = "workshop-mb") -> Path:
        """A kubeconfig whose one context leads here; `minikube`: with the mark that minikube leaves in it."""
        mark = [{"name": "cluster_info", "extension": {"provider": "minikube.sigs.k8s.io", "version": "v1.37.0"}}]
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": name,
            "clusters": [{"name": name, "cluster": {"server": self.url, **({"extensions": mark} if minikube else {})}}],
            "users": [{"name": name, "user": {"token": "a-token"}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        }
        path = folder / "kubeconfig"
        path.write_text(yaml.safe_dump(config))
        return path

    def proxied(self, method: str, target: str, headers: dict[str, str], body: bytes) -> HTTPResponse | None:
        """The answer of the pod that this request is for, None when it is for the API server itself."""
        to_pod = re.fullmatch(r"/api/v1/namespaces/([^/]+)/pods/([^/:]+):\d+/proxy/(.*)", target)
        if to_pod is None or f"{to_pod[1]}/{to_pod[2]}" not in self.behind:
            return None
        self.requests.append(f"{method} {target}")
        if any(re.search(pattern, self.requests[-1]) for pattern, *_ in self.faults):
            return None
        connection = HTTPConnection("127.0.0.1", self.behind[f"{to_pod[1]}/{to_pod[2]}"], timeout=10)
        connection.request(method, f"/{to_pod[3]}", body or None, headers)
        return connection.getresponse()

    def answer(self, method: str, target: str, body: Json | None) -> tuple[int, Any]:
        split = urlsplit(target)
        path, query = unquote(split.path), {key: values[0] for key, values in parse_qs(split.query).items()}
        self.requests.append(f"{method} {unquote(target)}")
        for pattern, status, fault in self.faults:
            if re.search(pattern, self.requests[-1]):
                return status, fault
        if path in self.texts:
            return 200, self.texts[path]
        doing = {"PATCH": self._apply, "DELETE": self._delete, "POST": self._token}
        return doing[method](path, body or {}, query) if method in doing else self._get(path, query)

    def _get(self, path: str, query: dict[str, str]) -> tuple[int, Any]:
        group = path.removeprefix("/apis/").removeprefix("/api/")
        if group in self.kinds:
            listed = [
                {"kind": kind, "name": name, "namespaced": scoped} for kind, (name, scoped) in self.kinds[group].items()
            ]
            return 200, {"resources": [*listed, {"kind": "Scale", "name": "deployments/scale", "namespaced": True}]}
        for kind, change in self.becomes.items():
            for thing in [each for each in list(self.objects.values()) if each.get("kind") == kind]:
                change(thing)
        if path in self.objects:
            return 200, self.objects[path]
        if self._is_list(path):
            return 200, {"items": [_bare(each) for each in self._listed(path) if _selected(each, query)]}
        return 404, _status(404, f"{path.rsplit('/', 1)[1]} not found")

    def _is_list(self, path: str) -> bool:
        return any(path.endswith(f"/{plural}") for kinds in self.kinds.values() for plural, _ in kinds.values())

    def _listed(self, path: str) -> list[Json]:
        base, plural = path.rsplit("/", 1)
        inside = re.compile(
            re.escape(base) + (r"" if "/namespaces/" in base else r"(/namespaces/[^/]+)?") + f"/{plural}/[^/]+"
        )
        return [each for where, each in list(self.objects.items()) if inside.fullmatch(where)]

    def _apply(self, path: str, body: Json, query: dict[str, str]) -> tuple[int, Any]:
        namespace = re.search(r"/namespaces/([^/]+)/", path)
        if namespace and f"/api/v1/namespaces/{namespace[1]}" not in self.objects:
            return 404, _status(404, f'namespaces "{namespace[1]}" not found')
        before = self.objects.get(path, {"metadata": {"generation": 0}})
        generation = before["metadata"].get("generation", 0) + 1
        thing = {**before, **body, "metadata": {**body["metadata"], "generation": generation}}
        if namespace:
            thing["metadata"]["namespace"] = namespace[1]
        if "dryRun" not in query:
            self.objects[path] = thing
        return 200, thing

    def _delete(self, path: str, _body: Json, _query: dict[str, str]) -> tuple[int, Any]:
        gone = self.objects.pop(path, None)
        if gone is None:
            return 404, _status(404, "not found")
        if gone["kind"] == "Namespace":
            inside = f"/namespaces/{gone['metadata']['name']}/"
            self.objects = {where: each for where, each in self.objects.items() if inside not in where}
        return 200, gone

    def _token(self, path: str, body: Json, _query: dict[str, str]) -> tuple[int, Any]:
        if path.removesuffix("/token") not in self.objects:
            return 404, _status(404, "serviceaccounts not found")
        return 201, {**body, "status": {"token": f"token-for-{body['spec']['expirationSeconds']}"}}

    def _path_of(self, thing: Json) -> str:
        meta = thing["metadata"]
        return self._path(thing["apiVersion"], thing["kind"], meta["name"], meta.get("namespace", ""))

    def _path(self, api_version: str, kind: str, name: str, namespace: str) -> str:
        plural, scoped = self.kinds[api_version][kind]
        base = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
        return f"{base}/namespaces/{namespace}/{plural}/{name}" if scoped else f"{base}/{plural}/{name}"


@contextmanager
def serving(api: KubeApi) -> Iterator[KubeApi]:
    """Serve it on a free port of 127.0.0.1."""

    class Handler(BaseHTTPRequestHandler):
        def do(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            to_pod = FORWARD.match(self.path)
            if to_pod and f"{to_pod[1]}/{to_pod[2]}" in api.forwarded:
                accept(self, int(to_pod[3]), api.forwarded[f"{to_pod[1]}/{to_pod[2]}"])
                return
            from_pod = api.proxied(self.command, self.path, dict(self.headers), raw)
            if from_pod is not None:
                self.relay(from_pod)
                return
            body = json.loads(raw) if raw else None
            status, answer = api.answer(self.command, self.path, body)
            data = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def relay(self, answer: HTTPResponse) -> None:
            self.send_response(answer.status)
            length = answer.getheader("Content-Length")
            if length:
                self.send_header("Content-Length", length)
            self.end_headers()
            if length and api.cut > 0:
                api.cut -= 1
                self.wfile.write(answer.read(int(length) // 2))
                return
            while part := answer.read1(65536):
                self.wfile.write(part)

        do_GET = do_PATCH = do_POST = do_DELETE = do  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    api.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def ready_deployment(thing: Json) -> None:
    replicas = thing["spec"].get("replicas", 1)
    thing["status"] = {
        "observedGeneration": thing["metadata"]["generation"],
        "updatedReplicas": replicas,
        "availableReplicas": replicas,
    }


def forbidden(user: str, verb: str, what: str, group: str, namespace: str) -> Json:
    """What a real API server (1.34) answers when RBAC says no."""
    message = (
        f'{what}.{group} is forbidden: User "{user}" cannot {verb} resource "{what}" in API group "{group}" '
        f'in the namespace "{namespace}"'
    )
    return {"kind": "Status", "status": "Failure", "message": message, "reason": "Forbidden", "code": 403}


def _status(code: int, message: str) -> Json:
    return {"kind": "Status", "status": "Failure", "message": message, "code": code}


def _bare(thing: Json) -> Json:
    """As in a list: the API server leaves kind and apiVersion of the items out."""
    return {key: value for key, value in thing.items() if key not in {"kind", "apiVersion"}}


def _selected(thing: Json, query: dict[str, str]) -> bool:
    labels = thing["metadata"].get("labels") or {}
    wanted = [pair.split("=", 1) for pair in query.get("labelSelector", "").split(",") if pair]
    if not all(labels.get(key) == value for key, value in wanted):
        return False
    involved = query.get("fieldSelector", "").removeprefix("involvedObject.name=")
    return not involved or (thing.get("involvedObject") or {}).get("name") == involved
