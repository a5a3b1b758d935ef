"""Java libraries: fetched from a repository, verified, damaged ones named and fetched again, none half-written."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from brokerlab.core.errors import LabError, UsageError
from brokerlab.labs.local import jars
from brokerlab.labs.local.jars import Repository
from brokerlab.labs.local.locks import JarLock, LockedJar, known, read_lock

NOWHERE = Repository(mirror="http://127.0.0.1:9")  # the port "discard": nobody listens


def publish(repository: Path, names: Sequence[str]) -> JarLock:
    """Put small files into a local Maven repository, and lock them."""
    locked = []
    for name in names:
        content = f"the content of {name}".encode()
        path = repository / "org" / "example" / name / "1.0" / f"{name}-1.0.jar"
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
        locked.append(LockedJar(f"org.example:{name}:1.0", hashlib.sha256(content).hexdigest()))
    return JarLock("example", tuple(locked))


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(mirror=NOWHERE.mirror, folders=(tmp_path / "repository",))


@pytest.fixture
def lock(tmp_path: Path) -> JarLock:
    return publish(tmp_path / "repository", ["one", "two"])


@pytest.fixture
def cache(home: Path) -> Path:
    return home / "cache" / "jars"


def test_the_class_path_has_every_file_in_the_locks_order(
    lock: JarLock, repository: Repository, cache: Path, said: list[str]
) -> None:
    found = jars.class_path(lock, said.append, repository)
    assert found == os.pathsep.join([str(cache / "one-1.0.jar"), str(cache / "two-1.0.jar")])
    assert (cache / "two-1.0.jar").read_text() == "the content of two"
    assert "fetching 2 Java libraries" in said[0]


def test_what_is_cached_needs_no_repository(lock: JarLock, repository: Repository, said: list[str]) -> None:
    jars.class_path(lock, said.append, repository)
    said.clear()
    jars.class_path(lock, said.append, NOWHERE)
    assert said == []


def test_a_damaged_file_is_named_and_fetched_again(
    lock: JarLock, repository: Repository, cache: Path, said: list[str]
) -> None:
    jars.class_path(lock, said.append, repository)
    said.clear()
    (cache / "two-1.0.jar").write_text("the content of t")
    jars.class_path(lock, said.append, repository)
    assert "two-1.0.jar" in said[0] and "damaged" in said[0]
    assert (cache / "two-1.0.jar").read_text() == "the content of two"


def test_a_damage_that_keeps_size_and_time_is_found_by_a_thorough_look(
    lock: JarLock, repository: Repository, cache: Path, said: list[str]
) -> None:
    jars.class_path(lock, said.append, repository)
    damaged = cache / "one-1.0.jar"
    before = damaged.stat()
    damaged.write_text("the content of 0ne")
    os.utime(damaged, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert jars.missing(lock, cache) == []
    assert jars.missing(lock, cache, thorough=True) == [lock.jars[0]]


def test_a_file_with_a_wrong_checksum_never_enters_the_cache(
    lock: JarLock, repository: Repository, cache: Path, said: list[str]
) -> None:
    wrong = JarLock("example", (LockedJar(lock.jars[0].coordinate, "0" * 64),))
    with pytest.raises(LabError, match=r"one-1\.0\.jar as downloaded has sha256 .*, not 0000"):
        jars.class_path(wrong, said.append, repository)
    assert [path.name for path in cache.iterdir() if path.name != ".lock"] == []


def test_no_network_on_first_start_is_a_sentence(lock: JarLock, cache: Path, said: list[str]) -> None:
    with pytest.raises(LabError, match=r"org\.example:(one|two):1\.0 could not be downloaded") as failure:
        jars.class_path(lock, said.append, NOWHERE)
    assert "the first start needs the network" in failure.value.hint
    assert [path.name for path in cache.iterdir() if path.name != ".lock"] == []


def test_a_library_that_no_repository_has_is_a_sentence(repository: Repository, said: list[str]) -> None:
    with pytest.raises(LabError, match=r"org\.example:absent:1\.0 could not be downloaded"):
        jars.class_path(JarLock("x", (LockedJar("org.example:absent:1.0", "0" * 64),)), said.append, repository)


def test_starters_that_run_at_the_same_time_wait_for_each_other(
    lock: JarLock, repository: Repository, said: list[str]
) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(lambda _: jars.class_path(lock, said.append, repository), range(4)))
    assert len(found) == 1
    assert len(said) == 1


def test_a_cache_that_cannot_be_written_is_a_sentence(
    lock: JarLock, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: list[str]
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("BROKERLAB_CACHE", str(tmp_path / "file"))
    with pytest.raises(LabError, match="cannot be written to") as failure:
        jars.class_path(lock, said.append, repository)
    assert "BROKERLAB_CACHE" in failure.value.hint


def test_every_committed_lock_is_well_formed() -> None:
    assert "kafka-4.3.1" in known()
    for name in known():
        lock = read_lock(name)
        names = [jar.file_name for jar in lock.jars]
        assert len(names) == len(set(names)) > 20
        assert all(len(jar.sha256) == 64 and jar.coordinate.count(":") == 2 for jar in lock.jars)


def test_the_digest_changes_with_any_library(lock: JarLock) -> None:
    assert JarLock("example", lock.jars[:1]).digest != lock.digest


def test_an_unknown_lock_is_a_sentence() -> None:
    with pytest.raises(UsageError, match="no list of Java libraries called kafka-9"):
        read_lock("kafka-9")
