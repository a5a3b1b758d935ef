"""`brokerlab core` on a real cluster, with a chart that has the operator's ten CRDs: in, up, refused, and all gone."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.request import urlopen

import pytest

from brokerlab.cluster import monitoring
from brokerlab.core import wait
from brokerlab.kube.api import Kube
from tests.cli.conftest import Ran, Run
from tests.cluster.conftest import CHART, await_event

pytestmark = pytest.mark.cluster


@pytest.fixture
def core(kube: Kube, namespace: str, brokerlab: Run, image: str) -> Iterator[Run]:
    """`brokerlab core COMMAND` in the namespace, with the test's chart; whatever it made is gone afterwards."""
    if shutil.which("helm") is None:
        pytest.fail("helm is not on the PATH: the cluster's tests need it")
    if monitoring.doomed(kube, namespace).objects:
        pytest.fail("this cluster has the Prometheus operator: its definitions would be deleted; use another one")

    def run(command: str, *more: str) -> Ran:
        chart = ("--chart", str(CHART), "--set", f"image={image}", "--yes") if command == "deploy" else ()
        return brokerlab("core", command, "--namespace", namespace, *chart, *more)

    yield run
    run("rollback", "--yes")
    assert monitoring.doomed(kube, namespace).nothing


def test_install_upgrade_status_and_rollback(kube: Kube, namespace: str, core: Run) -> None:
    first = core("deploy", "--json")
    assert (first.code, json.loads(first.out)["release"]["number"]) == (0, 1), first.err
    assert "waiting for deployment/monitoring-grafana (" in first.err
    assert kube.get("monitoring.coreos.com/v1", "PrometheusRule", "brokerlab", namespace) is not None
    second = core("deploy", "--set", "greeting=bye", "--quiet")
    assert (second.code, second.out) == (0, ""), second.err
    assert "1.0.0 is ready (revision 2)" in second.err
    assert kube.get("v1", "ConfigMap", "monitoring-greeting", namespace)["data"] == {"greeting": "bye"}
    status = json.loads(core("status", "--json").out)
    assert (status["release"]["number"], status["release"]["status"]) == (2, "deployed")
    assert [pod["lacking"] for pod in status["pods"]] == [""]
    shown = core("rollback", "--dry-run")
    assert "definition prometheusrules" in shown.out
    assert "with 1 objects, in all namespaces" in shown.out
    assert f"namespace {namespace}" in shown.out
    assert kube.get("v1", "ConfigMap", "monitoring-greeting", namespace) is not None
    refused = core("rollback")
    assert (refused.code, "say --yes" in refused.err) == (2, True)
    gone = core("rollback", "--yes")
    assert gone.code == 0, gone.err
    assert monitoring.doomed(kube, namespace).nothing


def test_an_ownership_conflict_gets_the_sentence_that_fixes_it(kube: Kube, namespace: str, core: Run) -> None:
    meta = {"name": "monitoring-greeting", "namespace": namespace}
    kube.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {}})
    ran = core("deploy")
    assert ran.code == 4
    assert "ConfigMap monitoring-greeting is there already" in ran.err
    assert "brokerlab core rollback" in ran.err
    assert core("rollback", "--yes").code == 0
    assert core("deploy").code == 0


def test_what_the_cluster_lacks_is_told_and_a_page_is_reached_without_it(kube: Kube, namespace: str, core: Run) -> None:
    ran = core("deploy")
    assert ran.code == 0, ran.err
    if not kube.list("networking.k8s.io/v1", "IngressClass"):
        assert "the cluster has no ingress class: the .test names will not answer" in ran.err
    if kube.get("v1", "Namespace", "headlamp") is None:
        assert "no ingress for headlamp: there is no namespace headlamp" in ran.err
    command = [sys.executable, "-m", "brokerlab", "open", "grafana", "--forward", "--print", "--namespace", namespace]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None
        url = child.stdout.readline().strip()
        with ThreadPoolExecutor(8) as several:
            programs = list(several.map(fetched, [f"{url}/busybox"] * 16))
        with pytest.raises(OSError, match="404"):
            fetched(url)
    finally:
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=60)
    assert (child.returncode, len(err.splitlines()), "interrupted" in err) == (130, 2, True), err
    assert len(set(programs)) == 1
    assert programs[0].startswith(b"\x7fELF")


def fetched(url: str) -> bytes:
    """Raises when less comes than was announced."""
    with urlopen(url, timeout=60) as answer:
        return bytes(answer.read())


def test_interrupted_while_helm_is_at_work_it_can_be_deployed_again(
    kube: Kube, namespace: str, core: Run, image: str
) -> None:
    command = ["core", "deploy", "--namespace", namespace, "--chart", str(CHART), "--yes", "--set", f"image={image}"]
    child = subprocess.Popen(
        [sys.executable, "-m", "brokerlab", *command, "--set", "hook=true"], stderr=subprocess.PIPE, text=True
    )
    try:
        hook = ("batch/v1", "Job", "monitoring-hook", namespace)
        wait.until(lambda: kube.get(*hook), "helm to wait for its hook", deadline=30, every=0.2)
        child.send_signal(signal.SIGTERM)  # Ctrl-C in a terminal reaches helm, too
        _, err = child.communicate(timeout=60)
    finally:
        child.kill()
    assert (child.returncode, "Traceback" in err) == (130, False), err
    ran = core("deploy")
    assert ran.code == 0, ran.err


def test_a_pod_that_cannot_start_ends_with_its_reason(kube: Kube, namespace: str, core: Run) -> None:
    deploy = ("deploy", "--set", "image=localhost/no/such/image:1", "--timeout", "5")
    core(*deploy)
    await_event(kube, namespace, "Failed")
    ran = core(*deploy)
    assert ran.code in (3, 4)
    assert "deployment/monitoring-grafana" in ran.err
    assert "localhost/no/such/image:1" in ran.err
    assert "event Failed" in ran.err
