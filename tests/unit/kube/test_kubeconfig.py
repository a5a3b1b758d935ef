"""Contexts of the kubeconfig: which one is meant, and whether it may be changed without asking."""

from __future__ import annotations

from pathlib import Path

import pytest

from brokerlab.core.errors import LabError, UsageError
from brokerlab.kube import kubeconfig
from tests.fakes.kube_api import KubeApi


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
