"""Which names lead to the cluster; what the cluster commands find on a machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from brokerlab.cluster import dns, doctor, pages
from brokerlab.kube.api import Kube
from tests.fakes.kube_api import KubeApi
from tests.fakes.programs import Said, install


def test_the_names_are_the_pages_and_every_ingress_of_the_cluster(api: KubeApi, kube: Kube) -> None:
    rules = [{"host": "shop.test"}, {"host": "*.wild.test"}, {}]
    meta = {"name": "shop", "namespace": "shop"}
    api.add({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": meta, "spec": {"rules": rules}})
    assert dns.names("workshop-mb", ["more.test"], lambda _: None) == sorted([*pages.HOSTS, "shop.test", "more.test"])
    assert set(pages.HOSTS) == {
        f"{page}.test" for page in ("headlamp", "grafana", "alertmanager", "prometheus", "kubetail")
    }


def test_a_cluster_that_does_not_answer_has_no_names_to_tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "nowhere"))
    said: list[str] = []
    assert dns.names("workshop-mb", (), said.append) == sorted(pages.HOSTS)
    assert "left out" in said[0]


def test_wsl_is_known_by_its_kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = tmp_path / "osrelease"
    assert not dns.under_wsl(kernel)
    kernel.write_text("6.8.0-45-generic\n")
    assert not dns.under_wsl(kernel)
    kernel.write_text("5.15.153.1-microsoft-standard-WSL2\n")
    assert dns.under_wsl(kernel)
    monkeypatch.setattr(dns, "under_wsl", lambda: True)
    assert "/mnt/c/Windows/System32/drivers/etc/hosts" in dns.windows_note()
    monkeypatch.setattr(dns, "under_wsl", lambda: False)
    assert dns.windows_note() == ""


def test_a_machine_with_nothing_is_told_how_to_get_each_thing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "nowhere"))
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    checks = {check.name: check for check in doctor.checks()}
    assert set(checks) == {"docker", "minikube", "helm", "kubectl", "disk", "memory", "kubeconfig"}
    for name in ("docker", "minikube", "helm", "kubectl", "kubeconfig"):
        assert not checks[name].ok
        assert not checks[name].version
        assert checks[name].how_to_get
    assert "install Docker" in checks["docker"].how_to_get


def test_a_machine_with_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, "minikube", {"version": Said(json.dumps({"minikubeVersion": "v1.38.1"}))})
    install(tmp_path, monkeypatch, "helm", {"version": Said("v3.19.0")})
    install(tmp_path, monkeypatch, "kustomize", {"version": Said("v5.7.1\n")})
    assert (doctor.minikube_program().version, doctor.helm().version, doctor.kustomize().version) == (
        "1.38.1",
        "3.19.0",
        "5.7.1",
    )


@pytest.mark.parametrize(("version", "why"), [("v3.7.2", "3.8.0 or later"), ("nonsense", "does not tell its version")])
def test_an_old_or_strange_helm_is_not_ok(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, why: str
) -> None:
    install(tmp_path, monkeypatch, "helm", {"version": Said(version)})
    found = doctor.helm()
    assert not found.ok
    assert why in found.how_to_get


def test_kubectl_serves_for_kustomize(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = json.dumps({"clientVersion": {"gitVersion": "v1.34.1"}, "kustomizeVersion": "v5.7.1"})
    install(tmp_path, monkeypatch, "kubectl", {"version": Said(said)})
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert (doctor.kustomize().name, doctor.kustomize().version, doctor.kustomize().ok) == ("kubectl", "1.34.1", True)


def test_the_current_context_is_named(kube: Kube) -> None:
    assert doctor.context().found == "context workshop-mb"
