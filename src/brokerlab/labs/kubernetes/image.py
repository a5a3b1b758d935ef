"""Our pods' image, built with Docker from this very program: its code, and the exact versions of what it uses here.

Into minikube's own Docker when the cluster is a minikube, else by this machine's Docker, and pushed to a registry. The
tag is a digest of all that goes in: the same content is built once, and an image of another version is never used.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import io
import shutil
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from brokerlab.core.errors import LabError, UsageError
from brokerlab.core.lab import Progress

PACKAGE = Path(__file__).parents[2]
NAME = "brokerlab"
BASE = "docker.io/library/python:3.13-slim"
LIBRARIES = (
    *("confluent-kafka", "filelock", "numpy", "packaging", "platformdirs", "prometheus-client", "psutil"),
    *("psycopg", "psycopg-binary"),
)
SECONDS = 60
DOCKERFILE = """\
ARG BASE
FROM ${BASE}
COPY requirements.txt /opt/brokerlab/
RUN python3 -m pip install --no-cache-dir --no-deps --requirement /opt/brokerlab/requirements.txt
COPY brokerlab /opt/brokerlab/brokerlab
ENV PYTHONPATH=/opt/brokerlab
USER 1000:1000
"""


def provide(context: str, minikube: bool, registry: str | None, say: Progress, base: str = BASE) -> str:
    """The name of an image that the cluster can use, built and brought there if need be.

    Raises UsageError when nobody said how it could get there, LabError when it can't be built or pushed.
    """
    import docker

    if not minikube and not registry:
        raise UsageError(
            f"the cluster of '{context}' can't get our agents' image from this machine",
            "say --registry HOST/PATH to have it built and pushed there, or --image NAME if it is somewhere already",
        )
    where = docker_of_minikube(context) if not registry else None
    files = dict(_files(base))
    name = f"{registry.rstrip('/') + '/' if registry else ''}{NAME}:{tag(files)}"
    try:
        client = docker.from_env(environment=where, timeout=600) if where else docker.from_env(timeout=600)
        if not client.images.list(name=name):
            say(f"building the image {name}")
            _build(client, name, files)
        if registry:
            say(f"pushing the image {name}")
            _push(client, name)
    except docker.errors.DockerException as error:
        hint = "is Docker running, and may you use it? `brokerlab doctor`; or name an image: --image"
        raise LabError(f"the image {name} could not be made: {_first_line(error)}", hint) from error
    return name


def tag(files: Mapping[str, bytes]) -> str:
    """The version, and a digest of every file that goes in."""
    digest = hashlib.sha256()
    for path, data in sorted(files.items()):
        digest.update(f"{path} {len(data)}\n".encode() + data)
    return f"{importlib.metadata.version('brokerlab')}-{digest.hexdigest()[:12]}"


def docker_of_minikube(profile: str) -> dict[str, str]:
    """The environment that leads to the Docker inside minikube, as minikube tells it."""
    program = shutil.which("minikube")
    if program is None:
        raise LabError("minikube is not on the PATH", "name an image instead: --image, or push one: --registry")
    command = [program, "--profile", profile, "docker-env", "--shell", "none"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise LabError(f"waited {SECONDS} s for `minikube docker-env`") from error
    found = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    if done.returncode or not found.get("DOCKER_HOST"):
        said = (done.stderr or done.stdout).strip().splitlines() or ["it said nothing"]
        raise LabError(
            f"minikube does not lead to its Docker: {said[-1]}",
            "a minikube with another container runtime has none: push an image instead, --registry",
        )
    return found


def _files(base: str) -> Iterator[tuple[str, bytes]]:
    """All that goes into the image, by its path in the build's context."""
    yield "Dockerfile", DOCKERFILE.replace("ARG BASE\n", f"ARG BASE={base}\n").encode()
    pins = [f"{each}=={importlib.metadata.version(each)}\n" for each in LIBRARIES]
    yield "requirements.txt", "".join(pins).encode()
    for path in sorted(PACKAGE.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield f"brokerlab/{path.relative_to(PACKAGE)}", path.read_bytes()


def _build(client: Any, name: str, files: Mapping[str, bytes]) -> None:
    import docker

    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as archive:
        for path, data in files.items():
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(data), 0o644
            archive.addfile(entry, io.BytesIO(data))
    context.seek(0)
    try:
        client.images.build(fileobj=context, custom_context=True, tag=name, rm=True, forcerm=True)
    except docker.errors.BuildError as error:
        last = [line["stream"].strip() for line in error.build_log if line.get("stream", "").strip()][-5:]
        raise LabError(f"the image {name} could not be built: {error.msg}", "\n".join(last)) from error


def _push(client: Any, name: str) -> None:
    for line in client.images.push(name, stream=True, decode=True):
        if "error" in line:
            raise LabError(f"{name} could not be pushed: {line['error']}", "are you logged in there? `docker login`")


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
