"""A usecase on real pods: from `usecase new` to ready and back to nothing; and pods that never get ready."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from brokerlab.kube import waiting
from brokerlab.kube.api import Kube
from brokerlab.labs.kubernetes import support
from brokerlab.labs.kubernetes.parts import Images
from tests.cli.conftest import Ran, Run
from tests.cluster.conftest import await_event

pytestmark = pytest.mark.cluster

SERVING = ["httpd", "-f", "-p", "8080", "-h", "/www"]


@pytest.fixture
def shop(kube: Kube, brokerlab: Run, image: str) -> Iterator[str]:
    """The name of a new usecase; whatever of it is in the cluster is removed afterwards."""
    name = f"brokerlab-shop-{uuid.uuid4().hex[:8]}"
    assert brokerlab("usecase", "new", name, "--image", image).code == 0
    yield name
    ran = brokerlab("usecase", "remove", name, "--yes")
    assert ran.code == 0, ran.err
    assert kube.get("v1", "Namespace", name) is None


def edited(name: str, command: list[str], *more: dict[str, str], monitored: bool) -> None:
    """As its owner would: the container's command, a page for /metrics, and with or without the monitor."""
    base = Path("usecases") / name / "k8s" / "base"
    (base / "metrics").write_text("shop_orders_total 7\n")
    at = "/spec/template/spec"
    operations = [
        {
            "op": "add",
            "path": f"{at}/terminationGracePeriodSeconds",
            "value": 0,
        },  # process 1 heeds no SIGTERM
        {"op": "add", "path": f"{at}/containers/0/command", "value": command},
        {"op": "add", "path": f"{at}/containers/0/volumeMounts", "value": [{"name": "www", "mountPath": "/www"}]},
        {"op": "add", "path": f"{at}/volumes", "value": [{"name": "www", "configMap": {"name": "www"}}]},
        *more,
    ]
    built = yaml.safe_load((base / "kustomization.yaml").read_text())
    built["configMapGenerator"] = [{"name": "www", "files": ["metrics"]}]
    built["patches"] = [{"target": {"kind": "Deployment"}, "patch": yaml.safe_dump(operations)}]
    if not monitored:
        built["resources"].remove("servicemonitor.yaml")
    (base / "kustomization.yaml").write_text(yaml.safe_dump(built))


def test_from_new_to_ready_to_nothing(brokerlab: Run, kube: Kube, shop: str) -> None:
    edited(shop, SERVING, monitored=False)
    ran = brokerlab("usecase", "deploy", shop, "--yes", "--timeout", "60", "--json")
    assert (ran.code, json.loads(ran.out)) == (0, {"usecase": shop, "targets": []}), ran.err
    assert f"waiting for deployment/{shop} (" in ran.err  # which state is met first is up to the cluster
    rows = json.loads(brokerlab("usecase", "status", shop, "--json").out)
    assert rows == [{"name": f"deployment/{shop}", "namespace": shop, "state": "ready"}]
    again = brokerlab("usecase", "deploy", shop, "--yes", "--quiet")
    assert (again.code, again.err) == (0, f"{shop} is ready; it has no monitor\n")
    assert kube.get("apps/v1", "Deployment", shop, shop)["metadata"]["generation"] == 1
    gone = brokerlab("usecase", "remove", shop, "--yes")
    assert f"deleted deployment/{shop}" in gone.err
    assert kube.get("v1", "Namespace", shop) is None
    assert json.loads(brokerlab("usecase", "status", shop, "--json").out)[0]["state"] == "absent"


def test_a_monitor_without_a_prometheus_is_told(brokerlab: Run, kube: Kube, definitions: None, shop: str) -> None:
    edited(shop, SERVING, monitored=True)
    if kube.list("v1", "Service", labelSelector="operated-prometheus=true"):
        pytest.skip("this cluster has a Prometheus")
    ran = brokerlab("usecase", "deploy", shop, "--yes", "--timeout", "60")
    assert (ran.code, "the cluster has no Prometheus" in ran.err) == (4, True), ran.err
    states = {row["name"]: row["state"] for row in json.loads(brokerlab("usecase", "status", shop, "--json").out)}
    assert states == {f"deployment/{shop}": "ready", f"servicemonitor/{shop}": "the cluster has no Prometheus"}


@pytest.fixture
def watching(kube: Kube, definitions: None, namespace: str, shop: str, ours: Images) -> None:
    """A real Prometheus, found and configured as the operator would do it for the usecase's monitor."""
    pool, target = f"serviceMonitor/{shop}/{shop}/0", f"{shop}.{shop}.svc:8080"
    config = {"job_name": pool, "scrape_interval": "1s", "static_configs": [{"targets": [target]}]}
    for thing in support.prometheus(namespace, ours):
        if thing["kind"] == "ConfigMap":
            thing["data"] = {"prometheus.yml": yaml.safe_dump({"scrape_configs": [config]})}
        if thing["kind"] == "Service":
            thing["metadata"]["labels"]["operated-prometheus"] = "true"
        kube.apply(thing, namespace)
    waiting.until_ready(kube, lambda: kube.list("apps/v1", "Deployment", namespace), lambda _: None, 60)


def test_a_monitored_usecase_is_deployed_when_its_target_is_up(brokerlab: Run, watching: None, shop: str) -> None:
    edited(shop, SERVING, monitored=True)
    ran = brokerlab("usecase", "deploy", shop, "--yes", "--timeout", "60", "--json")
    assert ran.code == 0, ran.err
    up = {"pool": f"serviceMonitor/{shop}/{shop}/0", "health": "up", "error": ""}
    (target,) = json.loads(ran.out)["targets"]
    assert target == {**up, "url": f"http://{shop}.{shop}.svc:8080/metrics", "scraped": target["scraped"]}
    assert [row["state"] for row in json.loads(brokerlab("usecase", "status", shop, "--json").out)] == ["ready", "up"]
    unprobed = {"op": "remove", "path": "/spec/template/spec/containers/0/readinessProbe"}
    edited(shop, [*SERVING[:-1], "/tmp"], unprobed, monitored=True)
    lost = brokerlab("usecase", "deploy", shop, "--yes", "--timeout", "20")
    assert (lost.code, "server returned HTTP status 404" in lost.err) == (3, True), lost.err


def test_a_kind_that_the_cluster_lacks_is_told_before_anything_is_made(brokerlab: Run, kube: Kube, shop: str) -> None:
    if kube.has("monitoring.coreos.com/v1", "ServiceMonitor"):
        pytest.skip("this cluster has the Prometheus operator")
    ran = brokerlab("usecase", "deploy", shop, "--yes")
    assert (ran.code, "knows no ServiceMonitor" in ran.err) == (4, True), ran.err
    assert kube.get("v1", "Namespace", shop) is None


def deployed_until(reason: str, brokerlab: Run, kube: Kube, shop: str) -> Ran:
    """Deployed once, and, as soon as its pod has come to that event, once more."""
    deploy = ("usecase", "deploy", shop, "--yes", "--timeout", "3")
    brokerlab(*deploy)
    await_event(kube, shop, reason)
    return brokerlab(*deploy)


def test_a_pod_that_never_gets_ready_is_shown_with_its_events(brokerlab: Run, kube: Kube, shop: str) -> None:
    edited(shop, ["sh", "-c", "echo waiting for a database; sleep 3600"], monitored=False)
    ran = deployed_until("Unhealthy", brokerlab, kube, shop)
    assert ran.code == 3
    assert f"error: waited 3 s for deployment/{shop} (0 of 1 ready)" in ran.err
    assert "running, but not ready" in ran.err
    assert "event Unhealthy: Readiness probe failed" in ran.err
    assert "log waiting for a database" in ran.err


def test_a_container_that_crashes_is_shown_with_its_last_lines(brokerlab: Run, kube: Kube, shop: str) -> None:
    edited(shop, ["sh", "-c", "echo no database at db:5432; exit 3"], monitored=False)
    ran = deployed_until("BackOff", brokerlab, kube, shop)
    assert ran.code in (3, 4)  # 4 if it has crashed so often by now that waiting makes no sense
    assert "log no database at db:5432" in ran.err
    assert "event BackOff" in ran.err


def test_an_image_that_cannot_be_pulled_ends_the_wait(brokerlab: Run, kube: Kube, shop: str) -> None:
    path = Path("usecases") / shop / "k8s" / "base" / "deployment.yaml"
    edited(shop, SERVING, monitored=False)
    text = yaml.safe_load(path.read_text())
    text["spec"]["template"]["spec"]["containers"][0]["image"] = "localhost/no/such/image:1"
    path.write_text(yaml.safe_dump(text))
    ran = deployed_until("Failed", brokerlab, kube, shop)
    assert ran.code in (3, 4)
    assert "localhost/no/such/image:1" in ran.err
    assert "event Failed" in ran.err
