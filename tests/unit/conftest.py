"""A small API server and a connection to it; and waiting that looks often: nothing here takes as long as pods do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from brokerlab.kube import kubeconfig, targets, waiting
from brokerlab.kube.api import Kube
from tests.fakes.kube_api import KubeApi, serving


@pytest.fixture
def api() -> Iterator[KubeApi]:
    with serving(KubeApi()) as server:
        yield server


@pytest.fixture
def kube(api: KubeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kube:
    monkeypatch.setenv("KUBECONFIG", str(api.kubeconfig(tmp_path)))
    return kubeconfig.connect(kubeconfig.chosen(None))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "EVERY", 0.01)
    monkeypatch.setattr(targets, "EVERY", 0.01)
