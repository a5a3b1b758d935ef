"""The start-up cache's book-keeping: which options, under which name, and when a file is not to be used."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from brokerlab.brokers.kafka.nodes import nodes
from brokerlab.labs.local import aot
from brokerlab.labs.local.java import Java
from brokerlab.labs.local.locks import JarLock, LockedJar
from brokerlab.labs.local.runtime import Runtime

SPEC = nodes(3)[0]


def runtime(version: str = "25.0.2", jars: str = "a") -> Runtime:
    java = Java(Path("/java"), version, "", version)
    return Runtime(java, JarLock("x", (LockedJar(f"g:{jars}:1", "0"),)), f"{jars}-1.jar")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    recorded = tmp_path / "recorded"
    recorded.write_text("classes")
    target = aot.path_for(runtime(), SPEC)
    aot.publish(recorded, target)
    return target


def test_what_was_published_is_valid(cache: Path) -> None:
    assert aot.is_valid(cache)


def test_without_a_file_there_is_none() -> None:
    assert not aot.is_valid(aot.path_for(runtime(), SPEC))


def test_a_shorter_file_is_not_used(cache: Path) -> None:
    os.truncate(cache, 3)
    assert not aot.is_valid(cache)


def test_a_file_that_was_written_to_is_not_used(cache: Path) -> None:
    cache.write_text("CLASSES")
    os.utime(cache, ns=(1, 1))
    assert not aot.is_valid(cache)


def test_a_file_that_nobody_finished_is_not_used(cache: Path) -> None:
    cache.with_suffix(".made").unlink()
    assert not aot.is_valid(cache)


def test_another_java_or_other_libraries_have_another_cache() -> None:
    found = {aot.path_for(one, SPEC) for one in (runtime(), runtime("25.0.3"), runtime(jars="b"))}
    assert len(found) == 3


def test_the_options_of_jdk_25_and_later(tmp_path: Path) -> None:
    file = tmp_path / "f"
    assert f"-XX:AOTCacheOutput={file}" in aot.recording(runtime().java, file)
    assert f"-XX:AOTCache={file}" in aot.using(runtime(), file).options


def test_the_options_of_jdk_17_to_24(tmp_path: Path) -> None:
    file = tmp_path / "f"
    assert f"-XX:ArchiveClassesAtExit={file}" in aot.recording(runtime("17.0.15").java, file)
    assert f"-XX:SharedArchiveFile={file}" in aot.using(runtime("17.0.15"), file).options
