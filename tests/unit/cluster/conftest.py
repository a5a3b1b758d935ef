"""Waiting that looks often: nothing here takes the seconds that pods take."""

from __future__ import annotations

import pytest

from brokerlab.kube import targets, waiting


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "EVERY", 0.01)
    monkeypatch.setattr(targets, "EVERY", 0.01)
