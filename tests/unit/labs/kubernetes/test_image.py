"""Our pods' image: what goes in, how it is named, and where it gets to; Docker itself is tried where there is one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from brokerlab.core.errors import LabError, UsageError
from brokerlab.labs.kubernetes import image


def silent(_sentence: str) -> None: ...


class Docker:
    """Remembers what it was asked to build and push. has: names of images that are there."""

    def __init__(self) -> None:
        self.built: list[str] = []
        self.pushed: list[str] = []
        self.answers: list[dict[str, str]] = [{"status": "pushed"}]
        self.images = self

    def list(self, name: str) -> list[str]:
        return [each for each in self.built if each == name]

    def build(self, *, tag: str, fileobj: Any, **_: Any) -> None:
        import tarfile

        self.built.append(tag)
        with tarfile.open(fileobj=fileobj) as archive:
            self.files = {entry.name: archive.extractfile(entry).read() for entry in archive}  # type: ignore[union-attr]

    def push(self, name: str, **_: Any) -> list[dict[str, str]]:
        self.pushed.append(name)
        return self.answers


@pytest.fixture
def docker(monkeypatch: pytest.MonkeyPatch) -> Docker:
    import docker as sdk

    fake = Docker()
    monkeypatch.setattr(sdk, "from_env", lambda **_: fake)
    return fake


def test_it_is_built_once_and_pushed(docker: Docker) -> None:
    names = {image.provide("company", minikube=False, registry="reg.example/team/", say=silent) for _ in range(2)}
    (name,) = names
    assert name.startswith("reg.example/team/brokerlab:")
    assert (docker.built, docker.pushed) == ([name], [name, name])
    assert {"Dockerfile", "requirements.txt", "brokerlab/pods/__main__.py"} <= docker.files.keys()
    assert b"confluent-kafka==" in docker.files["requirements.txt"]
    assert not [path for path in docker.files if "__pycache__" in path]


def test_another_content_is_another_tag() -> None:
    assert image.tag({"a": b"1"}) != image.tag({"a": b"2"})
    assert image.tag({"a": b"12"}) != image.tag({"a1": b"2"})


def test_a_cluster_that_can_not_get_it_from_here_is_a_sentence(docker: Docker) -> None:
    with pytest.raises(UsageError, match="'company' can't get our agents' image"):
        image.provide("company", minikube=False, registry=None, say=silent)
    assert docker.built == []


def test_a_push_that_is_refused_is_a_sentence(docker: Docker) -> None:
    docker.answers = [{"error": "denied: you may not"}]
    with pytest.raises(LabError, match="could not be pushed: denied: you may not"):
        image.provide("company", minikube=False, registry="reg.example", say=silent)


def test_into_minikubes_own_docker(
    docker: Docker, program: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = (
        "DOCKER_TLS_VERIFY=1\nDOCKER_HOST=tcp://192.168.49.2:2376\nDOCKER_CERT_PATH=/certs\nMINIKUBE_ACTIVE_DOCKERD=m"
    )
    monkeypatch.setenv("PATH", str(program("minikube", says=told).parent), prepend=":")
    assert image.docker_of_minikube("m")["DOCKER_HOST"] == "tcp://192.168.49.2:2376"
    assert image.provide("m", minikube=True, registry=None, say=silent).startswith("brokerlab:")
    assert docker.pushed == []


def test_a_minikube_without_docker_is_a_sentence(program: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    reason = "The docker-env command is incompatible with container runtime containerd"
    path = program("minikube", says=reason, to="stderr", code=1).parent
    monkeypatch.setenv("PATH", str(path), prepend=":")
    with pytest.raises(LabError, match="incompatible with container runtime"):
        image.docker_of_minikube("m")


def test_no_docker_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
    with pytest.raises(LabError, match="could not be made") as caught:
        image.provide("company", minikube=False, registry="reg.example", say=silent)
    assert "is Docker running" in caught.value.hint
