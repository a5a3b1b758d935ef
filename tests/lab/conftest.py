"""Real labs: each in a state folder of its own, all with the machine's own cache (made by the first that needs it)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from brokerlab.brokers.kafka import BROKER
from brokerlab.brokers.postgres import BROKER as POSTGRES
from brokerlab.labs.local.lab import LocalLab


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A state folder of the test's own, with a name that breaks careless paths; what is left in it is ended."""
    monkeypatch.setenv("BROKERLAB_STATE", str(tmp_path / "my state, ä"))
    monkeypatch.setenv("BROKERLAB_RUNS", str(tmp_path / "runs"))
    yield tmp_path
    LocalLab.down()


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalLab]:
    """One lab for all tests of a module, which leave it as they found it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BROKERLAB_STATE", str(tmp_path_factory.mktemp("lab") / "state"))
        lab = LocalLab.up(BROKER.nodes(3))
        admin = BROKER.admin(lab.endpoint("client"), {})
        try:
            admin.await_ready(3, 60)
            yield lab
        finally:
            admin.close()
            LocalLab.down()


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of one Postgres for all tests of a module, whose tables are each test's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BROKERLAB_STATE", str(tmp_path_factory.mktemp("lab") / "state"))
        lab = LocalLab.up(POSTGRES.nodes(1), with_prometheus=False)
        try:
            yield lab.endpoint(POSTGRES.port)
        finally:
            LocalLab.down()
