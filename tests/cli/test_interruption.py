"""Ctrl-C (and SIGTERM) in every command of the cluster, while it waits for a program or for the API server."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from brokerlab.core import wait
from tests.cli.conftest import Run
from tests.fakes.kube_api import KubeApi, serving
from tests.fakes.programs import Said, install
from tests.fakes.tcp_proxy import Proxy, proxying

RECORDED = Path(__file__).parents[1] / "unit" / "cluster" / "recorded"
LONG = 60  # seconds that the program would take


@pytest.fixture
def folder(brokerlab: Run, home: Path) -> Path:
    """The current folder, with a hosts file and a usecase in it."""
    (home / "hosts").write_bytes(b"127.0.0.1 localhost\n")
    assert brokerlab("usecase", "new", "shop").code == 0
    return home


@pytest.fixture
def silent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """An API server that accepts connections and never answers."""
    with proxying(None) as proxy:
        path = KubeApi(url=f"http://127.0.0.1:{proxy.port}").kubeconfig(tmp_path)
        monkeypatch.setenv("KUBECONFIG", str(path))
        yield proxy


@pytest.fixture
def answering(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[KubeApi]:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    with serving(KubeApi()) as api:
        monkeypatch.setenv("KUBECONFIG", str(api.kubeconfig(tmp_path)))
        yield api


def interrupted(arguments: tuple[str, ...], ready: Callable[[], bool], number: int = signal.SIGINT) -> str:
    """Run a command, interrupt it when `ready`; returns what it said. It must end at once, with 130, and alone."""
    child = subprocess.Popen(
        [sys.executable, "-m", "brokerlab", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        wait.until(ready, f"`{arguments}` to be at work", deadline=30)
        grandchildren = psutil.Process(child.pid).children(recursive=True)
        child.send_signal(number)
        out, err = child.communicate(timeout=20)
    finally:
        child.kill()
        child.wait()
    _, alive = psutil.wait_procs(grandchildren, timeout=5)
    assert not alive
    assert (child.returncode, out) == (130, ""), err
    assert "Traceback" not in err
    return err


COMMANDS = (
    ("core", "deploy"),
    ("core", "status"),
    ("core", "rollback", "--yes"),
    ("headlamp", "token"),
    ("headlamp", "open"),
    ("usecase", "deploy", "shop"),
    ("usecase", "status", "shop"),
    ("usecase", "remove", "shop", "--yes"),
    ("open", "grafana", "--forward"),
    ("dns", "add", "--ip", "10.0.0.7", "--hosts-file", "hosts"),
)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_while_the_api_server_is_silent(folder: Path, silent: Proxy, monkeypatch, command) -> None:
    build = {"build": Said((RECORDED / "kustomize-shop.yaml").read_text())}
    install(folder.parent, monkeypatch, "kustomize", build)
    said = interrupted(command, silent.accepted.is_set)
    assert "interrupted" in said
    assert (folder / "hosts").read_bytes() == b"127.0.0.1 localhost\n"


PROGRAMS = (
    ("minikube profile list", ("cluster", "status")),
    ("minikube profile list", ("dns", "add", "--hosts-file", "hosts")),
    ("minikube stop", ("cluster", "stop")),
    ("minikube delete", ("cluster", "down", "--yes")),
    ("minikube tunnel", ("cluster", "tunnel")),
    ("minikube version", ("doctor", "--cluster")),
    ("kustomize build", ("usecase", "deploy", "shop")),
    ("helm status", ("core", "status")),
)


@pytest.mark.parametrize(("program", "command"), PROGRAMS, ids=[" ".join(command) for _, command in PROGRAMS])
def test_while_a_program_is_at_work(folder: Path, answering: KubeApi, monkeypatch, program, command) -> None:
    """The program is ended, too: it is no orphan that goes on deleting."""
    answers = {"version": Said("v3.19.0"), "profile list": Said((RECORDED / "profile-list-ok.json").read_text())}
    name, _, asked = program.partition(" ")
    installed = install(folder.parent, monkeypatch, name, {**answers, asked: Said(seconds=LONG)})
    interrupted(command, lambda: any(call.startswith(asked) for call in installed.calls()))


def test_a_termination_is_an_interruption(answering: KubeApi, tmp_path: Path, monkeypatch) -> None:
    helm = install(tmp_path, monkeypatch, "helm", {"version": Said("v3.19.0"), "status": Said(seconds=LONG)})
    interrupted(("core", "status"), lambda: len(helm.calls()) > 1, signal.SIGTERM)
