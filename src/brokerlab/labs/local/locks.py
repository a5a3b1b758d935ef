"""The committed locks of Java libraries: which files make up a program's class path, each with its sha256.

A lock is a text file in the folder `jars` beside this module, one `group:artifact:version sha256` a line, in the order
of the class path; `#` begins a comment. `python -m brokerlab.labs.local.relock` writes them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from brokerlab.core.errors import UsageError

FOLDER = Path(__file__).parent / "jars"


@dataclass(frozen=True)
class LockedJar:
    """One library: its Maven coordinate and the sha256 (hex) of its file."""

    coordinate: str  # group:artifact:version
    sha256: str

    @property
    def file_name(self) -> str:
        _, artifact, version = self.coordinate.split(":")
        return f"{artifact}-{version}.jar"


@dataclass(frozen=True)
class JarLock:
    """The libraries of one program. digest: changes whenever any of them does."""

    name: str
    jars: tuple[LockedJar, ...]

    @property
    def digest(self) -> str:
        text = "\n".join(f"{jar.coordinate} {jar.sha256}" for jar in self.jars)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def read_lock(name: str, folder: Path = FOLDER) -> JarLock:
    path = folder / f"{name}.txt"
    if not path.is_file():
        raise UsageError(f"there is no list of Java libraries called {name}", f"known: {', '.join(known(folder))}")
    lines = (line.split("#")[0].split() for line in path.read_text().splitlines())
    return JarLock(name, tuple(LockedJar(line[0], line[1]) for line in lines if line))


def known(folder: Path = FOLDER) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.txt"))


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
