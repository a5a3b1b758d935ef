"""The workshop's core: ingresses for Headlamp and kubetail, and kube-prometheus-stack with our alerts and dashboards.

The chart's version is pinned; its values are charts-values/kube-prometheus-stack.yaml. Nothing is waited for by helm:
the pods are, here, so that what is missing is told while it is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from brokerlab.cluster import values
from brokerlab.cluster.helm import Chart, Release, Revision
from brokerlab.core.lab import Progress
from brokerlab.kube import applying, data, readiness, waiting
from brokerlab.kube.api import Json, Kube

NAMESPACE, RELEASE = "monitoring", "monitoring"
CHART = Chart("kube-prometheus-stack", "https://prometheus-community.github.io/helm-charts", "79.1.0")
INGRESS_NGINX = "ingress-nginx"  # the namespace of minikube's addon ingress
KUBE_SYSTEM, MANAGED_BY = "kube-system", "app.kubernetes.io/managed-by"
OPERATOR = "monitoring.coreos.com"
CRDS = (
    "alertmanagerconfigs",
    "alertmanagers",
    "podmonitors",
    "probes",
    "prometheusagents",
    "prometheuses",
    "prometheusrules",
    "scrapeconfigs",
    "servicemonitors",
    "thanosrulers",
)
CRD = ("apiextensions.k8s.io/v1", "CustomResourceDefinition")
WORKLOADS = (("apps/v1", "Deployment"), ("apps/v1", "StatefulSet"), ("apps/v1", "DaemonSet"))
OPERATED = ((f"{OPERATOR}/v1", "Prometheus"), (f"{OPERATOR}/v1", "Alertmanager"))


@dataclass(frozen=True)
class Order:
    """What to deploy. chart: another folder or version; layers: values on top of ours, in order."""

    chart: Chart = CHART
    namespace: str = NAMESPACE
    layers: tuple[Mapping[str, Any], ...] = ()
    deadline: float = 600.0


@dataclass(frozen=True)
class Doomed:
    """What a rollback would delete. objects: {"servicemonitors": how many there are, in all namespaces}.

    services: those that the operator made in kube-system; neither helm nor anything else deletes them.
    """

    release: Revision | None
    namespace: str | None
    objects: Mapping[str, int] = field(default_factory=dict)
    services: tuple[str, ...] = ()

    @property
    def nothing(self) -> bool:
        return not (self.release or self.namespace or self.objects or self.services)


def chart(version: str | None, folder: Path | None) -> Chart:
    """The pinned chart, another version of it, or a chart's folder on this machine."""
    if folder is not None:
        return Chart(str(folder))
    return Chart(CHART.ref, CHART.repo, version or CHART.version)


def deploy(kube: Kube, order: Order, say: Progress) -> Revision:
    """Install or upgrade all of it, and wait until it is ready. Raises LabError or DeadlineError, saying why."""
    _look_at_ingress(kube, order, say)
    applying.ensure_namespace(kube, order.namespace, say)
    wanted = values.merged([values.read(data.folder("charts-values") / "kube-prometheus-stack.yaml"), *order.layers])
    revision = Release(RELEASE, order.namespace, kube.context, kube.server).deploy(order.chart, wanted, say)
    _apply(kube, order.namespace, _ingresses(kube, say), say)
    _apply(kube, order.namespace, _own_manifests(order.namespace), say)
    waiting.until_ready(kube, lambda: parts(kube, order.namespace), say, order.deadline)
    return revision


def parts(kube: Kube, namespace: str) -> list[Json]:
    """Everything in the namespace that has something to wait for: workloads, and what the operator makes of them."""
    return [thing for kind in (*WORKLOADS, *_installed(kube, OPERATED)) for thing in kube.list(*kind, namespace)]


def status(kube: Kube, namespace: str) -> dict[str, Any]:
    """{"release", "pods": [{name, ready, why}], "ingresses": [{name, namespace, hosts, address}]}."""
    pods = kube.list("v1", "Pod", namespace)
    return {
        "release": Release(RELEASE, namespace, kube.context).revision(),
        "pods": [{"name": pod["metadata"]["name"], "lacking": readiness.pod_lacking(pod)} for pod in pods],
        "ingresses": ingresses(kube),
    }


def ingresses(kube: Kube) -> list[dict[str, Any]]:
    """Every ingress of the cluster: its hosts, and the address that its controller gave it ("" = none yet)."""
    found = []
    for each in kube.list("networking.k8s.io/v1", "Ingress"):
        given = ((each.get("status") or {}).get("loadBalancer") or {}).get("ingress") or [{}]
        found.append(
            {
                "name": each["metadata"]["name"],
                "namespace": each["metadata"]["namespace"],
                "hosts": [rule["host"] for rule in each["spec"].get("rules") or () if rule.get("host")],
                "address": given[0].get("ip") or given[0].get("hostname") or "",
            }
        )
    return found


def doomed(kube: Kube, namespace: str) -> Doomed:
    """What a rollback would delete here: shown before it does. The custom resources go with their CRDs."""
    definitions = {each["metadata"]["name"]: each for each in kube.list(*CRD)}
    present = [plural for plural in CRDS if f"{plural}.{OPERATOR}" in definitions]
    kinds = {plural: definitions[f"{plural}.{OPERATOR}"]["spec"] for plural in present}
    counts = {plural: len(kube.list(*_served(spec))) for plural, spec in kinds.items()}
    there = kube.get("v1", "Namespace", namespace) is not None
    release = Release(RELEASE, namespace, kube.context).revision() if there else None
    services = kube.list("v1", "Service", KUBE_SYSTEM, labelSelector=f"{MANAGED_BY}=prometheus-operator")
    names = tuple(each["metadata"]["name"] for each in services)
    return Doomed(release, namespace if there else None, counts, names)


def rollback(kube: Kube, found: Doomed, say: Progress, deadline: float = 300.0) -> None:
    """Uninstall the release, delete the operator's CRDs (with all their objects) and the namespace; wait until gone."""
    if found.release is not None and found.namespace is not None:
        say(f"helm uninstall {RELEASE}")
        Release(RELEASE, found.namespace, kube.context).uninstall()
    definitions = [f"{plural}.{OPERATOR}" for plural in found.objects]
    for name in definitions:
        say(f"deleting the definition {name}")
        kube.delete(*CRD, name)
    for name in found.services:
        kube.delete("v1", "Service", name, KUBE_SYSTEM)
    waiting.until_deleted(kube, [(*CRD, name) for name in definitions], deadline)
    if found.namespace is not None:
        kube.delete("v1", "Namespace", found.namespace)
        waiting.until_gone(kube, found.namespace, say, deadline)


def _look_at_ingress(kube: Kube, order: Order, say: Progress) -> None:
    """Until its controller runs, ingress-nginx's admission webhook refuses every Ingress, those of the chart too."""
    if not kube.list("networking.k8s.io/v1", "IngressClass"):
        say("the cluster has no ingress class: the .test names will not answer; `brokerlab open --forward` works")
    if kube.list("apps/v1", "Deployment", INGRESS_NGINX):
        waiting.until_ready(kube, lambda: kube.list("apps/v1", "Deployment", INGRESS_NGINX), say, order.deadline)


def _served(spec: Json) -> tuple[str, str]:
    version = next(each["name"] for each in spec["versions"] if each.get("served"))
    return f"{OPERATOR}/{version}", spec["names"]["kind"]


def _installed(kube: Kube, kinds: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [kind for kind in kinds if kube.has(*kind)]


def _ingresses(kube: Kube, say: Progress) -> list[Json]:
    """Those whose namespace is there: they belong to minikube's addons, which another cluster may not have."""
    found = []
    for path in sorted((data.folder("manifests") / "ingress").glob("*.yaml")):
        for manifest in applying.read(path):
            namespace = manifest["metadata"]["namespace"]
            if kube.get("v1", "Namespace", namespace) is None:
                say(f"no ingress for {path.stem}: there is no namespace {namespace} (minikube's addon {path.stem})")
            else:
                found.append(manifest)
    return found


def _own_manifests(namespace: str) -> list[Json]:
    paths = sorted((data.folder("manifests") / "monitoring").glob("*.yaml"))
    manifests = [manifest for path in paths for manifest in applying.read(path)]
    return [{**each, "metadata": {**each["metadata"], "namespace": namespace}} for each in manifests]


def _apply(kube: Kube, namespace: str, manifests: list[Json], say: Progress) -> None:
    usable = [each for each in manifests if kube.has(each["apiVersion"], each["kind"])]
    applying.apply(kube, usable, namespace, say)
