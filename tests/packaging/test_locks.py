"""The locks: every dependency of pyproject.toml, pinned within its bounds, with hashes and without any address."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
EXTRAS = {"run.txt": ("local",), "dev.txt": ("local", "dev")}


def pinned(lock: str) -> dict[str, list[tuple[Version, int]]]:
    """{name: [(version, how many hashes), one for each environment marker]}."""
    found: dict[str, list[tuple[Version, int]]] = {}
    entries = re.split(r"\n(?=\w)", (ROOT / "requirements" / lock).read_text())
    for entry in entries:
        match = re.match(r"([\w.-]+)==(\S+)", entry)
        if match:
            found.setdefault(match[1].lower(), []).append((Version(match[2]), entry.count("--hash=sha256:")))
    return found


@pytest.mark.parametrize("lock", list(EXTRAS))
def test_every_dependency_is_pinned_within_its_bounds_and_hashed(lock: str) -> None:
    project = PROJECT["project"]
    wanted = [
        *project["dependencies"],
        *(each for extra in EXTRAS[lock] for each in project["optional-dependencies"][extra]),
    ]
    wanted += PROJECT["build-system"]["requires"]
    found = pinned(lock)
    for requirement in map(Requirement, wanted):
        versions = found.get(requirement.name.lower(), [])
        assert versions, f"{requirement.name} is not in {lock}: make lock"
        for version, _ in versions:
            assert version in requirement.specifier
    assert all(hashes for versions in found.values() for _, hashes in versions)


@pytest.mark.parametrize("lock", list(EXTRAS))
def test_no_address_of_any_index(lock: str) -> None:
    text = (ROOT / "requirements" / lock).read_text()
    assert not re.search(r"://|--index-url|--extra-index-url|--find-links", text)


def test_both_locks_agree() -> None:
    run, dev = pinned("run.txt"), pinned("dev.txt")
    assert {name: dev[name] for name in run} == run
