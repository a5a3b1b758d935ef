"""The Kubernetes API over HTTP: server-side apply, and every failure as a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from brokerlab.core.errors import LabError
from brokerlab.kube import applying, kubeconfig
from brokerlab.kube.api import Kube
from tests.fakes.kube_api import KubeApi, forbidden

CONFIG_MAP = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "c", "namespace": "shop"},
    "data": {"a": "b"},
}


def test_apply_is_server_side_by_our_manager_and_strict(api: KubeApi, kube: Kube) -> None:
    applying.apply(kube, [CONFIG_MAP], "", lambda _: None)
    patch = next(request for request in api.requests if "configmaps/c" in request)
    assert patch == (
        "PATCH /api/v1/namespaces/shop/configmaps/c?fieldManager=brokerlab&force=true&fieldValidation=Strict"
    )
    assert kube.get("v1", "ConfigMap", "c", "shop")["data"] == {"a": "b"}


def test_a_dry_run_changes_nothing(api: KubeApi, kube: Kube) -> None:
    applying.ensure_namespace(kube, "shop", lambda _: None)
    kube.apply(CONFIG_MAP, dry_run=True)
    assert "dryRun=All" in api.requests[-1]
    assert kube.get("v1", "ConfigMap", "c", "shop") is None


def test_a_missing_right_is_named(api: KubeApi, kube: Kube) -> None:
    api.faults.append(
        ("PATCH .*/namespaces/shop/configmaps", 403, forbidden("ann", "patch", "configmaps", "apps", "shop"))
    )
    with pytest.raises(LabError) as caught:
        applying.apply(kube, [CONFIG_MAP], "", lambda _: None)
    said = "the right to patch configmaps (apps) in the namespace 'shop' is missing for the user 'ann'"
    assert caught.value.message == said


def test_a_missing_right_in_the_whole_cluster_is_named(api: KubeApi, kube: Kube) -> None:
    message = (
        'namespaces is forbidden: User "system:serviceaccount:a:b" cannot list resource "namespaces" in API group ""'
        " at the cluster scope"
    )
    api.faults.append(("GET /api/v1/namespaces", 403, {"message": message}))
    with pytest.raises(
        LabError, match="the right to list namespaces in the whole cluster is missing for the user 'system"
    ):
        kube.list("v1", "Namespace")


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (401, "does not accept the credentials of context 'workshop-mb': they are wrong or have expired"),
        (422, "finds the manifest wrong: spec.replicas: Invalid value"),
        (503, "can't do it now"),
        (418, "answered 418"),
    ],
)
def test_what_the_server_refuses_is_a_sentence(api: KubeApi, kube: Kube, status: int, said: str) -> None:
    api.faults.append(("", status, {"kind": "Status", "message": "spec.replicas: Invalid value"}))
    with pytest.raises(LabError) as caught:
        kube.list("v1", "Pod")
    assert said in caught.value.message


def test_a_server_that_is_gone_is_a_sentence_with_its_address(kube: Kube, tmp_path: Path, monkeypatch) -> None:
    config = tmp_path / "kubeconfig"
    config.write_text(config.read_text().replace(kube.server, "http://127.0.0.1:1"))
    gone = kubeconfig.connect(kubeconfig.chosen(None))
    with pytest.raises(LabError) as caught:
        gone.list("v1", "Pod")
    assert "http://127.0.0.1:1 of context 'workshop-mb' does not answer: connection refused" in caught.value.message
    assert "brokerlab cluster status" in caught.value.hint


def test_a_server_that_goes_away_in_the_middle_is_a_sentence(
    api: KubeApi, kube: Kube, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection ends in the middle of an apply."""

    def die(*_: object) -> tuple[int, object]:
        raise ConnectionResetError

    applying.ensure_namespace(kube, "shop", lambda _: None)
    monkeypatch.setattr(api, "answer", die)
    with pytest.raises(LabError, match="does not answer"):
        kube.apply(CONFIG_MAP)


def test_what_is_not_there_is_none_and_deleting_it_false(kube: Kube) -> None:
    assert kube.get("v1", "ConfigMap", "c", "shop") is None
    assert kube.delete("v1", "ConfigMap", "c", "shop") is False
    assert kube.delete("nowhere.io/v1", "Thing", "c") is False


def test_of_a_kind_whose_definition_went_away_there_is_nothing(api: KubeApi, kube: Kube) -> None:
    assert kube.has("v1", "Pod")  # looked up, and remembered
    api.faults.append(("/pods", 404, "404 page not found"))
    assert kube.list("v1", "Pod", "shop") == []
