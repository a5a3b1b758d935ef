"""Folders of the test's own, so that nothing of the real ones is seen or changed; and programs that are scripts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.scripts import script


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("CACHE", "STATE", "RUNS"):
        monkeypatch.setenv(f"BROKERLAB_{name}", str(tmp_path / name.lower()))
    for name in ("BROKERLAB_JAVA", "BROKERLAB_PROMETHEUS", "BROKERLAB_PROMETHEUS_URL", "BROKERLAB_MAVEN", "JAVA_HOME"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def program(tmp_path: Path) -> Callable[..., Path]:
    """program("java", says="...", to="stderr"): an executable of that name that says so."""
    return lambda name, **what: script(tmp_path / "programs" / name, **what)


@pytest.fixture
def said() -> list[str]:
    return []
