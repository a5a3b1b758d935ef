"""Which cluster is meant: the kubeconfig's contexts, and whether one is a minikube, the workshop's own to change."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from brokerlab.core.errors import LabError, UsageError
from brokerlab.kube.api import Kube


@dataclass(frozen=True)
class Context:
    """One context of the kubeconfig. `minikube`: minikube made it."""

    name: str
    cluster: str
    namespace: str
    current: bool
    minikube: bool


def contexts() -> list[Context]:
    """All contexts. Raises LabError when there is no kubeconfig, or it can't be read."""
    from kubernetes.config import ConfigException, list_kube_config_contexts
    from kubernetes.config.kube_config import KUBE_CONFIG_DEFAULT_LOCATION

    path = os.environ.get("KUBECONFIG") or KUBE_CONFIG_DEFAULT_LOCATION
    listing: Any = list_kube_config_contexts
    if not any(Path(each).expanduser().is_file() for each in path.split(os.pathsep)):
        raise LabError(f"there is no kubeconfig {path}", "`brokerlab cluster up` makes one; KUBECONFIG names another")
    try:
        listed, current = listing(path)
        made_by_minikube = _minikube_clusters(path)
    except (ConfigException, OSError) as error:
        raise LabError(f"the kubeconfig {path} can't be used: {error}", "KUBECONFIG names another") from error
    except Exception as error:  # the YAML parser's own, and what a wrong shape leads to
        raise LabError(f"the kubeconfig {path} is not valid: {str(error).splitlines()[0]}") from error
    now = current["name"] if current else ""
    return [_context(each, now, made_by_minikube) for each in listed]


def chosen(name: str | None) -> Context:
    """The context of that name, or the current one."""
    known = contexts()
    found = [each for each in known if (each.name == name if name else each.current)]
    if found:
        return found[0]
    names = ", ".join(each.name for each in known) or "none"
    raise UsageError(
        f"the kubeconfig has no context '{name}'" if name else "no context is current", f"there is: {names}"
    )


def connect(context: Context) -> Kube:
    """Its API; nothing is asked of it yet. Raises LabError when its credentials can't be loaded."""
    from kubernetes import client, config, dynamic

    connector: Any = dynamic.DynamicClient
    load: Any = config.load_kube_config
    settings = client.Configuration()
    try:
        load(
            config_file=os.environ.get("KUBECONFIG"),
            context=context.name,
            client_configuration=settings,
            persist_config=False,
        )
    except (config.ConfigException, OSError) as error:
        raise LabError(
            f"context '{context.name}' can't be used: {error}", "log in again, or choose --context"
        ) from error
    settings.connection_pool_maxsize = 1000  # kept for use again: a lab holds a connection an agent
    settings.retries = False  # a failure is told at once; what is waited for is polled, with a deadline of its own
    api = connector(client.ApiClient(settings), discoverer=lambda *_: None)
    return Kube(context.name, settings.host, context.namespace, api)


def allow_changes(context: Context, what: str, ask: Callable[[str], bool]) -> None:
    """Ask before anything is changed in a cluster that is not a minikube. Raises UsageError when the answer is no."""
    if context.minikube:
        return
    if not ask(f"'{context.name}' is not a minikube. {what} there?"):
        raise UsageError(f"nothing was changed in '{context.name}'", "choose another --context, or say --yes")


def _context(listed: Any, current: str, made_by_minikube: frozenset[str]) -> Context:
    about = listed.get("context") or {}
    cluster = about.get("cluster", "")
    namespace = about.get("namespace") or "default"
    return Context(listed["name"], cluster, namespace, listed["name"] == current, cluster in made_by_minikube)


def _minikube_clusters(path: str) -> frozenset[str]:
    """Clusters that carry minikube's mark: it writes an extension `cluster_info` with provider minikube.sigs.k8s.io."""
    import yaml

    found = set()
    for each in path.split(os.pathsep):
        if not Path(each).expanduser().is_file():
            continue
        parsed = yaml.safe_load(Path(each).expanduser().read_text("utf-8")) or {}
        for cluster in parsed.get("clusters") or ():
            marks = (cluster.get("cluster") or {}).get("extensions") or ()
            if any((mark.get("extension") or {}).get("provider") == "minikube.sigs.k8s.io" for mark in marks):
                found.add(cluster["name"])
    return frozenset(found)
