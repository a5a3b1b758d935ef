"""Our manifests, tokens, rights and releases on a real API server."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from brokerlab.cluster import headlamp, kustomize, skeleton
from brokerlab.core.errors import LabError
from brokerlab.kube import applying, data, kube_errors, kubeconfig
from brokerlab.kube.api import Kube

pytestmark = pytest.mark.cluster

MANIFESTS = sorted(data.folder("manifests").glob("*/*.yaml"))


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.stem)
def test_every_manifest_is_accepted(kube: Kube, namespace: str, definitions: None, path: Path) -> None:
    for manifest in applying.read(path):
        moved = {**manifest, "metadata": {**manifest["metadata"], "namespace": namespace}}
        assert kube.apply(moved, dry_run=True)["metadata"]["name"] == manifest["metadata"]["name"]


def test_kustomize_renders_all_of_them_and_the_api_server_takes_the_result(
    kube: Kube, namespace: str, definitions: None, tmp_path: Path
) -> None:
    """As a usecase's base would have them: kustomize reads every one, and puts it into its namespace."""
    for path in MANIFESTS:
        (tmp_path / path.name).write_bytes(path.read_bytes())
    built = {"namespace": namespace, "resources": [path.name for path in MANIFESTS]}
    (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump(built))
    rendered = kustomize.build(tmp_path)
    assert len(rendered) == sum(len(applying.read(path)) for path in MANIFESTS)
    for manifest in rendered:
        assert kube.apply(manifest, dry_run=True)["metadata"]["namespace"] == namespace


def test_a_mistyped_field_is_refused(kube: Kube, namespace: str) -> None:
    wrong = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": namespace}, "dta": {}}
    with pytest.raises(LabError, match="dta"):
        kube.apply(wrong, dry_run=True)


def test_the_skeleton_is_accepted(kube: Kube, namespace: str, definitions: None) -> None:
    for name, text in skeleton.files("shop").items():
        if name != "kustomization.yaml":
            for manifest in applying.parsed(text, name):
                kube.apply(manifest, namespace, dry_run=True)


def test_applying_twice_is_once(kube: Kube, namespace: str) -> None:
    thing = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "x", "namespace": namespace},
        "data": {"a": "b"},
    }
    first, second = kube.apply(thing), kube.apply(thing)
    assert first["metadata"]["resourceVersion"] == second["metadata"]["resourceVersion"]
    assert kube.delete("v1", "ConfigMap", "x", namespace)
    assert kube.get("v1", "ConfigMap", "x", namespace) is None


def test_a_real_token(kube: Kube, namespace: str) -> None:
    kube.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "headlamp", "namespace": namespace}})
    assert headlamp.token(kube, "1h", "headlamp", namespace).count(".") == 2
    with pytest.raises(LabError, match="no service account nobody"):
        headlamp.token(kube, "1h", "nobody", namespace)


def with_token(tmp_path: Path, token: str) -> Kube:
    """The same cluster as the holder of that token."""
    config = yaml.safe_load(Path(os.environ["KUBECONFIG"]).read_text())
    for user in config["users"]:
        user["user"] = {"token": token}
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(config))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUBECONFIG", str(path))
        return kubeconfig.connect(kubeconfig.chosen(None))


def test_a_missing_right_is_named(kube: Kube, namespace: str, tmp_path: Path) -> None:
    kube.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "weak", "namespace": namespace}})
    weak = with_token(tmp_path, headlamp.token(kube, "1h", "weak", namespace))
    thing = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x", "namespace": namespace}}
    with pytest.raises(LabError) as caught:
        weak.apply(thing)
    assert f"the right to patch deployments (apps) in the namespace '{namespace}' is missing" in caught.value.message
    with pytest.raises(LabError, match="the right to list namespaces in the whole cluster is missing"):
        weak.list("v1", "Namespace")


def test_wrong_credentials_are_a_sentence(kube: Kube, tmp_path: Path) -> None:
    with pytest.raises(LabError, match="does not accept the credentials"):
        with_token(tmp_path, "wrong").list("v1", "Namespace")


def test_an_unknown_kind_is_a_sentence(kube: Kube) -> None:
    with pytest.raises(kube_errors.NoSuchKindError):
        kube.list("example.invalid/v1", "Thing")
