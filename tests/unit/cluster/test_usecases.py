"""Usecases from skeleton to scraped target, on a small API server, with the recorded output of kustomize."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from brokerlab.cluster import kustomize, skeleton, usecases
from brokerlab.core.errors import LabError, UsageError
from brokerlab.kube.api import Kube
from tests.fakes.kube_api import KubeApi, ready_deployment
from tests.fakes.programs import Said, install
from tests.fakes.scraping import PROMETHEUS, active, scraped

RECORDED = Path(__file__).parent / "recorded"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> usecases.Usecase:
    root = tmp_path / "usecases"
    skeleton.write(root / "shop" / usecases.BASE, skeleton.files("shop"))
    install(tmp_path, monkeypatch, "kustomize", {"build": Said((RECORDED / "kustomize-shop.yaml").read_text())})
    return usecases.found("shop", root)


@pytest.fixture
def cluster(api: KubeApi) -> KubeApi:
    api.install_operator()
    api.add(PROMETHEUS)
    api.becomes["Deployment"] = ready_deployment
    scraped(api, active("up"))
    return api


def test_the_skeleton_fits_together() -> None:
    """Each link of the chain monitor, service, port, pod, by name."""
    texts = skeleton.files("shop", "example/shop:2", 9000)
    parts = {name: yaml.safe_load(text) for name, text in texts.items()}
    pod = parts["deployment.yaml"]["spec"]["template"]
    container, port = pod["spec"]["containers"][0], parts["service.yaml"]["spec"]["ports"][0]
    assert parts["kustomization.yaml"]["resources"] == [name for name in texts if name != "kustomization.yaml"]
    assert parts["kustomization.yaml"]["namespace"] == "shop"
    assert parts["servicemonitor.yaml"]["spec"]["selector"]["matchLabels"].items() <= (
        parts["service.yaml"]["metadata"]["labels"].items()
    )
    assert parts["servicemonitor.yaml"]["spec"]["endpoints"][0]["port"] == port["name"]
    assert parts["service.yaml"]["spec"]["selector"].items() <= pod["metadata"]["labels"].items()
    assert port["targetPort"] in [each["name"] for each in container["ports"]]
    assert (container["image"], container["ports"][0]["containerPort"]) == ("example/shop:2", 9000)


def test_the_skeletons_pod_may_do_nothing_that_it_need_not() -> None:
    spec = yaml.safe_load(skeleton.files("shop")["deployment.yaml"])["spec"]["template"]["spec"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    may = spec["containers"][0]["securityContext"]
    assert (may["allowPrivilegeEscalation"], may["readOnlyRootFilesystem"], may["capabilities"]) == (
        False,
        True,
        {"drop": ["ALL"]},
    )


@pytest.mark.parametrize("name", ["", "Shop", "a b", "1a", "-a", "a-", "a" * 51, "x\ny", "../up"])
def test_a_name_that_kubernetes_would_not_take_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="no name for a usecase"):
        skeleton.files(name)


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "service.yaml").write_text("mine")
    with pytest.raises(UsageError, match=r"service\.yaml is there already"):
        skeleton.write(tmp_path, skeleton.files("shop"))
    assert [path.name for path in tmp_path.iterdir()] == ["service.yaml"]


def test_a_usecase_is_found_by_name_and_by_path(shop: usecases.Usecase, tmp_path: Path) -> None:
    root = tmp_path / "usecases"
    assert usecases.listed(root) == [shop]
    assert usecases.found(str(root / "shop"), tmp_path) == shop
    assert usecases.found(str(root / "shop" / "k8s" / "base"), tmp_path) == shop
    with pytest.raises(UsageError) as caught:
        usecases.found("shpo", root)
    assert caught.value.hint == "did you mean shop?"
    with pytest.raises(UsageError) as caught:
        usecases.found("x", tmp_path / "nowhere")
    assert "brokerlab usecase new x" in caught.value.hint


def test_deploy_makes_the_namespace_applies_waits_and_finds_the_target(
    cluster: KubeApi, kube: Kube, shop: usecases.Usecase
) -> None:
    said: list[str] = []
    up = usecases.deploy(kube, shop, "", said.append, 20)
    assert [(target.health, target.url) for target in up] == [("up", "http://10.0.0.5:8080/metrics")]
    assert said[0] == "creating the namespace shop"
    assert said[-1] == "waiting for Prometheus to scrape servicemonitor/shop"
    assert cluster.has("apps/v1", "Deployment", "shop", "shop")
    assert usecases.status(kube, shop, "") == [
        {"name": "deployment/shop", "namespace": "shop", "state": "ready"},
        {"name": "servicemonitor/shop", "namespace": "shop", "state": "up"},
    ]


def test_remove_leaves_nothing_and_takes_the_namespace_that_was_made_for_it(
    cluster: KubeApi, kube: Kube, shop: usecases.Usecase
) -> None:
    before = set(cluster.objects)
    usecases.deploy(kube, shop, "", lambda _: None, 20)
    assert usecases.remove(kube, shop, "", lambda _: None)[-1] == "namespace/shop"
    assert set(cluster.objects) == before
    assert usecases.remove(kube, shop, "", lambda _: None) == []


def test_remove_leaves_a_namespace_that_is_not_ours_or_that_another_lives_in(
    cluster: KubeApi, kube: Kube, shop: usecases.Usecase
) -> None:
    usecases.deploy(kube, shop, "", lambda _: None, 20)
    other = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "other", "namespace": "shop"}}
    cluster.add({**other, "spec": {}})
    assert "namespace/shop" not in usecases.remove(kube, shop, "", lambda _: None)
    kube.delete("apps/v1", "Deployment", "other", "shop")
    cluster.objects["/api/v1/namespaces/shop"]["metadata"]["labels"] = {}
    usecases.deploy(kube, shop, "", lambda _: None, 20)
    cluster.objects["/api/v1/namespaces/shop"]["metadata"]["labels"] = {"owner": "ann"}
    assert "namespace/shop" not in usecases.remove(kube, shop, "", lambda _: None)


def test_without_the_operator_nothing_is_applied(api: KubeApi, kube: Kube, shop: usecases.Usecase) -> None:
    with pytest.raises(LabError, match="no ServiceMonitor"):
        usecases.deploy(kube, shop, "", lambda _: None, 1)
    assert api.objects == {}


def test_what_kustomize_refuses_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match=r"has no kustomization\.yaml"):
        kustomize.build(tmp_path)
    (tmp_path / "kustomization.yaml").write_text("resources: [gone.yaml]\n")
    answers = {"build": [Said(err="Error: accumulating resources:\n gone.yaml", code=1), Said("")]}
    install(tmp_path, monkeypatch, "kustomize", answers)
    with pytest.raises(UsageError, match=r"can't build .*: accumulating resources: gone\.yaml"):
        kustomize.build(tmp_path)
    with pytest.raises(UsageError, match="builds nothing"):
        kustomize.build(tmp_path)


def test_without_a_program_that_builds_the_way_to_one_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kustomization.yaml").write_text("resources: []\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LabError, match="neither kubectl nor kustomize"):
        kustomize.build(tmp_path)


def test_kubectl_builds_where_there_is_no_kustomize(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kustomization.yaml").write_text("resources: []\n")
    program = install(
        tmp_path, monkeypatch, "kubectl", {"kustomize": Said((RECORDED / "kustomize-shop.yaml").read_text())}
    )
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert [each["kind"] for each in kustomize.build(tmp_path)] == ["Service", "Deployment", "ServiceMonitor"]
    assert program.calls() == [f"kustomize {tmp_path}"]
