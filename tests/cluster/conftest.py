"""Tests on a real Kubernetes: whatever KUBECONFIG names, in namespaces of their own, which are gone afterwards.

Without KUBECONFIG they are skipped, with the reason; where BROKERLAB_CLUSTER_REQUIRED is set (CI's own step for them)
that is a failure instead.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from brokerlab.core import wait
from brokerlab.kube import applying, kube_errors, kubeconfig, waiting
from brokerlab.kube.api import Kube
from brokerlab.labs.kubernetes.parts import Images
from tests.cli.conftest import brokerlab, home
from tests.cluster import images

__all__ = ["brokerlab", "home"]

NEEDED = "needs a real cluster (kind, minikube, any other): KUBECONFIG=FILE make test-cluster"
CHART = Path(__file__).parent / "chart"
WANTED = "name images that the cluster can pull: BROKERLAB_IMAGE, and BROKERLAB_{BROKER,POSTGRES,PROMETHEUS}_IMAGE"
BUSYBOX = "docker.io/library/busybox:1.37.0"  # where the nodes have none already


@pytest.fixture(scope="session")
def context() -> kubeconfig.Context:
    if not os.environ.get("KUBECONFIG"):
        if os.environ.get("BROKERLAB_CLUSTER_REQUIRED"):
            pytest.fail(f"may not be skipped here: {NEEDED}")
        pytest.skip(NEEDED)
    return kubeconfig.chosen(None)


@pytest.fixture
def kube(context: kubeconfig.Context) -> Kube:
    """A test's own: it remembers which kinds there are."""
    return kubeconfig.connect(context)


@pytest.fixture(scope="session")
def image(context: kubeconfig.Context) -> str:
    """A busybox: one that the nodes have, for a cluster that can pull nothing; else the public one."""
    nodes = kubeconfig.connect(context).list("v1", "Node")
    names = [name for node in nodes for each in node["status"].get("images") or () for name in each.get("names") or ()]
    return next((name for name in names if "/busybox:" in name), BUSYBOX)


@pytest.fixture(scope="session")
def ours(context: kubeconfig.Context) -> Images:
    """Of the lab `kubernetes`: the node's, made here; or those that the environment names."""
    if os.environ.get("K8S_NODE_DIR"):
        made = images.images(images.HOME)
        for tag, path in made.values():
            images.load(path, tag)
        servers = made["servers"][0]
        return Images(made["agents"][0], {"kafka": servers, "postgres": servers}, servers)
    named = [os.environ.get(f"BROKERLAB_{name}IMAGE", "") for name in ("", "BROKER_", "POSTGRES_", "PROMETHEUS_")]
    if not named[0]:
        pytest.fail(WANTED) if os.environ.get("BROKERLAB_CLUSTER_REQUIRED") else pytest.skip(WANTED)
    nodes = {broker: image for broker, image in zip(("kafka", "postgres"), named[1:3], strict=True) if image}
    return Images(named[0], nodes, **({"prometheus": named[3]} if named[3] else {}))


@pytest.fixture(scope="session")
def made(context: kubeconfig.Context) -> Iterator[list[str]]:
    """The names of the tests' namespaces; all are gone at the end."""
    names: list[str] = []
    yield names
    for name in names:
        waiting.until_gone(kubeconfig.connect(context), name, lambda _: None, deadline=120)


@pytest.fixture
def namespace(kube: Kube, made: list[str]) -> Iterator[str]:
    """A namespace of the test's own."""
    name = f"brokerlab-test-{uuid.uuid4().hex[:8]}"
    made.append(name)
    applying.ensure_namespace(kube, name, lambda _: None)
    yield name
    kube.delete("v1", "Namespace", name)


@pytest.fixture
def definitions(kube: Kube) -> Iterator[None]:
    """The operator's CRDs, where the cluster does not have them; then only for the test."""
    wanted = applying.read(CHART / "crds" / "crds.yaml")
    made = [each for each in wanted if kube.get(each["apiVersion"], each["kind"], each["metadata"]["name"]) is None]
    for each in made:
        kube.apply(each)
    _established(kube, made)
    yield
    names = [(each["apiVersion"], each["kind"], each["metadata"]["name"]) for each in made]
    for name in names:
        kube.delete(*name)
    waiting.until_deleted(kube, names, deadline=60)


def await_event(kube: Kube, namespace: str, reason: str) -> None:
    """Return when the cluster has told of it: how soon a pod gets so far is up to its node."""

    def told() -> bool:
        return any(event["reason"] == reason for event in kube.list("v1", "Event", namespace))

    wait.until(told, f"an event {reason} in {namespace}", deadline=120, every=0.2)


def _established(kube: Kube, definitions: list[dict]) -> None:
    specs = [each["spec"] for each in definitions]
    kinds = [(f"{spec['group']}/{spec['versions'][0]['name']}", spec["names"]["kind"]) for spec in specs]

    def served() -> bool:
        try:
            return all(isinstance(kube.list(*kind), list) for kind in kinds)
        except (kube_errors.NotFoundError, kube_errors.NoSuchKindError):
            return False

    wait.until(served, "the operator's definitions to be served", deadline=30, every=0.2)
