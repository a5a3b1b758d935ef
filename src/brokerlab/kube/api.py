"""The Kubernetes API of one context, JSON in and JSON out, through the kubernetes client (its TLS, its credentials).

Resources are addressed by what a manifest says of itself, apiVersion and kind; the plural and the scope come from the
API server's own discovery, asked once. Every failure is a sentence (`kube_errors`), every request has a deadline.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from brokerlab.core.errors import LabError
from brokerlab.kube import kube_errors

MANAGER = "brokerlab"
DEADLINE = 30.0  # seconds a request
APPLY = "application/apply-patch+yaml"
Json = dict[str, Any]
Query = Mapping[str, str]


@dataclass(frozen=True)
class Resource:
    """One kind as the API server lists it. path: what stands before namespace and name: "/apis/apps/v1"."""

    path: str
    plural: str
    namespaced: bool

    def url(self, namespace: str = "", name: str = "") -> str:
        where = f"/namespaces/{quote(namespace)}" if self.namespaced and namespace else ""
        return f"{self.path}{where}/{self.plural}" + (f"/{quote(name)}" if name else "")


@dataclass(frozen=True)
class Kube:
    """One context's API. server: its URL. namespace: what the context says, "default" when it says nothing."""

    context: str
    server: str
    namespace: str
    client: Any  # kubernetes.dynamic.DynamicClient
    known: dict[str, Mapping[str, Resource]] = field(default_factory=dict)  # group/version -> kind -> resource

    def call(self, method: str, path: str, body: Any = None, query: Query | None = None) -> str:
        """One request; returns the body's text. Raises LabError (see `kube_errors`) for every failure."""
        import urllib3
        from kubernetes.client.exceptions import ApiException

        try:
            answer = self.client.request(
                method,
                path,
                body=body,
                query_params=list((query or {}).items()),
                content_type=APPLY if method == "patch" else "application/json",
                header_params={},  # the client's own default is one dictionary for all requests
                serialize=False,
                _request_timeout=DEADLINE,
            )
            return str(answer.data.decode(errors="replace"))
        except (ApiException, urllib3.exceptions.HTTPError) as error:
            raise kube_errors.explained(error, self.server, self.context) from error

    def json(self, method: str, path: str, body: Any = None, query: Query | None = None) -> Json:
        answer = json.loads(self.call(method, path, body, query))
        if not isinstance(answer, dict):
            raise LabError(f"{self.server}{path} answered with something else than an object")
        return answer

    def resource(self, api_version: str, kind: str) -> Resource:
        """Raises NoSuchKindError when the API server does not have it: its CRD is not installed."""
        if api_version not in self.known:
            self.known[api_version] = self._discovered(api_version)
        found = self.known[api_version].get(kind)
        if found is None:
            del self.known[api_version]  # a CRD may be installed between now and the next time
            raise kube_errors.NoSuchKindError(f"the cluster knows no {kind} of {api_version}", _how_to_get(api_version))
        return found

    def has(self, api_version: str, kind: str) -> bool:
        try:
            self.resource(api_version, kind)
        except kube_errors.NoSuchKindError:
            return False
        return True

    def get(self, api_version: str, kind: str, name: str, namespace: str = "") -> Json | None:
        """The object, or None when there is none."""
        try:
            return self.json("get", self.resource(api_version, kind).url(namespace, name))
        except kube_errors.NotFoundError:
            return None

    def list(self, api_version: str, kind: str, namespace: str = "", **query: str) -> list[Json]:
        """All of a kind; namespace "": of every namespace. query: labelSelector=, fieldSelector=.

        Of a kind whose definition was deleted since it was looked up there is nothing.
        """
        try:
            items = self.json("get", self.resource(api_version, kind).url(namespace), query=query).get("items") or ()
        except kube_errors.NotFoundError:
            return []
        return [{"apiVersion": api_version, "kind": kind, **each} for each in items]  # a list leaves these out

    def apply(self, manifest: Json, namespace: str = "", *, dry_run: bool = False) -> Json:
        """Server-side apply, as the field manager `brokerlab`. namespace: for a manifest that names none."""
        resource = self.resource(manifest["apiVersion"], manifest["kind"])
        meta = manifest["metadata"]
        query = {"fieldManager": MANAGER, "force": "true", "fieldValidation": "Strict"}
        return self.json(
            "patch",
            resource.url(meta.get("namespace", "") or namespace, meta["name"]),
            manifest,
            {**query, "dryRun": "All"} if dry_run else query,
        )

    def delete(self, api_version: str, kind: str, name: str, namespace: str = "") -> bool:
        """Ask for its deletion, dependents in the background. False when there was none."""
        try:
            path = self.resource(api_version, kind).url(namespace, name)
            self.call("delete", path, {"propagationPolicy": "Background"})
        except (kube_errors.NotFoundError, kube_errors.NoSuchKindError):
            return False
        return True

    def _discovered(self, api_version: str) -> Mapping[str, Resource]:
        path = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
        try:
            listed: Sequence[Json] = self.json("get", path).get("resources") or ()
        except kube_errors.NotFoundError:
            return {}
        plain = (each for each in listed if "/" not in each["name"])  # pods, not pods/log
        return {each["kind"]: Resource(path, each["name"], bool(each["namespaced"])) for each in plain}


def _how_to_get(api_version: str) -> str:
    operator = api_version.startswith("monitoring.coreos.com/")
    return "`brokerlab core deploy` installs the Prometheus operator, which brings it" if operator else ""
