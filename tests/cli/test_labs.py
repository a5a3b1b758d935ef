"""Which lab a run gets, on a lab that is none: nothing here starts a process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from brokerlab.cli import labs
from brokerlab.cli.lab_kubernetes import Wanted
from brokerlab.core.errors import DeadlineError, LabError
from brokerlab.labs.local.lab import LocalLab

CLUSTER = labs.Where(cluster=Wanted())


class Admin:
    """Says that the brokers are ready, or that they are not."""

    def __init__(self, error: Exception | None) -> None:
        self._error = error

    def await_ready(self, nodes: int, deadline: float) -> None:
        if self._error:
            raise self._error

    def close(self) -> None: ...


class Lab:
    """A `LocalLab` on paper: what was done to it."""

    def __init__(self, *, witness: bool = True) -> None:
        self.did: list[str] = []
        self._witness = self._asked = witness

    def asked(self, *, with_prometheus: bool) -> Lab:
        self._asked = with_prometheus
        return self

    def prometheus(self) -> str | None:
        return "http://127.0.0.1:1" if self._witness and self._asked else None

    def heal(self, say: Any) -> None:
        self.did.append("healed")

    def admin(self, which: Any, settings: Any) -> Admin:
        return which.admin("127.0.0.1:1", settings)


class Growing(Lab):
    """One that can have further brokers."""

    def nodes(self, which: str) -> tuple[str, ...]:
        return tuple(f"{which}-1" for did in self.did if did == f"added {which}-1")

    def add(self, specs: Any, say: Any) -> None:
        self.did.append(f"added {' '.join(specs)}")


def broker(error: Exception | None = None, name: str = "kafka") -> Any:
    return SimpleNamespace(
        name=name,
        port="client",
        nodes=lambda count, *, between=False: (f"{name}-1",),
        admin=lambda endpoint, settings: Admin(error),
    )


@contextmanager
def having(monkeypatch: pytest.MonkeyPatch, found: Lab | None, started: Lab) -> Iterator[None]:
    monkeypatch.setattr(LocalLab, "find", staticmethod(lambda **wanted: found and found.asked(**wanted)))
    monkeypatch.setattr(LocalLab, "up", staticmethod(lambda specs, **_: (started.did.append("up"), started)[1]))
    monkeypatch.setattr(LocalLab, "down", staticmethod(lambda: started.did.append("down")))
    yield


def use(wanted: labs.Where, which: Any) -> None:
    with labs.ready(which, 3, wanted, lambda _: None):
        pass


@pytest.mark.parametrize(("keep", "did"), [(False, ["up", "down"]), (True, ["up"])])
def test_a_lab_that_the_run_started_is_taken_down_unless_kept(
    home: Any, monkeypatch: pytest.MonkeyPatch, keep: bool, did: list[str]
) -> None:
    lab = Lab()
    with having(monkeypatch, None, lab):
        use(labs.Where(keep=keep), broker())
    assert lab.did == did


def test_a_lab_that_was_up_is_healed_and_stays_up(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = Lab()
    with having(monkeypatch, lab, lab):
        use(labs.Where(), broker())
    assert lab.did == ["healed"]


def test_a_broker_that_the_lab_does_not_have_yet_is_added_once() -> None:
    lab = Growing()
    for _ in range(2):
        labs.furnish(lab, [broker(name="postgres")], lambda _: None)
    assert lab.did == ["added postgres-1"]


@pytest.mark.parametrize(
    ("others", "where", "said"),
    [
        ((), CLUSTER, ""),
        (("postgres",), CLUSTER, ""),
        (("postgres",), replace(CLUSTER, bootstrap="host:9092"), "beside a broker of yours the lab kubernetes can't"),
        (("postgres",), labs.Where("host:9092"), "beside a broker of yours the lab external can't have postgres"),
        ((), labs.Where("host:9092"), ""),
        (("postgres",), labs.Where(), ""),
    ],
)
def test_what_a_lab_can_not_have_is_a_sentence(others: tuple[str, ...], where: labs.Where, said: str) -> None:
    found = labs.lacking(others, where)
    assert found.startswith(said)
    assert bool(found) is bool(said)


def test_a_lab_without_the_witness_that_was_asked_for_is_refused(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = Lab(witness=False)
    with having(monkeypatch, lab, lab):
        with pytest.raises(LabError, match="has no Prometheus"):
            use(labs.Where(), broker())
        use(labs.Where(prometheus=False), broker())


def test_brokers_that_do_not_come_up_are_the_labs_failure_and_it_is_taken_down(
    home: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = Lab()
    with having(monkeypatch, None, lab), pytest.raises(LabError, match="waited 60 s"):
        use(labs.Where(keep=True), broker(DeadlineError("waited 60 s for three brokers")))
    assert lab.did == ["up", "down"]


def test_a_run_without_prometheus_does_not_ask_the_one_that_is_up(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = Lab()
    with (
        having(monkeypatch, lab, lab),
        labs.ready(broker(), 3, labs.Where(prometheus=False), lambda _: None) as found,
    ):
        assert found.prometheus() is None


def test_two_runs_at_once_are_refused(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = Lab()
    with having(monkeypatch, lab, lab):
        first = labs.ready(broker(), 3, labs.Where(), lambda _: None)
        first.__enter__()
        with pytest.raises(LabError, match="another run is using the lab"):
            use(labs.Where(), broker())
        first.__exit__(None, None, None)
        use(labs.Where(), broker())  # the lock is free again
