"""The wheel carries what the installed program needs, and the installed program runs."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", folder, ROOT],
        check=True,
    )
    (built,) = folder.glob("brokerlab-*.whl")
    return built


def names(root: Path, folder: str) -> set[str]:
    """The files of the repository's folder, as git has them."""
    listed = subprocess.run(["git", "ls-files", folder], cwd=root, capture_output=True, text=True, check=True)
    return set(listed.stdout.split())


def test_it_carries_the_manifests_the_values_and_the_jar_lock(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("manifests", "charts-values"):
        expected = {f"brokerlab/data/{name}" for name in names(ROOT, folder)}
        assert expected
        assert expected <= inside
    assert any(name.startswith("brokerlab/labs/local/jars/kafka-") for name in inside)
    assert not [name for name in inside if name.startswith(("tests/", "bench/"))]


def test_it_names_its_licence_and_its_command(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        metadata = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        entry_points = next(name for name in archive.namelist() if name.endswith("entry_points.txt"))
        assert "License-Expression: Apache-2.0" in archive.read(metadata).decode()
        assert "brokerlab = brokerlab.__main__:main" in archive.read(entry_points).decode()
        assert any(name.endswith("licenses/LICENSE") for name in archive.namelist())


def test_the_installed_program_runs_from_the_wheel_alone(wheel: Path, tmp_path: Path) -> None:
    """Installed beside the environment's own libraries, but not from the repository."""
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", tmp_path / "site", wheel],
        check=True,
    )
    code = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv.pop(1)); import brokerlab;"
        "assert Path(brokerlab.__file__).is_relative_to(sys.path[0]), brokerlab.__file__;"
        "from brokerlab.__main__ import main; sys.exit(main())"
    )
    for arguments in (["--help"], ["scenario", "show", "acks"], ["core", "--help"]):
        subprocess.run(
            [sys.executable, "-c", code, tmp_path / "site", *arguments],
            cwd=tmp_path,
            check=True,
            stdout=subprocess.DEVNULL,
        )
