"""Writes a lock of Java libraries: `python -m brokerlab.labs.local.relock kafka-4.3.1 GROUP:ARTIFACT:VERSION...`.

jgo resolves what the named libraries need at run time; the files are downloaded and their sha256 written down. To be
run by a maintainer, on a machine with the network, when a version changes; the result is committed.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from brokerlab.labs.local.locks import FOLDER, sha256_of

RUN_TIME = ("compile", "runtime", None)


def relock(name: str, coordinates: Sequence[str], folder: Path = FOLDER) -> Path:
    from jgo.maven import MavenContext

    with tempfile.TemporaryDirectory() as repository:
        context = MavenContext(repo_cache=Path(repository))
        wanted = [context.create_dependency(coordinate) for coordinate in coordinates]
        named, needed = context.resolver.resolve(wanted)
        found = [one.artifact for one in (*named, *needed) if one.scope in RUN_TIME]
        lines = sorted({f"{a.groupId}:{a.artifactId}:{a.version} {sha256_of(a.resolve())}" for a in found})
    path = folder / f"{name}.txt"
    head = f"# Written by: python -m brokerlab.labs.local.relock {name} {' '.join(coordinates)}"
    path.write_text("\n".join([head, *lines, ""]))
    return path


if __name__ == "__main__":
    sys.stdout.write(f"{relock(sys.argv[1], sys.argv[2:])}\n")
