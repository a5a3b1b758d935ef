"""What all our pods have in common: names, labels, the least rights, our own container."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from brokerlab.core.remote import PASSWORDS, PORT, PRIVATE, TOKEN_FILE

Json = dict[str, Any]

OUTPOST, AGENTS, PROMETHEUS, TOKEN = "outpost", "agents", "prometheus", "brokerlab-token"
MANAGED, PART, COMPONENT = (f"app.kubernetes.io/{word}" for word in ("managed-by", "part-of", "component"))
RUN, AGENT = "brokerlab/run", "brokerlab/agent"
OURS = {MANAGED: "brokerlab", PART: "brokerlab-lab"}
SELECTOR = ",".join(f"{key}={value}" for key, value in OURS.items())
HTTP = "http"  # the name of our programs' port
USER = 1000
READ = 0o440  # of secrets in volumes, which are root's and our group's


@dataclass(frozen=True)
class Images:
    """agents: ours. nodes: by broker, instead of the one that it names itself. prometheus: of the lab's own."""

    agents: str
    nodes: Mapping[str, str] = field(default_factory=dict)
    prometheus: str = "docker.io/prom/prometheus:v3.7.3"


def meta(name: str, component: str, **more: Any) -> Json:
    """A manifest's metadata; `labels` among the rest adds to ours."""
    return {"name": name, **more, "labels": labels(component) | more.get("labels", {})}


def labels(component: str) -> Json:
    return {**OURS, COMPONENT: component}


def pod(component: str, containers: list[Json], volumes: list[Json], *, user: int = USER, **more: Any) -> Json:
    """A pod template: no rights in the cluster, no root, nothing that is writable but its volumes."""
    own = more.pop("metadata", {})
    spec = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 1,  # nothing is kept: whatever is to be kept has been fetched
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": user,
            "runAsGroup": user,
            "fsGroup": user,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [confined(each) for each in containers],
        "volumes": [*volumes, {"name": "tmp", "emptyDir": {}}],
        **more,
    }
    if "initContainers" in more:
        spec["initContainers"] = [confined(each) for each in more["initContainers"]]
    return {"metadata": {**own, "labels": labels(component) | own.get("labels", {})}, "spec": spec}


def confined(container: Json) -> Json:
    mounts = [*container.get("volumeMounts", []), {"name": "tmp", "mountPath": "/tmp"}]  # noqa: S108 - a volume's
    return {
        "imagePullPolicy": "IfNotPresent",
        **container,
        "volumeMounts": mounts,
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }


def ours(name: str, image: str, arguments: list[str], mounts: list[Json]) -> Json:
    """A container that runs one of `brokerlab.pods`; its token is the volume `token`."""
    return {
        "name": name,
        "image": image,
        "command": ["python3", "-m", "brokerlab.pods", *arguments],
        "env": [
            {"name": TOKEN_FILE, "value": "/token/token"},
            {"name": "HOME", "value": "/tmp"},  # noqa: S108 - a volume's
            {"name": "PYTHONDONTWRITEBYTECODE", "value": "1"},
        ],
        "ports": [{"name": HTTP, "containerPort": PORT}],
        "readinessProbe": {"httpGet": {"path": "/ready", "port": HTTP}, "periodSeconds": 1, "timeoutSeconds": 2},
        "resources": {"requests": {"cpu": "25m", "memory": "64Mi"}},
        "volumeMounts": [*mounts, {"name": "token", "mountPath": "/token", "readOnly": True}],
    }


def token_volume() -> Json:
    return {"name": "token", "secret": {"secretName": TOKEN, "defaultMode": READ}}


def client(name: str, image: str, arguments: list[str], mounts: list[Json]) -> Json:
    """Such a container, in which there are clients of brokers: they find passwords in the volume `passwords`, which our
    program copies to where only its user may read them."""
    passwords = {"name": "passwords", "mountPath": PASSWORDS, "readOnly": True}
    return ours(name, image, arguments, [*mounts, passwords, {"name": "private", "mountPath": PRIVATE}])


def client_volumes(passwords: Json) -> list[Json]:
    """passwords: as `files.passwords` makes it."""
    return [token_volume(), passwords, {"name": "private", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}}]


def scratch(name: str) -> Json:
    return {"name": name, "emptyDir": {}}
