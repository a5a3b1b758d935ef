"""Finding and installing Prometheus: a release archive from a server of the test's own, right, wrong and missing."""

from __future__ import annotations

import hashlib
import io
import tarfile
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from brokerlab.core.errors import LabError
from brokerlab.labs.local import prometheus_program
from brokerlab.labs.local.prometheus_program import RELEASE, SHA256, find, find_or_install, install

Program = Callable[..., Path]
NAME = f"prometheus-{RELEASE}.linux-amd64"
SCRIPT = f"#!/bin/sh\necho 'prometheus, version {RELEASE} (branch: HEAD)'\n"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None: ...


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Linux machine without Prometheus."""
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr("platform.system", lambda: "Linux")
    monkeypatch.setattr("platform.machine", lambda: "x86_64")


@pytest.fixture
def releases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder that a server on 127.0.0.1 offers as the release page."""
    folder = tmp_path / "releases"
    (folder / f"v{RELEASE}").mkdir(parents=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("BROKERLAB_PROMETHEUS_URL", f"http://127.0.0.1:{server.server_port}/")
    yield folder / f"v{RELEASE}"
    server.shutdown()
    server.server_close()
    thread.join()


def archive(folder: Path, member: str = f"{NAME}/prometheus") -> str:
    """Write a release archive; returns its sha256."""
    path = folder / f"{NAME}.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        info = tarfile.TarInfo(member)
        info.size = len(SCRIPT)
        tar.addfile(info, io.BytesIO(SCRIPT.encode()))
    return hashlib.sha256(path.read_bytes()).hexdigest()


def left(home: Path) -> list[str]:
    folder = home / "cache" / "prometheus" / RELEASE
    return [path.name for path in folder.iterdir()] if folder.exists() else []


def test_a_release_is_installed_once(
    releases: Path, home: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SHA256, "linux-amd64", archive(releases))
    found = find_or_install(said.append)
    assert (found.version, found.found) == (RELEASE, "installed by brokerlab")
    (releases / f"{NAME}.tar.gz").unlink()
    assert find_or_install(said.append) == found
    assert said == [f"installing Prometheus {RELEASE} (once)"]
    assert left(home) == ["prometheus"]


def test_a_wrong_checksum_installs_nothing(releases: Path, home: Path, said: list[str]) -> None:
    actual = archive(releases)
    with pytest.raises(LabError, match=f"has sha256 {actual}, not {SHA256['linux-amd64']}"):
        install(said.append)
    assert left(home) == []


def test_an_archive_without_the_program_installs_nothing(releases: Path, home: Path, said: list[str]) -> None:
    with pytest.raises(LabError, match="holds no"):
        install(said.append, sha256=archive(releases, "../../prometheus"))
    assert left(home) == []


def test_what_is_no_archive_installs_nothing(releases: Path, home: Path, said: list[str]) -> None:
    (releases / f"{NAME}.tar.gz").write_text("an error page")
    with pytest.raises(LabError, match="holds no"):
        install(said.append, sha256=hashlib.sha256(b"an error page").hexdigest())
    assert left(home) == []


def test_a_missing_release_is_a_sentence(releases: Path, said: list[str]) -> None:
    with pytest.raises(LabError, match="could not be downloaded: HTTPError") as failure:
        install(said.append)
    assert "--no-prometheus" in failure.value.hint


def test_no_network_is_a_sentence(said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROKERLAB_PROMETHEUS_URL", "http://127.0.0.1:9")
    with pytest.raises(LabError, match="could not be downloaded: ConnectionError"):
        install(said.append)


def test_a_platform_without_a_pinned_release_is_a_sentence(said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    with pytest.raises(LabError, match="no pinned release of Prometheus for linux-riscv64"):
        install(said.append)


def test_a_cache_that_cannot_be_written_is_a_sentence(
    releases: Path, tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("BROKERLAB_CACHE", str(tmp_path / "file"))
    with pytest.raises(LabError, match="cannot be installed in"):
        install(said.append, sha256=archive(releases))


def test_one_on_path_is_found(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    path = program("prometheus", says="prometheus, version 2.42.0+ds (branch: debian/sid)")
    monkeypatch.setenv("PATH", f"{path.parent}:/usr/bin:/bin")
    found = find()
    assert found and (found.path, found.version) == (path, "2.42.0+ds")


def test_one_on_path_that_is_too_old_is_passed_over(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    path = program("prometheus", says="prometheus, version 2.15.2 (branch: HEAD)")
    monkeypatch.setenv("PATH", f"{path.parent}:/usr/bin:/bin")
    assert find() is None


def test_a_named_one_that_is_too_old_is_refused(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    path = program("prometheus", says="prometheus, version 2.15.2 (branch: HEAD)")
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setenv("BROKERLAB_PROMETHEUS", str(path))
    with pytest.raises(LabError, match=r"is version 2\.15\.2, older than 2\.40"):
        find()


def test_a_named_one_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROKERLAB_PROMETHEUS", "/nowhere/prometheus")
    with pytest.raises(LabError, match="there is no Prometheus at /nowhere/prometheus"):
        find()


def test_the_pinned_checksums_are_of_every_platform() -> None:
    assert set(SHA256) == {"linux-amd64", "linux-arm64", "darwin-amd64", "darwin-arm64"}
    assert all(len(bytes.fromhex(value)) == 32 for value in SHA256.values())
    assert prometheus_program.RELEASES.startswith("https://")
