"""A run folder as one archive, complete enough to be judged again elsewhere.

Left out are the agents' order sheets (`logs/*.json`): they have the client's own properties, passwords among them, and
judging does not need them.
"""

from __future__ import annotations

import tarfile
import tempfile
from pathlib import Path, PurePosixPath

from brokerlab.core.errors import UsageError
from brokerlab.ledger.store import StoredRun


def write(stored: StoredRun, path: Path) -> None:
    """Write `path`, readable by its owner alone; it is there when it is whole. Raises UsageError."""
    if stored.state == "running":
        raise UsageError(f"run {stored.run} is still running", "wait until it has ended")
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
            temporary = Path(folder) / "archive"
            with tarfile.open(temporary, "w:gz") as archive:
                archive.add(stored.folder, stored.run, filter=_kept)
            temporary.chmod(0o600)
            temporary.replace(path)
    except OSError as error:
        raise UsageError(f"{path} can't be written: {error.strerror}") from None


def _kept(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Without the order sheets, and without whose files they were."""
    name = PurePosixPath(member.name)
    if name.parent.name == "logs" and name.suffix == ".json":
        return None
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member
