"""Whom a node is run as: us; or, if we are root and its program refuses to run as root (Postgres does), `nobody`.

`nobody` can't reach what stands in root's home. So such nodes live in a folder of their own in the system's folder for
temporary files, which is named after the lab and goes with it, and the program is copied there if it can't be reached.
"""

from __future__ import annotations

import os
import pwd
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from brokerlab.core.errors import LabError

NAME = "nobody"


@dataclass(frozen=True)
class Account:
    """A user of the system, without further groups."""

    uid: int
    gid: int

    def own(self, folder: Path) -> None:
        """Give it a folder and all that is in it, and nobody else."""
        folder.chmod(0o700)
        for path in (folder, *folder.rglob("*")):
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def for_servers() -> Account | None:
    """Whom a program that refuses root is to be run as; None: as us."""
    if os.geteuid() != 0:
        return None
    try:
        found = pwd.getpwnam(NAME)
    except KeyError:
        raise LabError(
            f"Postgres does not run as root, and this system has no user {NAME!r} to run it as",
            "run brokerlab as another user than root",
        ) from None
    return Account(found.pw_uid, found.pw_gid)


def home(lab_id: str) -> Path:
    """Where the nodes of one lab live that are run as somebody else."""
    return Path(tempfile.gettempdir()) / f"brokerlab-{lab_id}"


def make_home(lab_id: str) -> Path:
    """Others may pass through it, and see nothing."""
    folder = home(lab_id)
    folder.mkdir(mode=0o711, exist_ok=True)
    if not reachable(folder):
        raise LabError(f"{NAME!r} can't reach {folder}, where Postgres is to be run", "set TMPDIR to /tmp")
    return folder


def within_reach(programs: Path, folder: Path) -> Path:
    """A folder of programs; if it can't be reached, the one in a copy of its parent that is made below `folder`."""
    if reachable(programs):
        return programs
    copy = folder / programs.parent.name
    if not copy.is_dir():
        shutil.copytree(programs.parent, copy, symlinks=True)
    return copy / programs.name


def reachable(path: Path) -> bool:
    """Whether every user may pass through it and every folder above it."""
    return all(part.stat().st_mode & 0o001 for part in (path.resolve(), *path.resolve().parents))
