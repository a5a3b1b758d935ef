"""Usecases: folders of manifests (`usecases/<name>/k8s/base`), deployed, looked at and removed as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from brokerlab.cluster import kustomize
from brokerlab.core.errors import LabError, UsageError
from brokerlab.core.lab import Progress
from brokerlab.kube import applying, readiness, targets, waiting
from brokerlab.kube.api import Json, Kube

ROOT = Path("usecases")
BASE = Path("k8s/base")
WORKLOADS = (("apps/v1", "Deployment"), ("apps/v1", "StatefulSet"), ("apps/v1", "DaemonSet"), ("batch/v1", "Job"))


@dataclass(frozen=True)
class Usecase:
    """One usecase: its name, and the folder of its kustomization."""

    name: str
    folder: Path


def listed(root: Path) -> list[Usecase]:
    """The usecases below `root`, by name."""
    folders = sorted(path.parent.parent for path in root.glob("*/k8s/base") if path.is_dir())
    return [Usecase(folder.name, folder / BASE) for folder in folders]


def found(name: str, root: Path) -> Usecase:
    """A usecase by its name below `root`, or by the path of its folder (with k8s/base in it, or that itself)."""
    known = {usecase.name: usecase for usecase in listed(root)}
    if name in known:
        return known[name]
    path = Path(name)
    if path.is_dir():
        whole = path.resolve()
        return Usecase(whole.name, whole / BASE) if (whole / BASE).is_dir() else Usecase(_name_of(whole), whole)
    close = get_close_matches(name, known, n=1)
    there = f"there is: {', '.join(known)}" if known else f"{root} has none: `brokerlab usecase new {name}` makes one"
    raise UsageError(f"there is no usecase '{name}' in {root}", f"did you mean {close[0]}?" if close else there)


def manifests(usecase: Usecase, namespace: str = "") -> list[Json]:
    """Its manifests, each with its namespace: its own, else `namespace`, else the usecase's name."""
    built = kustomize.build(usecase.folder)
    fallback = namespace or usecase.name
    return [{**each, "metadata": {"namespace": fallback, **each["metadata"]}} for each in built]


def deploy(kube: Kube, usecase: Usecase, namespace: str, say: Progress, deadline: float) -> list[targets.Target]:
    """Apply it, wait until its workloads are ready and its monitors' targets are up; returns these targets."""
    wanted = _scoped(kube, manifests(usecase, namespace))
    applying.apply(kube, wanted, namespace or usecase.name, say)
    workloads = [each for each in wanted if each["kind"] in readiness.WAITED_FOR]
    if workloads:
        waiting.until_ready(kube, lambda: _present(kube, workloads), say, deadline)
    monitors = [each for each in wanted if each["kind"] in targets.MONITORS]
    return [target for each in monitors for target in targets.until_up(kube, each, say, deadline)]


def status(kube: Kube, usecase: Usecase, namespace: str) -> list[dict[str, Any]]:
    """[{name, namespace, state}] of its workloads and monitors. state: "ready", "up", "absent", or what is lacking."""
    rows = []
    for each in _scoped(kube, manifests(usecase, namespace)):
        if each["kind"] in readiness.WAITED_FOR or each["kind"] in targets.MONITORS:
            where = each["metadata"].get("namespace", "")
            rows.append({"name": waiting.name_of(each), "namespace": where, "state": _state(kube, each)})
    return rows


def remove(kube: Kube, usecase: Usecase, namespace: str, say: Progress) -> list[str]:
    """Delete what it applied, and its namespaces where brokerlab made them and no workload of another is in them."""
    wanted = [each for each in manifests(usecase, namespace) if kube.has(each["apiVersion"], each["kind"])]
    mine = {(each["kind"], each["metadata"]["name"]) for each in wanted}
    namespaces = sorted({each["metadata"]["namespace"] for each in wanted})
    gone = applying.delete(kube, [each for each in wanted if each["kind"] != "Namespace"], namespace, say)
    for name in namespaces:
        if _is_ours(kube, name) and not _others(kube, name, mine) and kube.delete("v1", "Namespace", name):
            waiting.until_gone(kube, name, say, applying.TERMINATING)
            gone.append(f"namespace/{name}")
    return gone


def _scoped(kube: Kube, wanted: Sequence[Json]) -> list[Json]:
    """Without a namespace on what lives in none (a ClusterRole): server-side apply refuses it there."""
    return [each if kube.resource(each["apiVersion"], each["kind"]).namespaced else _bare(each) for each in wanted]


def _bare(manifest: Json) -> Json:
    return {**manifest, "metadata": {key: value for key, value in manifest["metadata"].items() if key != "namespace"}}


def _present(kube: Kube, wanted: Sequence[Json]) -> list[Json]:
    looked = [_fresh(kube, each) for each in wanted]
    return [each for each in looked if each is not None]


def _fresh(kube: Kube, manifest: Json) -> Json | None:
    meta = manifest["metadata"]
    return kube.get(manifest["apiVersion"], manifest["kind"], meta["name"], meta.get("namespace", ""))


def _state(kube: Kube, manifest: Json) -> str:
    present = _fresh(kube, manifest)
    if present is None:
        return "absent"
    if manifest["kind"] not in targets.MONITORS:
        return readiness.lacking(present) or "ready"
    try:
        seen = targets.of_monitor(manifest, targets.targets(kube, targets.proxy(kube)))
    except LabError as error:
        return error.message
    up = bool(seen) and all(target.health == "up" for target in seen)
    return "up" if up else targets.why_not(kube, manifest, seen)


def _is_ours(kube: Kube, namespace: str) -> bool:
    labels = ((kube.get("v1", "Namespace", namespace) or {}).get("metadata") or {}).get("labels") or {}
    return applying.OURS.items() <= labels.items()


def _others(kube: Kube, namespace: str, mine: set[tuple[str, str]]) -> bool:
    here = [each for kind in WORKLOADS for each in kube.list(*kind, namespace)]
    return any((each["kind"], each["metadata"]["name"]) not in mine for each in here)


def _name_of(folder: Path) -> str:
    """Of .../inventory/k8s/base: inventory; of any other folder its own name."""
    return folder.parts[-3] if folder.parts[-2:] == BASE.parts else folder.name
