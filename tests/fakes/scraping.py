"""A Prometheus of the operator's on the small API server, and what it says of its targets."""

from __future__ import annotations

from typing import Any

from tests.fakes.kube_api import KubeApi

PROMETHEUS = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "prometheus-operated", "namespace": "monitoring", "labels": {"operated-prometheus": "true"}},
    "spec": {"ports": [{"port": 9090}]},
}
TARGETS = "/api/v1/namespaces/monitoring/services/http:prometheus-operated:9090/proxy/api/v1/targets"


def active(health: str, error: str = "", pool: str = "serviceMonitor/shop/shop/0") -> dict[str, Any]:
    return {"scrapePool": pool, "scrapeUrl": "http://10.0.0.5:8080/metrics", "health": health, "lastError": error}


def scraped(api: KubeApi, *found: dict[str, Any]) -> None:
    api.objects[TARGETS] = {"kind": "Targets", "metadata": {}, "data": {"activeTargets": list(found)}}
