"""The workshop's core: what is applied in which order, what a rollback shows and takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from brokerlab.cluster import monitoring
from brokerlab.core.errors import DeadlineError
from brokerlab.kube import applying, data
from brokerlab.kube.api import Kube
from tests.fakes.kube_api import KubeApi, ready_deployment
from tests.fakes.programs import Program, Said, install

CHART_YAML = "apiVersion: v2\nname: kube-prometheus-stack\nversion: 79.1.0\n"
ABSENT = Said(err="Error: release: not found\n", code=1)


def status(word: str) -> str:
    info = {"last_deployed": "2026-11-23T16:00:00Z", "status": word}
    release = {"name": "monitoring", "namespace": "monitoring", "version": 1, "info": info, "manifest": "", "hooks": []}
    return json.dumps({**release, "chart": {"metadata": {"apiVersion": "v2", "name": "c", "version": "79.1.0"}}})


def namespace(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def definition(plural: str, kind: str) -> dict[str, Any]:
    spec = {"names": {"kind": kind, "plural": plural}, "versions": [{"name": "v1", "served": True}]}
    meta = {"name": f"{plural}.monitoring.coreos.com"}
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": meta, "spec": spec}


@pytest.fixture
def helm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    answers = {
        "version": Said("v3.19.0"),
        "show chart": Said(CHART_YAML),
        "status": [ABSENT, Said(status("deployed"))],
        "upgrade": Said(status("deployed")),
        "get all": Said(CHART_YAML),
        "uninstall": Said("gone"),
    }
    return install(tmp_path, monkeypatch, "helm", answers)


@pytest.fixture
def cluster(api: KubeApi) -> KubeApi:
    api.install_operator()
    for name in ("headlamp", "kubetail-system"):
        api.add(namespace(name))
    api.add({"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "nginx"}})
    meta = {"name": "monitoring-grafana", "namespace": "monitoring"}
    api.add({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": {}})
    api.becomes["Deployment"] = ready_deployment
    return api


def test_deploy_installs_the_chart_then_our_manifests_and_waits(cluster: KubeApi, kube: Kube, helm: Program) -> None:
    said: list[str] = []
    revision = monitoring.deploy(kube, monitoring.Order(deadline=20), said.append)
    assert (revision.version, revision.status) == ("79.1.0", "deployed")
    assert cluster.has("networking.k8s.io/v1", "Ingress", "headlamp", "headlamp")
    assert cluster.has("networking.k8s.io/v1", "Ingress", "kubetail", "kubetail-system")
    assert cluster.has("monitoring.coreos.com/v1", "PrometheusRule", "brokerlab", "monitoring")
    assert not [sentence for sentence in said if "ingress class" in sentence]


def test_a_cluster_without_ingress_class_or_addons_is_told_so_and_served(
    api: KubeApi, kube: Kube, helm: Program
) -> None:
    meta = {"name": "monitoring-grafana", "namespace": "monitoring"}
    api.add({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": {}})
    api.becomes["Deployment"] = ready_deployment
    said: list[str] = []
    monitoring.deploy(kube, monitoring.Order(deadline=20), said.append)
    assert any("no ingress class" in sentence for sentence in said)
    assert any("there is no namespace headlamp" in sentence for sentence in said)
    assert not [path for path in api.objects if "ingresses" in path]


def test_what_does_not_get_ready_is_told(cluster: KubeApi, kube: Kube, helm: Program) -> None:
    cluster.becomes.clear()
    with pytest.raises(DeadlineError, match=r"deployment/monitoring-grafana \(not looked at by its controller yet\)"):
        monitoring.deploy(kube, monitoring.Order(deadline=0.05), lambda _: None)


def test_the_ingress_controller_is_waited_for_before_an_ingress_is_applied(
    cluster: KubeApi, kube: Kube, helm: Program
) -> None:
    """Its webhook answers every Ingress with an error until it runs."""
    meta = {"name": "ingress-nginx-controller", "namespace": "ingress-nginx"}
    cluster.add({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": {}})
    cluster.becomes.clear()
    with pytest.raises(DeadlineError, match="deployment/ingress-nginx-controller"):
        monitoring.deploy(kube, monitoring.Order(deadline=0.05), lambda _: None)
    assert helm.calls() == []
    assert not [path for path in cluster.objects if "/ingresses/" in path]


def test_a_rollback_shows_what_it_takes_and_takes_it(cluster: KubeApi, kube: Kube, helm: Program) -> None:
    """CRDs go with all their objects, those of usecases in other namespaces too: they are counted before."""
    monitoring.deploy(kube, monitoring.Order(deadline=20), lambda _: None)
    cluster.add(definition("servicemonitors", "ServiceMonitor"))
    cluster.add(definition("prometheusrules", "PrometheusRule"))
    other = {**definition("others", "Other"), "metadata": {"name": "others.example.com"}}
    cluster.add(other)
    meta = {"name": "shop", "namespace": "shop"}
    cluster.add({"apiVersion": "monitoring.coreos.com/v1", "kind": "ServiceMonitor", "metadata": meta})
    labels = {"app.kubernetes.io/managed-by": "prometheus-operator"}
    for name, more in (("monitoring-kube-prometheus-kubelet", {"labels": labels}), ("kube-dns", {})):
        meta = {"name": name, "namespace": "kube-system", **more}
        cluster.add({"apiVersion": "v1", "kind": "Service", "metadata": meta})
    found = monitoring.doomed(kube, "monitoring")
    assert found.objects == {"prometheusrules": 1, "servicemonitors": 1}
    assert found.services == ("monitoring-kube-prometheus-kubelet",)
    assert (found.release.version, found.namespace) == ("79.1.0", "monitoring")
    monitoring.rollback(kube, found, lambda _: None, deadline=5)
    assert any(call.startswith("uninstall monitoring") for call in helm.calls())
    assert kube.get("v1", "Namespace", "monitoring") is None
    left = [each["metadata"]["name"] for each in kube.list(*monitoring.CRD)]
    assert left == ["others.example.com"]
    assert [each["metadata"]["name"] for each in kube.list("v1", "Service", "kube-system")] == ["kube-dns"]


def test_a_rollback_of_nothing_finds_nothing(api: KubeApi, kube: Kube, helm: Program) -> None:
    assert monitoring.doomed(kube, "monitoring").nothing


def test_the_status_has_release_pods_and_ingresses(cluster: KubeApi, kube: Kube, helm: Program) -> None:
    monitoring.deploy(kube, monitoring.Order(deadline=20), lambda _: None)
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "grafana-0", "namespace": "monitoring"}}
    cluster.add({**pod, "status": {"phase": "Pending"}})
    found = monitoring.status(kube, "monitoring")
    assert found["pods"] == [{"name": "grafana-0", "lacking": "pending"}]
    assert {host for each in found["ingresses"] for host in each["hosts"]} == {"headlamp.test", "kubetail.test"}
    assert found["release"].status == "deployed"


def test_our_manifests_are_manifests_with_names_that_match_the_addons() -> None:
    """The Services behind the ingresses, as minikube's addons name them (deploy/addons/headlamp, .../kubetail)."""
    paths = sorted(data.folder("manifests").glob("*/*.yaml"))
    manifests = [manifest for path in paths for manifest in applying.read(path)]
    ends = {}
    for each in manifests:
        if each["kind"] == "Ingress":
            rule = each["spec"]["rules"][0]
            service = rule["http"]["paths"][0]["backend"]["service"]
            ends[rule["host"]] = (each["metadata"]["namespace"], service["name"], service["port"]["name"])
    assert ends == {
        "headlamp.test": ("headlamp", "headlamp", "http"),
        "kubetail.test": ("kubetail-system", "kubetail-dashboard", "http"),
    }


def test_the_ten_definitions_of_the_operator() -> None:
    assert len(set(monitoring.CRDS)) == 10
    assert list(monitoring.CRDS) == sorted(monitoring.CRDS)
