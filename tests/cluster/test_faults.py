"""What goes wrong between a command and a real API server: each is a sentence with its exit code, at once."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import certifi
import pytest
import yaml

from brokerlab.cluster import headlamp
from brokerlab.core import wait
from brokerlab.kube import applying, waiting
from brokerlab.kube.api import Kube
from tests.cli.conftest import Run
from tests.fakes.tcp_proxy import Proxy, proxying

pytestmark = pytest.mark.cluster

Change = Callable[[dict[str, Any], dict[str, Any]], None]


def rewritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Change) -> None:
    """KUBECONFIG names a copy of itself, after `change` of every (cluster, user)."""
    config = yaml.safe_load(Path(os.environ["KUBECONFIG"]).read_text())
    for cluster in config["clusters"]:
        for user in config["users"]:
            change(cluster["cluster"], user["user"])
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(config))
    path.chmod(0o600)
    monkeypatch.setenv("KUBECONFIG", str(path))


@pytest.fixture
def way(kube: Kube, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """The only way to the API server, as far as commands know."""
    where = urlsplit(kube.server)

    def through(cluster: dict[str, Any], _user: dict[str, Any]) -> None:
        cluster |= {"server": f"https://127.0.0.1:{proxy.port}", "tls-server-name": where.hostname}

    with proxying((str(where.hostname), where.port or 443)) as proxy:
        rewritten(tmp_path, monkeypatch, through)
        yield proxy


@pytest.fixture
def unready(brokerlab: Run, image: str, namespace: str) -> tuple[str, ...]:
    """A command that deploys a usecase which will not get ready."""
    folder = Path("never")
    folder.mkdir()
    container = {"name": "main", "image": image, "command": ["sleep", "3600"]}
    container["readinessProbe"] = {"tcpSocket": {"port": 1}, "periodSeconds": 1}
    labels = {"app": "never"}
    pod = {"metadata": {"labels": labels}, "spec": {"terminationGracePeriodSeconds": 0, "containers": [container]}}
    thing = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "never"}}
    (folder / "all.yaml").write_text(
        yaml.safe_dump({**thing, "spec": {"selector": {"matchLabels": labels}, "template": pod}})
    )
    (folder / "kustomization.yaml").write_text("resources: [all.yaml]\n")
    return ("usecase", "deploy", "never", "--namespace", namespace, "--yes")


@pytest.fixture
def waiting_command(unready: tuple[str, ...]) -> Iterator[subprocess.Popen[str]]:
    """That command as a process which waits for its pod now."""
    child = subprocess.Popen([sys.executable, "-m", "brokerlab", *unready], stderr=subprocess.PIPE, text=True)
    assert child.stderr is not None
    try:
        assert any("waiting for deployment/never" in line for line in iter(child.stderr.readline, ""))
        yield child
    finally:
        child.kill()
        child.wait()
        child.stderr.close()


def test_an_api_server_that_goes_away_in_mid_deploy(way: Proxy, waiting_command: subprocess.Popen[str]) -> None:
    way.shut()
    _, err = waiting_command.communicate(timeout=60)
    assert waiting_command.returncode == 4, err
    assert f"the API server https://127.0.0.1:{way.port} of context" in err
    assert re.search("does not answer: (connection refused|it cut the connection)", err)
    assert "Traceback" not in err


def test_ctrl_c_while_pods_are_awaited(waiting_command: subprocess.Popen[str]) -> None:
    waiting_command.send_signal(signal.SIGINT)
    _, err = waiting_command.communicate(timeout=60)
    assert (waiting_command.returncode, "Traceback" in err) == (130, False), err


@pytest.fixture
def weak(kube: Kube, namespace: str) -> str:
    """A token of a service account without any right."""
    kube.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "weak", "namespace": namespace}})
    return headlamp.token(kube, "1h", "weak", namespace)


@pytest.fixture
def outdated(kube: Kube, namespace: str, weak: str) -> str:
    """Such a token, whose account is gone."""
    kube.delete("v1", "ServiceAccount", "weak", namespace)
    return weak


def token_alone(token: str) -> Change:
    def change(_cluster: dict[str, Any], user: dict[str, Any]) -> None:
        user.clear()
        user["token"] = token

    return change


COMMANDS = (
    (("core", "status"), "list pods"),
    (("core", "deploy", "--yes"), "list ingressclasses (networking.k8s.io)"),
    (("core", "rollback", "--yes"), "list customresourcedefinitions (apiextensions.k8s.io)"),
    (("headlamp", "token"), "create serviceaccounts/token"),
    (("open", "grafana", "--forward"), "get services"),
    (("usecase", "deploy", "never", "--yes"), "get namespaces"),
    (("usecase", "status", "never"), "get deployments (apps)"),
    (("usecase", "remove", "never", "--yes"), "delete deployments (apps)"),
)


@pytest.mark.usefixtures("unready")
def test_every_command_names_the_right_that_is_missing(brokerlab: Run, weak: str, tmp_path, monkeypatch) -> None:
    rewritten(tmp_path, monkeypatch, token_alone(weak))
    for command, right in COMMANDS:
        ran = brokerlab(*command)
        assert (ran.code, f"the right to {right} in the" in ran.err) == (4, True), (command, ran.err)


@pytest.mark.usefixtures("unready")
def test_every_command_tells_of_credentials_that_are_worth_nothing_any_more(
    brokerlab: Run, outdated: str, tmp_path, monkeypatch
) -> None:
    rewritten(tmp_path, monkeypatch, token_alone(outdated))
    refused = "does not accept the credentials of context"
    # An API server looks accounts up in a cache of its own, and keeps what it found for ten seconds.
    wait.until(lambda: refused in brokerlab("core", "status").err, "the token to be refused", deadline=60, every=0.2)
    for command, _ in COMMANDS:
        ran = brokerlab(*command)
        assert (ran.code, refused in ran.err) == (4, True), (command, ran.err)


def test_a_cluster_made_anew_has_another_certificate(brokerlab: Run, kube: Kube, tmp_path, monkeypatch) -> None:
    def other_authority(cluster: dict[str, Any], _user: dict[str, Any]) -> None:
        cluster.pop("certificate-authority-data", None)
        cluster["certificate-authority"] = certifi.where()

    rewritten(tmp_path, monkeypatch, other_authority)
    ran = brokerlab("core", "status")
    assert (ran.code, "the certificate of https://" in ran.err, "is not accepted" in ran.err) == (4, True, True), (
        ran.err
    )


def test_a_namespace_stuck_in_terminating_is_told_with_what_holds_it(
    brokerlab: Run, kube: Kube, unready: tuple[str, ...], namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applying, "TERMINATING", 1.0)
    held = {"name": "held", "namespace": namespace, "finalizers": ["example.com/nobody-removes-this"]}
    thing = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": held}
    kube.apply(thing)
    kube.delete("v1", "Namespace", namespace)

    def noticed() -> bool:
        """Its controller has tried, and said so."""
        return "nobody-removes-this" in waiting.stuck(kube.get("v1", "Namespace", namespace) or {})

    try:
        wait.until(noticed, "the namespace's controller", deadline=60, every=0.2)
        ran = brokerlab(*unready)
    finally:
        kube.apply({**thing, "metadata": {**held, "finalizers": []}})
    assert ran.code == 3
    assert f"waited 1 s for the namespace {namespace} to be gone" in ran.err
    assert "example.com/nobody-removes-this in 1 resource instances" in ran.err
