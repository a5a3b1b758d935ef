"""Java libraries by committed coordinates: fetched once through jgo, verified by sha256, kept in the cache folder.

A file enters the cache only when its checksum is right, by one rename. What was verified once is not read again as long
as its size and time of change stay the same (`verified-*.txt`); anything else is hashed anew, and what is wrong is
named and fetched again. Starters that run at the same time wait for each other. Once complete, no network is needed.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from brokerlab.core import folders
from brokerlab.core.errors import LabError
from brokerlab.core.files import write_atomic
from brokerlab.core.lab import Progress
from brokerlab.labs.local.locks import JarLock, LockedJar, sha256_of

PARALLEL = 8
LOCK_DEADLINE = 600  # seconds: a slow first download by another starter


@dataclass(frozen=True)
class Repository:
    """Where missing files come from. mirror: the URL of a Maven repository, or "" for jgo's default. folders: local
    repositories that are looked into first."""

    mirror: str = ""
    folders: tuple[Path, ...] = ()

    @staticmethod
    def of_environment() -> Repository:
        return Repository(mirror=os.environ.get("BROKERLAB_MAVEN", ""))


def class_path(lock: JarLock, say: Progress, repository: Repository | None = None) -> str:
    """The class path of a lock; whatever is not in the cache is fetched first."""
    home = folders.cache() / "jars"
    wanting = missing(lock, home)
    if wanting:
        _fetch_locked(lock, home, say, repository or Repository.of_environment())
    return paths(lock)


def paths(lock: JarLock) -> str:
    """The class path as it is when every file is there."""
    home = folders.cache() / "jars"
    return os.pathsep.join(str(home / jar.file_name) for jar in lock.jars)


def missing(lock: JarLock, home: Path, *, thorough: bool = False) -> list[LockedJar]:
    """The files that are absent, or not what the lock says. thorough: trust no earlier verification."""
    stamp = home / f"verified-{lock.digest}.txt"
    now = _stamp(lock, home)
    if not thorough and now and _read(stamp) == now:
        return []
    wrong = [jar for jar in lock.jars if not is_right(home / jar.file_name, jar.sha256)]
    if not wrong:
        with contextlib.suppress(OSError):  # a read-only cache: verified anew each time, a fifth of a second
            write_atomic(stamp, _stamp(lock, home))
    return wrong


def is_right(path: Path, sha256: str) -> bool:
    return path.is_file() and sha256_of(path) == sha256


def _stamp(lock: JarLock, home: Path) -> str:
    """Names, sizes and times of all files, as text; "" when one is absent."""
    try:
        stats = [(jar.file_name, (home / jar.file_name).stat()) for jar in lock.jars]
    except OSError:
        return ""
    return "".join(f"{name} {stat.st_size} {stat.st_mtime_ns}\n" for name, stat in stats)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def _fetch_locked(lock: JarLock, home: Path, say: Progress, repository: Repository) -> None:
    from filelock import FileLock, Timeout

    try:
        home.mkdir(parents=True, exist_ok=True)
        with FileLock(home / ".lock", timeout=LOCK_DEADLINE, poll_interval=0.1):
            wanting = missing(lock, home)  # another starter may have fetched them meanwhile
            if wanting:
                _fetch(wanting, home, say, repository)
                missing(lock, home)
    except Timeout:
        raise LabError(
            f"another brokerlab has been fetching Java libraries into {home} for {LOCK_DEADLINE} s",
            "wait for it or end it",
        ) from None
    except OSError as error:
        raise LabError(
            f"the Java libraries cannot be written to {home}: {error.strerror or error}",
            "free some space there, or set BROKERLAB_CACHE to a folder of yours",
        ) from error


def _fetch(wanting: Sequence[LockedJar], home: Path, say: Progress, repository: Repository) -> None:
    for jar in wanting:
        if (home / jar.file_name).exists():
            say(f"{jar.file_name} in {home} is damaged (wrong sha256): it is fetched again")
    say(f"fetching {len(wanting)} Java libraries into {home} (once)")
    with tempfile.TemporaryDirectory(dir=home, prefix=".fetch-") as staging:
        context = _context(Path(staging), repository)
        with ThreadPoolExecutor(PARALLEL) as pool:
            list(pool.map(lambda jar: _fetch_one(context, jar, home), wanting))


def _fetch_one(context: Any, jar: LockedJar, home: Path) -> None:
    found = _download(context, jar)
    if not is_right(found, jar.sha256):
        raise LabError(
            f"{jar.file_name} as downloaded has sha256 {sha256_of(found)}, not {jar.sha256} as it must have",
            "try again; if it stays so, your mirror or proxy serves another file",
        )
    if found.is_relative_to(context.repo_cache):
        found.replace(home / jar.file_name)
    else:
        _copy(found, home / jar.file_name, Path(context.repo_cache))


def _download(context: Any, jar: LockedJar) -> Path:
    from requests import RequestException

    try:
        return Path(context.create_dependency(jar.coordinate).artifact.resolve())
    except (RequestException, RuntimeError) as error:
        raise LabError(
            f"{jar.coordinate} could not be downloaded: {type(error).__name__}",
            "the first start needs the network (45 MB); BROKERLAB_MAVEN names a mirror, if you have one",
        ) from error


def _copy(source: Path, target: Path, staging: Path) -> None:
    import shutil

    temporary = staging / target.name
    shutil.copyfile(source, temporary)
    temporary.replace(target)


def _context(staging: Path, repository: Repository) -> Any:
    from jgo.maven import MavenContext

    remote = {"mirror": repository.mirror} if repository.mirror else None
    return MavenContext(repo_cache=staging, local_repos=list(repository.folders), remote_repos=remote, timeout=60)
