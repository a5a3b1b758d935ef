"""Manifests: what is one, in which order they are applied, and the namespaces that they need."""

from __future__ import annotations

import pytest

from brokerlab.core.errors import UsageError
from brokerlab.kube import applying, kube_errors
from brokerlab.kube.api import Kube
from tests.fakes.kube_api import KubeApi

CONFIG_MAP = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "c", "namespace": "shop"},
    "data": {"a": "b"},
}


def test_namespaces_come_first_and_are_made_where_missing(api: KubeApi, kube: Kube) -> None:
    said: list[str] = []
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s", "namespace": "shop"}}
    applying.apply(kube, [service, CONFIG_MAP], "", said.append)
    assert said == ["creating the namespace shop", "applying configmap/c", "applying service/s"]
    assert api.objects["/api/v1/namespaces/shop"]["metadata"]["labels"] == applying.OURS


def test_nothing_is_applied_when_a_kind_is_not_known(api: KubeApi, kube: Kube) -> None:
    monitor = {"apiVersion": "monitoring.coreos.com/v1", "kind": "ServiceMonitor", "metadata": {"name": "m"}}
    with pytest.raises(kube_errors.NoSuchKindError) as caught:
        applying.apply(kube, [CONFIG_MAP, monitor], "shop", lambda _: None)
    assert "no ServiceMonitor of monitoring.coreos.com/v1" in caught.value.message
    assert "brokerlab core deploy" in caught.value.hint
    assert api.objects == {}
    api.install_operator()
    applying.apply(kube, [CONFIG_MAP, monitor], "shop", lambda _: None)
    assert api.has("monitoring.coreos.com/v1", "ServiceMonitor", "m", "shop")


def test_a_namespace_in_terminating_is_waited_for_and_then_made_again(api: KubeApi, kube: Kube) -> None:
    looks = []

    def end(namespace: dict) -> None:
        looks.append(namespace)
        if len(looks) == 3:
            api.objects.pop("/api/v1/namespaces/shop")

    api.add({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}, "status": {"phase": "Terminating"}})
    api.becomes["Namespace"] = end
    said: list[str] = []
    applying.ensure_namespace(kube, "shop", said.append)
    assert said == ["waiting for the namespace shop to be gone", "creating the namespace shop"]


@pytest.mark.parametrize("text", ["a: [", "- 1\n", "kind: A\n", "apiVersion: v1\nkind: A\nmetadata: {}\n"])
def test_what_is_no_manifest_is_a_sentence(text: str) -> None:
    with pytest.raises(UsageError, match=r"here\.yaml"):
        applying.parsed(text, "here.yaml")


def test_empty_documents_are_skipped() -> None:
    assert applying.parsed("---\n---\napiVersion: v1\nkind: A\nmetadata: {name: x}\n---\n", "x")[0]["kind"] == "A"


def test_a_bare_equals_sign_is_a_string_as_kubectl_has_it() -> None:
    """The Prometheus operator's definitions have one in an enum."""
    text = "apiVersion: v1\nkind: A\nmetadata: {name: x}\nspec:\n  enum:\n  - '!='\n  - =\n"
    assert applying.parsed(text, "x")[0]["spec"] == {"enum": ["!=", "="]}
