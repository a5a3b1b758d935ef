"""What Prometheus says of its targets: which are up, and why one is not, told link by link."""

from __future__ import annotations

from typing import Any

import pytest

from brokerlab.core.errors import DeadlineError, LabError
from brokerlab.kube import targets
from brokerlab.kube.api import Kube
from tests.fakes.kube_api import KubeApi
from tests.fakes.scraping import PROMETHEUS, active, scraped

MONITOR = {
    "apiVersion": "monitoring.coreos.com/v1",
    "kind": "ServiceMonitor",
    "metadata": {"name": "shop", "namespace": "shop"},
    "spec": {"selector": {"matchLabels": {"app": "shop"}}, "endpoints": [{"port": "metrics"}]},
}


@pytest.fixture
def cluster(api: KubeApi) -> KubeApi:
    api.install_operator()
    api.add(PROMETHEUS)
    scraped(api, active("up"))
    return api


def test_a_scrape_from_before_the_deployment_does_not_count(cluster: KubeApi, kube: Kube, monkeypatch) -> None:
    """It may have met a pod of the revision before."""
    monkeypatch.setattr(targets, "EVERY", 0.01)
    looks = iter([*["2026-11-26T21:00:00Z"] * 3, "2026-11-26T21:00:05Z"])
    cluster.becomes["Targets"] = lambda thing: scraped(cluster, {**active("up"), "lastScrape": next(looks)})
    assert targets.until_up(kube, MONITOR, lambda _: None, 20)[0].scraped == "2026-11-26T21:00:05Z"
    cluster.becomes.clear()
    with pytest.raises(DeadlineError, match="has not been scraped since"):
        targets.until_up(kube, MONITOR, lambda _: None, 0.01)


def service(**more: Any) -> dict[str, Any]:
    meta = {"name": "shop", "namespace": "shop", "labels": {"app": "shop"}}
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": {"ports": [{"name": "metrics"}]}, **more}


def test_why_a_target_is_not_up_is_told_link_by_link(cluster: KubeApi, kube: Kube) -> None:
    def said() -> str:
        with pytest.raises(DeadlineError) as caught:
            targets.until_up(kube, MONITOR, lambda _: None, 0.01)
        return caught.value.message.partition("servicemonitor/shop: ")[2]

    scraped(cluster)
    assert said() == "no Service in the namespace shop has the labels app=shop"
    cluster.add(service(spec={"ports": [{"name": "http"}]}))
    assert said() == "the Service shop has no port named metrics (it has: http)"
    cluster.add(service())
    assert said() == "the Service shop selects no running pod"
    labels = {"kubernetes.io/service-name": "shop"}
    slices = {
        "metadata": {"name": "shop-x", "namespace": "shop", "labels": labels},
        "endpoints": [{"addresses": ["10.0.0.5"]}],
    }
    cluster.add({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", **slices})
    assert said().startswith("Prometheus has not taken it up")
    scraped(cluster, active("up", pool="serviceMonitor/shop/shopkeeper/0"))
    assert said().startswith("Prometheus has not taken it up")
    scraped(cluster, active("unknown"))
    assert said() == "http://10.0.0.5:8080/metrics is unknown"
    scraped(cluster, active("up"), active("down", "server returned HTTP status 404 Not Found"))
    assert said() == "http://10.0.0.5:8080/metrics is down: server returned HTTP status 404 Not Found"


def test_a_cluster_without_prometheus_is_a_sentence(api: KubeApi, kube: Kube) -> None:
    with pytest.raises(LabError, match="no Prometheus"):
        targets.proxy(kube)
