"""Whether the cluster's Prometheus scrapes what a ServiceMonitor or PodMonitor asks for, and why not.

Prometheus is asked for its targets (its HTTP API, /api/v1/targets) through the API server's service proxy, so neither
an ingress nor a port-forward is needed. The operator names a monitor's scrape pool `serviceMonitor/NAMESPACE/NAME/N`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from brokerlab.core import wait
from brokerlab.core.errors import DeadlineError, LabError
from brokerlab.core.lab import Progress
from brokerlab.kube.api import Json, Kube

OPERATOR = "monitoring.coreos.com/v1"
MONITORS = {"ServiceMonitor": "serviceMonitor", "PodMonitor": "podMonitor"}
SERVICES = "operated-prometheus=true"  # the label of the service that the operator makes for each Prometheus
EVERY = 2.0


@dataclass(frozen=True)
class Target:
    """One target as Prometheus has it. health: up, down or unknown (not scraped yet). error: of the last scrape, which
    was at `scraped`, by Prometheus' clock."""

    pool: str
    url: str
    health: str
    error: str
    scraped: str = ""


def proxy(kube: Kube) -> str:
    """The API server's path to the first Prometheus of the cluster. Raises LabError when there is none."""
    services = kube.list("v1", "Service", labelSelector=SERVICES)
    if not services:
        raise LabError("the cluster has no Prometheus", "`brokerlab core deploy` installs it")
    meta, port = services[0]["metadata"], services[0]["spec"]["ports"][0]["port"]
    return f"/api/v1/namespaces/{meta['namespace']}/services/http:{meta['name']}:{port}/proxy"


def targets(kube: Kube, path: str) -> list[Target]:
    """Prometheus' active targets."""
    answer = kube.json("get", f"{path}/api/v1/targets", query={"state": "active"})
    listed = (answer.get("data") or {}).get("activeTargets") or ()
    return [
        Target(
            each["scrapePool"],
            each["scrapeUrl"],
            each["health"],
            each.get("lastError", ""),
            each.get("lastScrape", ""),
        )
        for each in listed
    ]


def of_monitor(monitor: Json, among: Sequence[Target]) -> list[Target]:
    meta = monitor["metadata"]
    pool = f"{MONITORS[monitor['kind']]}/{meta['namespace']}/{meta['name']}/"
    return [target for target in among if target.pool.startswith(pool)]


def until_up(kube: Kube, monitor: Json, say: Progress, deadline: float, path: str = "") -> list[Target]:
    """Wait until all of the monitor's targets are up, by a scrape from now on: an earlier one may have met the pods
    from before. path: the API server's path to Prometheus; "": to the first one. Returns them. Raises DeadlineError
    with the reason why not."""
    path = path or proxy(kube)
    name = f"{monitor['kind'].lower()}/{monitor['metadata']['name']}"
    say(f"waiting for Prometheus to scrape {name}")
    old = {target.url: target.scraped for target in of_monitor(monitor, targets(kube, path)) if target.scraped}
    seen: list[Target] = []

    def up() -> bool:
        seen[:] = of_monitor(monitor, targets(kube, path))
        return bool(seen) and all(target.health == "up" and target.scraped != old.get(target.url) for target in seen)

    try:
        wait.until(up, f"Prometheus to scrape {name}", deadline=deadline, every=EVERY, seen=lambda: "")
    except DeadlineError as error:
        raise DeadlineError(f"{error.message}: {why_not(kube, monitor, seen)}") from error
    return seen


def why_not(kube: Kube, monitor: Json, found: Sequence[Target]) -> str:
    """Why a monitor's targets are not up: the first link of the chain monitor, service, port, pod that is missing."""
    for target in found:
        if target.health != "up":
            return f"{target.url} is {target.health}" + (f": {target.error}" if target.error else "")
    if found:
        return f"{found[0].url} has not been scraped since: is the monitor's interval longer?"
    if monitor["kind"] == "PodMonitor":
        return _why_no_pod(kube, monitor)
    namespace = monitor["metadata"]["namespace"]
    labels = (monitor["spec"].get("selector") or {}).get("matchLabels") or {}
    wanted = ",".join(f"{key}={value}" for key, value in labels.items())
    services = kube.list("v1", "Service", namespace, labelSelector=wanted)
    if not services:
        return f"no Service in the namespace {namespace} has the labels {wanted}"
    return _why_no_endpoint(kube, monitor, services[0])


def _why_no_endpoint(kube: Kube, monitor: Json, service: Json) -> str:
    meta = service["metadata"]
    offered = [port.get("name", "") for port in service["spec"].get("ports") or ()]
    for endpoint in monitor["spec"].get("endpoints") or ():
        if endpoint.get("port") and endpoint["port"] not in offered:
            named = ", ".join(filter(None, offered)) or "none with a name"
            return f"the Service {meta['name']} has no port named {endpoint['port']} (it has: {named})"
    selector = f"kubernetes.io/service-name={meta['name']}"
    slices = kube.list("discovery.k8s.io/v1", "EndpointSlice", meta["namespace"], labelSelector=selector)
    if not any(endpoint for each in slices for endpoint in each.get("endpoints") or ()):
        return f"the Service {meta['name']} selects no running pod"
    return "Prometheus has not taken it up: does its monitor selector leave this namespace or these labels out?"


def _why_no_pod(kube: Kube, monitor: Json) -> str:
    namespace = monitor["metadata"]["namespace"]
    labels = (monitor["spec"].get("selector") or {}).get("matchLabels") or {}
    wanted = ",".join(f"{key}={value}" for key, value in labels.items())
    if not kube.list("v1", "Pod", namespace, labelSelector=wanted):
        return f"no pod in the namespace {namespace} has the labels {wanted}"
    return "Prometheus has not taken it up: is the pod's port named as the monitor says?"
