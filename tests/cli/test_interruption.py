"""Ctrl-C (and SIGTERM) in every command of the cluster, while it waits for a program or for the API server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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


@contextmanager
def ctrl_c(ready: Callable[[], bool]) -> Iterator[None]:
    """Interrupt this process, as a terminal does, once `ready`, while the block is at work."""
    over = threading.Event()

    def watch() -> None:
        wait.until(lambda: over.is_set() or ready(), "the command to be at work", deadline=60)
        if not over.is_set():
            os.kill(os.getpid(), signal.SIGINT)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def interrupted(brokerlab: Run, arguments: tuple[str, ...], ready: Callable[[], bool]) -> None:
    """Run a command, interrupt it when `ready`: it ends at once, with 130, and leaves no program behind."""
    before = set(psutil.Process().children(recursive=True))
    begun = time.monotonic()
    with ctrl_c(ready):
        ran = brokerlab(*arguments)
    assert (ran.code, ran.out) == (130, ""), ran.err
    assert "error: interrupted" in ran.err
    assert time.monotonic() - begun < LONG / 2
    _, alive = psutil.wait_procs(set(psutil.Process().children(recursive=True)) - before, timeout=5)
    assert not alive


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
def test_while_the_api_server_is_silent(brokerlab: Run, folder: Path, silent: Proxy, monkeypatch, command) -> None:
    build = {"build": Said((RECORDED / "kustomize-shop.yaml").read_text())}
    install(folder.parent, monkeypatch, "kustomize", build)
    interrupted(brokerlab, command, silent.accepted.is_set)
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


@pytest.mark.usefixtures("answering")
@pytest.mark.parametrize(("program", "command"), PROGRAMS, ids=[" ".join(command) for _, command in PROGRAMS])
def test_while_a_program_is_at_work(brokerlab: Run, folder: Path, monkeypatch, program, command) -> None:
    """The program is ended, too: it is no orphan that goes on deleting."""
    answers = {"version": Said("v3.19.0"), "profile list": Said((RECORDED / "profile-list-ok.json").read_text())}
    name, _, asked = program.partition(" ")
    installed = install(folder.parent, monkeypatch, name, {**answers, asked: Said(seconds=LONG)})
    interrupted(brokerlab, command, lambda: any(call.startswith(asked) for call in installed.calls()))


@pytest.mark.usefixtures("answering")
def test_a_termination_is_an_interruption(tmp_path: Path, monkeypatch) -> None:
    helm = install(tmp_path, monkeypatch, "helm", {"version": Said("v3.19.0"), "status": Said(seconds=LONG)})
    child = subprocess.Popen([sys.executable, "-m", "brokerlab", "core", "status"], stderr=subprocess.PIPE, text=True)
    try:
        wait.until(lambda: len(helm.calls()) > 1, "helm to be at work", deadline=60)
        programs = psutil.Process(child.pid).children(recursive=True)
        child.terminate()
        _, err = child.communicate(timeout=30)
    finally:
        child.kill()
    assert (child.returncode, "Traceback" in err) == (130, False), err
    assert not psutil.wait_procs(programs, timeout=5)[1]
