"""The Kubernetes API over HTTP: contexts, server-side apply, and every failure as a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from brokerlab.core.errors import DeadlineError, LabError, UsageError
from brokerlab.kube import applying, kube_errors, kubeconfig, waiting
from brokerlab.kube.api import Kube
from tests.fakes.kube_api import KubeApi, forbidden

CONFIG_MAP = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "c", "namespace": "shop"},
    "data": {"a": "b"},
}


def test_a_context_made_by_minikube_is_known_as_such(api: KubeApi, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(api.kubeconfig(tmp_path)))
    assert kubeconfig.chosen(None).minikube
    monkeypatch.setenv("KUBECONFIG", str(api.kubeconfig(tmp_path, minikube=False, name="company")))
    context = kubeconfig.chosen("company")
    assert (context.minikube, context.current, context.namespace) == (False, True, "default")


def test_another_cluster_is_asked_about_and_a_minikube_is_not(api: KubeApi, tmp_path: Path, monkeypatch) -> None:
    asked: list[str] = []
    monkeypatch.setenv("KUBECONFIG", str(api.kubeconfig(tmp_path)))
    kubeconfig.allow_changes(kubeconfig.chosen(None), "Deploy shop", lambda question: asked.append(question) or False)
    assert asked == []
    monkeypatch.setenv("KUBECONFIG", str(api.kubeconfig(tmp_path, minikube=False, name="company")))
    company = kubeconfig.chosen(None)
    with pytest.raises(UsageError, match="nothing was changed in 'company'"):
        kubeconfig.allow_changes(company, "Deploy shop", lambda question: asked.append(question) or False)
    assert asked == ["'company' is not a minikube. Deploy shop there?"]
    kubeconfig.allow_changes(company, "Deploy shop", lambda _: True)


def test_an_unknown_context_names_those_that_are_there(api: KubeApi, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(api.kubeconfig(tmp_path)))
    with pytest.raises(UsageError) as caught:
        kubeconfig.chosen("prod")
    assert (caught.value.message, caught.value.hint) == (
        "the kubeconfig has no context 'prod'",
        "there is: workshop-mb",
    )


@pytest.mark.parametrize("text", [None, "", "nonsense", "clusters: [", "a: 1"])
def test_a_kubeconfig_that_is_missing_or_wrong_is_a_sentence(tmp_path: Path, monkeypatch, text: str | None) -> None:
    path = tmp_path / "kubeconfig"
    if text is not None:
        path.write_text(text)
    monkeypatch.setenv("KUBECONFIG", str(path))
    with pytest.raises(LabError, match="kubeconfig"):
        kubeconfig.chosen(None)


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


def test_a_namespace_stuck_in_terminating_says_what_holds_it(api: KubeApi, kube: Kube) -> None:
    held = {
        "type": "NamespaceFinalizersRemaining",
        "status": "True",
        "message": "Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances",
    }
    status = {"phase": "Terminating", "conditions": [held, {"type": "Other", "status": "False", "message": "no"}]}
    api.add({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}, "status": status})
    with pytest.raises(DeadlineError, match="the namespace shop to be gone") as caught:
        waiting.until_gone(kube, "shop", lambda _: None, deadline=0.1)
    assert caught.value.hint == held["message"]


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


def test_a_server_that_goes_away_in_the_middle_is_a_sentence(api: KubeApi, kube: Kube) -> None:
    """The connection ends in the middle of an apply."""

    def die(*_: object) -> tuple[int, object]:
        raise ConnectionResetError

    applying.ensure_namespace(kube, "shop", lambda _: None)
    api.answer = die  # type: ignore[method-assign]
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
