"""What the cluster commands need of this machine: programs, room, memory, a kubeconfig. Nothing is changed."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from packaging.version import InvalidVersion, Version

from brokerlab.cluster import minikube, tools
from brokerlab.core.check import Check
from brokerlab.core.errors import BrokerlabError
from brokerlab.kube import kubeconfig

GIB = 1024**3
ROOM, MEMORY = 20, 6  # GiB: minikube's images, charts and volumes; its 4 GB, and this machine's own
OLDEST_HELM = Version("3.8.0")
CLUSTER, CORE, USECASES = "cluster up", "core deploy", "usecase deploy"


def checks() -> Iterator[Check]:
    """Each as it is found out; none of them raises."""
    yield docker()
    yield minikube_program()
    yield helm()
    yield kustomize()
    yield disk()
    yield memory()
    yield context()


def usable(found: Iterable[Check]) -> bool:
    """Whether the programs are there. Room and memory only advise, and `cluster up` makes the kubeconfig."""
    return all(check.ok for check in found if check.name not in ("disk", "memory", "kubeconfig"))


def docker() -> Check:
    """The daemon, asked through its API: the docker program alone runs nothing."""
    import docker as sdk

    try:
        client = sdk.from_env(timeout=5)
        try:
            about = client.version()
        finally:
            client.close()
    except (sdk.errors.DockerException, OSError) as error:
        there = shutil.which("docker")
        how = f"start the Docker daemon ({_reason(error)})" if there else tools.HOW_TO_GET["docker"]
        return Check("docker", there or "", "", CLUSTER, how, ok=False)
    return Check("docker", shutil.which("docker") or "the daemon", str(about.get("Version", "")), CLUSTER, "", ok=True)


def minikube_program() -> Check:
    return _program("minikube", CLUSTER, lambda: str(minikube.version()))


def helm() -> Check:
    def version() -> str:
        answer = tools.run(["helm", "version", "--template", "{{ .Version }}"])
        return str(_at_least(Version(answer.out.strip()), OLDEST_HELM))

    return _program("helm", CORE, version)


def kustomize() -> Check:
    """The program of that name, or kubectl, which has it built in."""
    if shutil.which("kustomize"):
        return _program("kustomize", USECASES, lambda: _numbers(tools.run(["kustomize", "version"]).out))
    if shutil.which("kubectl"):
        command = ["kubectl", "version", "--client", "--output=json"]
        return _program(
            "kubectl", USECASES, lambda: _numbers(json.loads(tools.run(command).out)["clientVersion"]["gitVersion"])
        )
    return Check("kubectl", "", "", USECASES, tools.HOW_TO_GET["kubectl"], ok=False)


def disk() -> Check:
    free = shutil.disk_usage(Path.home()).free // GIB
    how = "" if free >= ROOM else f"free {ROOM - free} GiB more below {Path.home()}"
    return Check("disk", f"{free} GiB free", "", CLUSTER, how, ok=free >= ROOM)


def memory() -> Check:
    import psutil

    total = round(psutil.virtual_memory().total / GIB)
    how = "" if total >= MEMORY else "`brokerlab cluster up --memory 2g` makes a smaller cluster, without room to spare"
    return Check("memory", f"{total} GiB", "", CLUSTER, how, ok=total >= MEMORY)


def context() -> Check:
    """The current context of the kubeconfig; whether it answers is the commands' affair."""
    try:
        found = kubeconfig.chosen(None)
    except BrokerlabError as error:
        return Check("kubeconfig", "", "", CORE, error.hint or error.message, ok=False)
    return Check("kubeconfig", f"context {found.name}", "", CORE, "", ok=True)


def _program(name: str, needed_for: str, version: Callable[[], str]) -> Check:
    path = shutil.which(name)
    if path is None:
        return Check(name, "", "", needed_for, tools.HOW_TO_GET[name], ok=False)
    try:
        return Check(name, path, version(), needed_for, "", ok=True)
    except BrokerlabError as error:
        return Check(name, path, "", needed_for, f"{error.message}; {tools.HOW_TO_GET[name]}", ok=False)
    except (ValueError, KeyError, InvalidVersion):
        return Check(name, path, "", needed_for, f"it does not tell its version; {tools.HOW_TO_GET[name]}", ok=False)


def _at_least(found: Version, oldest: Version) -> Version:
    if found < oldest:
        raise BrokerlabError(f"{found} is too old: {oldest} or later is needed")
    return found


def _numbers(text: str) -> str:
    """The first version in a text: "v5.5.0" -> "5.5.0"."""
    match = re.search(r"\d+(\.\d+)+", text)
    if match is None:
        raise ValueError(text)
    return match[0]


def _reason(error: Exception) -> str:
    """What the docker SDK wraps twice: "Permission denied", and so on."""
    known = ("Permission denied", "Connection refused", "No such file or directory", "timed out")
    return next((reason.lower() for reason in known if reason in str(error)), "it does not answer")
