"""Replacing the hosts file: at any moment, also after a SIGKILL, it is the old file or the new one, never half of it.

The new bytes go into a temporary file in the same folder, with the old one's owner, mode and extended attributes
(SELinux labels the hosts file), are flushed to disk, and renamed over it. A file that is a mount point of its own, as
/etc/hosts is in a container, cannot be renamed over (rename(2): EBUSY, EXDEV): its bytes are copied to a backup, and it
is rewritten in place.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from brokerlab.core.errors import LabError

_NOT_REPLACEABLE = frozenset({errno.EBUSY, errno.EXDEV, errno.EROFS, errno.EACCES, errno.EPERM})


@dataclass(frozen=True)
class Written:
    """How the file got its new bytes. backup: where the old ones are, when it had to be rewritten in place."""

    path: Path
    backup: Path | None = None


def read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise LabError(f"there is no hosts file {path}", "name it with --hosts-file") from error
    except OSError as error:
        raise LabError(f"the hosts file {path} cannot be read: {error.strerror}") from error


def may_write(path: Path) -> bool:
    """Whether this user can replace the file: both it and its folder must be writable."""
    real = path.resolve()
    return os.access(real, os.W_OK) and os.access(real.parent, os.W_OK)


def write(path: Path, old: bytes, new: bytes) -> Written:
    """Replace `old` by `new`. Raises LabError when the file has changed since `old` was read, or cannot be written."""
    real = path.resolve()
    _sweep(real)
    try:
        return _replace(real, old, new)
    except OSError as error:
        if error.errno not in _NOT_REPLACEABLE:
            raise LabError(f"{real} cannot be written: {error.strerror}", "it is as it was") from error
    return _rewrite(real, old, new)


def _replace(path: Path, old: bytes, new: bytes) -> Written:
    temporary = path.with_name(f".{path.name}.brokerlab-{os.getpid()}")
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(new)
            file.flush()
            _same_owner_and_mode(path, temporary)
            os.fsync(file.fileno())
        _unchanged(path, old)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _flush_folder(path.parent)
    return Written(path)


def _rewrite(path: Path, old: bytes, new: bytes) -> Written:
    _unchanged(path, old)
    backup = _backup(path, old)
    try:
        with path.open("r+b") as file:
            file.write(new)
            file.truncate()
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise LabError(f"{path} cannot be rewritten: {error.strerror}", f"its old content is in {backup}") from error
    return Written(path, backup)


def _backup(path: Path, old: bytes) -> Path:
    """A copy of the old bytes: beside the file, or, where that folder can't be written, in the temporary folder."""
    for folder in (path.parent, Path(tempfile.gettempdir())):
        with contextlib.suppress(OSError):
            handle, name = tempfile.mkstemp(prefix=f"{path.name}.backup-", dir=folder)
            with os.fdopen(handle, "wb") as file:
                file.write(old)
                file.flush()
                os.fsync(file.fileno())
            return Path(name)
    raise LabError(f"no backup of {path} can be made, so it is left as it is", f"make room in {path.parent}")


def _same_owner_and_mode(path: Path, temporary: Path) -> None:
    was = path.stat()
    mine = temporary.stat()
    if (was.st_uid, was.st_gid) != (mine.st_uid, mine.st_gid):
        os.chown(temporary, was.st_uid, was.st_gid)
    shutil.copystat(path, temporary)
    os.utime(temporary)


def _unchanged(path: Path, old: bytes) -> None:
    if path.read_bytes() != old:
        raise LabError(f"{path} was changed by someone else in the meantime", "run the command again")


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sweep(path: Path) -> None:
    """Remove temporary files of writers that were killed; one whose process lives is left alone."""
    for leftover in path.parent.glob(f".{path.name}.brokerlab-*"):
        pid = leftover.name.rpartition("-")[2]
        if pid.isdecimal() and not _alive(int(pid)):
            with contextlib.suppress(OSError):
                leftover.unlink()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
