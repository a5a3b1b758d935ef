"""Finding the Prometheus program: as named by the user, on PATH, in our cache; else its official release is installed.

A release archive is taken from `BROKERLAB_PROMETHEUS_URL` (default: the project's release page), must have the pinned
sha256 for this platform, and enters the cache by one rename.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import tarfile
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from subprocess import TimeoutExpired
from typing import IO

from brokerlab.core import folders
from brokerlab.core.errors import LabError
from brokerlab.core.lab import Progress
from brokerlab.labs.local.versions import version_of

OLDEST = (2, 40)  # what the tests run with is 2.42; older ones know fewer of the options that we use
RELEASE = "2.54.0"
RELEASES = "https://github.com/prometheus/prometheus/releases/download"

# sha256 of prometheus-2.54.0.<platform>.tar.gz, as in that release's sha256sums.txt.
SHA256 = {
    "linux-amd64": "465e1393a0cca9705598f6ffaf96ffa78d0347808ab21386b0c6aaec2cf7aa13",
    "linux-arm64": "ed50b67cb833a225ec2a53b487c6e20372b20e56dce226423fa8611c8aa50392",
    "darwin-amd64": "ca4caee10bfd114adcffe8c23b80e53973be4a7c2666cd5a182a601f0eac2295",
    "darwin-arm64": "875db6df65636d047b6aea3cfac56f4a0e2deb325232fb87bda2383d0330f033",
}
_MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}

HINT = (
    "install it (apt install prometheus, dnf install golang-github-prometheus, brew install prometheus), "
    "or name one by BROKERLAB_PROMETHEUS, or do without the second witness: --no-prometheus"
)


@dataclass(frozen=True)
class Program:
    """A Prometheus that serves. found: where it was found, in words."""

    path: Path
    version: str
    found: str


def find_or_install(say: Progress) -> Program:
    """Raises LabError when there is none and none can be installed."""
    return find() or install(say)


def find() -> Program | None:
    """The program to use, or None. What the user named is used or refused, never passed over."""
    if named := os.environ.get("BROKERLAB_PROMETHEUS"):
        return _checked(Path(shutil.which(named) or named), "named by BROKERLAB_PROMETHEUS")
    candidates = [(shutil.which("prometheus"), "on PATH"), (_managed(), "installed by brokerlab")]
    for path, found in candidates:
        if path and Path(path).is_file():
            try:
                return _checked(Path(path), found)
            except LabError:
                continue  # too old: the next one, or the release, serves
    return None


def install(say: Progress, sha256: str | None = None) -> Program:
    """Download, verify and unpack the pinned release for this platform. sha256: another than the pinned one."""
    kind = f"{platform.system().lower()}-{_MACHINES.get(platform.machine().lower(), platform.machine())}"
    expected = sha256 or SHA256.get(kind)
    if not expected:
        raise LabError(f"there is no pinned release of Prometheus for {kind}", HINT)
    name = f"prometheus-{RELEASE}.{kind}"
    url = f"{os.environ.get('BROKERLAB_PROMETHEUS_URL', RELEASES).rstrip('/')}/v{RELEASE}/{name}.tar.gz"
    target = _managed()
    say(f"installing Prometheus {RELEASE} (once)")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".new-") as staging:
            archive = Path(staging) / "archive.tar.gz"
            _download(url, archive, expected)
            _unpack(archive, f"{name}/prometheus", Path(staging) / "prometheus")
            (Path(staging) / "prometheus").replace(target)
    except OSError as error:
        raise LabError(f"Prometheus cannot be installed in {target.parent}: {error}", HINT) from error
    return _checked(target, "installed by brokerlab")


def _managed() -> Path:
    return folders.cache() / "prometheus" / RELEASE / "prometheus"


def _download(url: str, archive: Path, expected: str) -> None:
    import requests

    try:
        with requests.get(url, stream=True, timeout=30) as answer, archive.open("wb") as file:
            answer.raise_for_status()
            found = _copied(answer.iter_content(1 << 20), file)
    except requests.RequestException as error:
        raise LabError(
            f"Prometheus {RELEASE} could not be downloaded: {type(error).__name__} at {url}", HINT
        ) from error
    if found != expected:
        raise LabError(
            f"the Prometheus archive at {url} has sha256 {found}, not {expected} as it must have: it is not used", HINT
        )


def _copied(chunks: Iterable[bytes], file: IO[bytes]) -> str:
    """Write all of it; returns the sha256."""
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
        file.write(chunk)
    return digest.hexdigest()


def _unpack(archive: Path, member: str, target: Path) -> None:
    """Only the program itself is taken out, whatever else the archive holds."""
    try:
        with tarfile.open(archive) as tar:
            source = tar.extractfile(member)
            if source is None:
                raise KeyError(member)
            with target.open("wb") as file:
                shutil.copyfileobj(source, file)
    except (tarfile.TarError, KeyError) as error:
        raise LabError(f"the Prometheus archive holds no {member}: {error}", HINT) from error
    target.chmod(0o755)


def _checked(path: Path, found: str) -> Program:
    try:
        version = version_of(path, "--version", r"version (\d+\.\d+\S*)")
    except FileNotFoundError as error:
        raise LabError(f"there is no Prometheus at {path} ({found})", HINT) from error
    except (OSError, TimeoutExpired) as error:
        raise LabError(f"the Prometheus {found} ({path}) cannot be run: {error}", HINT) from error
    numbers = tuple(int(number) for number in version.split("+")[0].split(".")[:2]) if version else (0,)
    if numbers < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise LabError(f"the Prometheus {found} ({path}) is version {version or '?'}, older than {oldest}", HINT)
    return Program(path, version, found)
