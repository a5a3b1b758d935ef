"""The scripts that `make` sets a machine up with: a sentence and what to do where something is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BASICS = ("sh", "uname", "id", "rm", "cat")


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder that is all of PATH, with hardly anything in it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in BASICS:
        (folder / name).symlink_to(str(shutil.which(name)))
    return folder


def program(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def script(name: str, programs: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", ROOT / "requirements" / name, *arguments],
        env={"PATH": str(programs), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_no_python_at_all(programs: Path, tmp_path: Path) -> None:
    ran = script("venv.sh", programs, str(tmp_path / "venv"))
    assert ran.returncode == 4
    assert "error: no Python 3.11 or later was found" in ran.stderr
    assert " hint: install Python 3.11" in ran.stderr or "brew install" in ran.stderr


def test_a_python_that_is_too_old(programs: Path, tmp_path: Path) -> None:
    program(programs, "python3", "exit 1")  # the answer to `sys.version_info < (3, 11)`
    program(programs, "apt-get", "exit 0")
    ran = script("venv.sh", programs, str(tmp_path / "venv"))
    assert ran.returncode == 4
    assert "no Python 3.11 or later" in ran.stderr
    assert "apt-get install python3 python3-venv" in ran.stderr


def test_a_python_without_its_venv_module(programs: Path, tmp_path: Path) -> None:
    program(programs, "python3", 'case "$2" in *ensurepip*) exit 1 ;; esac')
    program(programs, "apt-get", "exit 0")
    ran = script("venv.sh", programs, str(tmp_path / "venv"))
    assert ran.returncode == 4
    assert "has no venv module" in ran.stderr
    assert "apt-get install python3 python3-venv" in ran.stderr


def test_a_half_made_environment_is_removed(programs: Path, tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    program(programs, "python3", f'case "$1" in -m) /bin/mkdir -p {venv}/bin; exit 1 ;; esac')
    ran = script("venv.sh", programs, str(venv))
    assert ran.returncode == 4
    assert not venv.exists()


def test_the_python_that_the_user_names_is_used_alone(programs: Path, tmp_path: Path) -> None:
    program(programs, "python3", f"touch {tmp_path}/asked")
    ran = script("venv.sh", programs, str(tmp_path / "venv"), PYTHON="/nowhere/python")
    assert ran.returncode == 4
    assert "PYTHON=/nowhere/python" in ran.stderr
    assert not (tmp_path / "asked").exists()


@pytest.mark.parametrize(("system", "code"), [("exit 0", 0), ("exit 4", 4)])
def test_tools_for_root_with_apt_the_systems_package_is_the_second_try(
    programs: Path, tmp_path: Path, system: str, code: int
) -> None:
    (programs / "id").unlink()
    program(programs, "id", "echo 0")
    program(programs, "apt-get", "exit 0")
    program(programs, "brokerlab", f'echo "$@" >> {tmp_path}/asked; case "$*" in *--system*) {system} ;; esac; exit 4')
    ran = script("tools.sh", programs, str(programs / "brokerlab"))
    assert ran.returncode == code
    assert (tmp_path / "asked").read_text() == "doctor --fix\ndoctor --fix --system\n"


def test_tools_without_root_do_not_touch_the_system(programs: Path, tmp_path: Path) -> None:
    (programs / "id").unlink()
    program(programs, "id", "echo 1000")
    program(programs, "apt-get", "exit 0")
    program(programs, "brokerlab", f'echo "$@" >> {tmp_path}/asked; exit 4')
    assert script("tools.sh", programs, str(programs / "brokerlab")).returncode == 4
    assert (tmp_path / "asked").read_text() == "doctor --fix\n"


def test_the_scripts_can_be_parsed() -> None:
    for path in (ROOT / "requirements").glob("*.sh"):
        subprocess.run(["sh", "-n", path], check=True)
    subprocess.run(["bash", "-n", ROOT / ".ci" / "run"], check=True)
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
