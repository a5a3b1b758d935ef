"""Passwords as the clients of a pod want them: libpq passes over a file that its group may read, and the files of a
Secret's volume belong to root, and to the group that may read them.
"""

from __future__ import annotations

from pathlib import Path


def take(given: Path, private: Path) -> None:
    """Copy what is given, as `NODE/FILE`, to where only this user may read it."""
    for path in sorted(given.glob("[!.]*/*")):
        own = private / path.relative_to(given)
        own.parent.mkdir(mode=0o700, exist_ok=True)
        own.touch(0o600)
        own.write_bytes(path.read_bytes())
