"""Manifests: read from files or text, put in an order that works, and applied server-side, namespaces first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from brokerlab.core.errors import UsageError
from brokerlab.core.lab import Progress
from brokerlab.kube import waiting
from brokerlab.kube.api import Json, Kube

FIRST = ("Namespace", "CustomResourceDefinition", "ServiceAccount", "ConfigMap", "Secret")
OURS = {"app.kubernetes.io/managed-by": "brokerlab"}
TERMINATING = 120.0  # seconds that a namespace which is being deleted may still take


def parsed(text: str, source: str) -> list[Json]:
    """The manifests of a YAML text. Raises UsageError for what is no manifest."""
    import yaml

    class Loader(yaml.SafeLoader):
        """As kubectl reads it: a bare `=` is a string (the Prometheus operator's CRDs have one in an enum)."""

    Loader.add_constructor("tag:yaml.org,2002:value", lambda _, node: str(node.value))
    try:
        documents = [each for each in yaml.load_all(text, Loader) if each is not None]
    except yaml.YAMLError as error:
        raise UsageError(f"{source} is not valid YAML: {' '.join(str(error).split())}") from error
    for each in documents:
        if not _is_manifest(each):
            raise UsageError(f"{source} has a document that is no manifest (apiVersion, kind, metadata.name)")
    return documents


def read(path: Path) -> list[Json]:
    return parsed(path.read_text("utf-8"), str(path))


def in_order(manifests: Iterable[Json]) -> list[Json]:
    """Namespaces first, then what others refer to, then the rest as it came."""
    return sorted(manifests, key=lambda each: FIRST.index(each["kind"]) if each["kind"] in FIRST else len(FIRST))


def apply(kube: Kube, manifests: Sequence[Json], namespace: str, say: Progress) -> None:
    """Apply all of them, after the namespaces that they live in. namespace: for those that name none."""
    named = {each["metadata"].get("namespace") or namespace for each in manifests if each["kind"] != "Namespace"}
    own = {each["metadata"]["name"] for each in manifests if each["kind"] == "Namespace"}
    _known(kube, manifests)
    for each in sorted((named | own) - {""}):
        ensure_namespace(kube, each, say)
    for manifest in in_order(manifests):
        say(f"applying {waiting.name_of(manifest)}")
        kube.apply(manifest, namespace)


def ensure_namespace(kube: Kube, name: str, say: Progress) -> None:
    """Create the namespace unless it is there; one that is being deleted is waited for first."""
    found = kube.get("v1", "Namespace", name)
    if found is not None and (found.get("status") or {}).get("phase") == "Terminating":
        waiting.until_gone(kube, name, say, TERMINATING)
        found = None
    if found is None:
        say(f"creating the namespace {name}")
        kube.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": OURS}})


def _known(kube: Kube, manifests: Sequence[Json]) -> None:
    """Raise before anything is applied when the cluster does not know a kind, unless its CRD comes along."""
    brought = {each["spec"]["names"]["kind"] for each in manifests if each["kind"] == "CustomResourceDefinition"}
    for kind in sorted({(each["apiVersion"], each["kind"]) for each in manifests if each["kind"] not in brought}):
        kube.resource(*kind)


def delete(kube: Kube, manifests: Sequence[Json], namespace: str, say: Progress) -> list[str]:
    """Delete them, the last applied first; returns the names of those that were there."""
    gone = []
    for manifest in reversed(in_order(manifests)):
        meta = manifest["metadata"]
        where = meta.get("namespace") or namespace
        if kube.delete(manifest["apiVersion"], manifest["kind"], meta["name"], where):
            say(f"deleted {waiting.name_of(manifest)}")
            gone.append(waiting.name_of(manifest))
    return gone


def _is_manifest(document: Any) -> bool:
    return (
        isinstance(document, dict)
        and isinstance(document.get("apiVersion"), str)
        and isinstance(document.get("kind"), str)
        and isinstance(document.get("metadata"), dict)
        and isinstance(document["metadata"].get("name"), str)
    )
