"""Postgres' programs: found where they are, named ones never passed over, and within reach of whom they are run as."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from brokerlab.core.errors import LabError
from brokerlab.core.node import JavaProgram, NativeProgram
from brokerlab.labs.local import account, native

Program = Callable[..., Path]


def test_a_named_folder_of_programs_is_used(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROKERLAB_POSTGRES", str(program("postgres", says="postgres (PostgreSQL) 17.2").parent))
    found = native.find_postgres()
    assert (found.version, found.found) == ("17.2", "named by BROKERLAB_POSTGRES")
    filled = found.command(NativeProgram("postgres", ("-D", "${data}")), {"data": "d"})
    assert filled == (str(found.folder / "postgres"), "-D", "d")
    with pytest.raises(TypeError):
        found.command(JavaProgram("Main", "jars"), {})


@pytest.mark.parametrize(
    ("says", "sentence"), [("postgres (PostgreSQL) 9.6.24", "older than 14"), ("", "version unknown")]
)
def test_a_named_one_that_does_not_serve_is_a_sentence(
    program: Program, monkeypatch: pytest.MonkeyPatch, says: str, sentence: str
) -> None:
    monkeypatch.setenv("BROKERLAB_POSTGRES", str(program("postgres", says=says).parent))
    with pytest.raises(LabError, match=sentence):
        native.find_postgres()


def test_a_folder_without_one_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROKERLAB_POSTGRES", str(tmp_path))
    with pytest.raises(LabError, match="there is no Postgres in"):
        native.find_postgres()


def test_what_others_cannot_reach_is_copied_to_where_they_can(tmp_path: Path) -> None:
    """As with a virtual environment in root's home."""
    programs = tmp_path / "home" / "pginstall" / "bin"
    programs.mkdir(parents=True)
    (programs / "postgres").write_text("program")
    (programs.parent / "lib").mkdir()
    (tmp_path / "home").chmod(0o700)
    found = account.within_reach(programs, tmp_path / "elsewhere")
    assert found == tmp_path / "elsewhere" / "pginstall" / "bin"
    assert (found / "postgres").read_text() == "program"
    assert (found.parent / "lib").is_dir()
    assert account.within_reach(programs, tmp_path / "elsewhere") == found


def test_what_they_can_reach_is_used_where_it_is() -> None:
    assert account.within_reach(Path("/usr/bin"), Path("/nowhere")) == Path("/usr/bin")


def test_only_root_runs_servers_as_somebody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert account.for_servers() is None
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    somebody = account.for_servers()
    assert somebody and somebody.uid != 0


def test_a_system_without_such_a_user_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(account, "NAME", "no such user")
    with pytest.raises(LabError, match="does not run as root"):
        account.for_servers()
