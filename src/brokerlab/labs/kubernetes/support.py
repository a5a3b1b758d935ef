"""What stands beside the nodes: the lab's token, its network policies, the outpost, the agents' names, a Prometheus."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from brokerlab.core.remote import PORT
from brokerlab.kube.targets import OPERATOR
from brokerlab.labs.kubernetes import parts
from brokerlab.labs.kubernetes.parts import AGENTS, HTTP, OURS, OUTPOST, PROMETHEUS, Images, Json

PROMETHEUS_PORT = 9090
SCRAPED = "brokerlab/scraped"  # the label of pods that show counters


def manifests(images: Images, passwords: Json) -> list[Json]:
    """passwords: the volume with those of all nodes that the lab has, or may have."""
    return [_token(), _inside(), _reached(), _agents(), _outpost(images, passwords)]


def _token() -> Json:
    """Who may read it may have our programs run agents and kill nodes."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": parts.meta(parts.TOKEN, "token"),
        "stringData": {"token": secrets.token_urlsafe(32)},
    }


def _inside() -> Json:
    """The lab's pods are reached by the lab's pods."""
    return _policy("inside", OURS, [{"from": [{"podSelector": {"matchLabels": OURS}}]}])


def _reached() -> Json:
    """Our programs, and a Prometheus of ours, are also reached by the API server and by the cluster's Prometheus."""
    return _policy("reached", OURS, [{"ports": [{"port": PORT}, {"port": PROMETHEUS_PORT}]}])


def _policy(name: str, of: Json, ingress: list[Json]) -> Json:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": parts.meta(name, "network"),
        "spec": {"podSelector": {"matchLabels": of}, "policyTypes": ["Ingress"], "ingress": ingress},
    }


def _agents() -> Json:
    """A name that stands for every pod with counters: Prometheus finds them by it, without rights in the cluster."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": parts.meta(AGENTS, AGENTS),
        "spec": {
            "clusterIP": "None",
            "publishNotReadyAddresses": True,
            "selector": {SCRAPED: "yes"},
            "ports": [{"name": HTTP, "port": PORT}],
        },
    }


def _outpost(images: Images, passwords: Json) -> Json:
    container = parts.client(OUTPOST, images.agents, ["outpost"], [])
    volumes = parts.client_volumes(passwords)
    template = parts.pod(OUTPOST, [container], volumes, metadata={"labels": {SCRAPED: "yes"}})
    return _deployment(OUTPOST, template)


def monitor(namespace: str, labels: Mapping[str, str]) -> Json:
    """For the Prometheus operator: every second, for a run takes seconds. labels: without them it takes up none."""
    meta = parts.meta(AGENTS, AGENTS)
    return {
        "apiVersion": OPERATOR,
        "kind": "PodMonitor",
        "metadata": meta | {"namespace": namespace, "labels": {**labels, **meta["labels"]}},
        "spec": {
            "selector": {"matchLabels": {SCRAPED: "yes"}},
            "podMetricsEndpoints": [{"port": HTTP, "interval": "1s", "scrapeTimeout": "1s"}],
        },
    }


CONFIG = """\
global:
  scrape_interval: 1s
  scrape_timeout: 1s
scrape_configs:
  - job_name: brokerlab-run
    dns_sd_configs:
      - names: [{names}]
        type: A
        port: {port}
        refresh_interval: 1s
"""


def prometheus(namespace: str, images: Images) -> list[Json]:
    """A Prometheus of the lab's own, for clusters that have none."""
    text = CONFIG.format(names=f"{AGENTS}.{namespace}.svc", port=PORT)
    container = {
        "name": PROMETHEUS,
        "image": images.prometheus,
        "command": [
            "prometheus",
            "--config.file=/config/prometheus.yml",
            "--storage.tsdb.path=/data",
            "--scrape.discovery-reload-interval=200ms",  # the default, 5 s, is as long as an auditor lives
            "--log.level=warn",
        ],
        "workingDir": "/data",
        "ports": [{"name": "web", "containerPort": PROMETHEUS_PORT}],
        "readinessProbe": {"httpGet": {"path": "/-/ready", "port": "web"}, "periodSeconds": 1},
        "resources": {"requests": {"cpu": "25m", "memory": "96Mi"}, "limits": {"memory": "512Mi"}},
        "volumeMounts": [{"name": "config", "mountPath": "/config"}, {"name": "data", "mountPath": "/data"}],
    }
    volumes = [{"name": "config", "configMap": {"name": PROMETHEUS}}, parts.scratch("data")]
    return [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": parts.meta(PROMETHEUS, PROMETHEUS),
            "data": {"prometheus.yml": text},
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": parts.meta(PROMETHEUS, PROMETHEUS),
            "spec": {
                "selector": parts.labels(PROMETHEUS),
                "ports": [{"name": "web", "port": PROMETHEUS_PORT, "targetPort": "web"}],
            },
        },
        _deployment(PROMETHEUS, parts.pod(PROMETHEUS, [container], volumes)),
    ]


def _deployment(name: str, template: Json) -> Json:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": parts.meta(name, name),
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": parts.labels(name)},
            "strategy": {"type": "Recreate"},
            "template": template,
        },
    }


def job(name: str, agent: str, run: str, images: Images, passwords: Json) -> Json:
    """The pod of one agent: run once, spread over the cluster's machines, gone by itself when it is forgotten."""
    own = {parts.RUN: run, parts.AGENT: agent, SCRAPED: "yes"}
    spread = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": {parts.RUN: run}},
    }
    container = parts.client("keeper", images.agents, ["keeper", "/agent"], [{"name": "agent", "mountPath": "/agent"}])
    template = parts.pod(
        AGENTS,
        [container],
        [parts.scratch("agent"), *parts.client_volumes(passwords)],
        metadata={"labels": own},
        restartPolicy="Never",
        topologySpreadConstraints=[spread],
    )
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": parts.meta(name, AGENTS, labels=own),
        "spec": {"backoffLimit": 0, "ttlSecondsAfterFinished": 60, "template": template},
    }
