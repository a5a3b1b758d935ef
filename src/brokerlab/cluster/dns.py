"""Which names lead to the cluster, and to which address: what `brokerlab dns` puts into the hosts file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from brokerlab.cluster import minikube, monitoring, pages
from brokerlab.core.errors import BrokerlabError
from brokerlab.core.lab import Progress
from brokerlab.kube import kubeconfig

HOSTS_FILE = Path("/etc/hosts")
WINDOWS_HOSTS = Path("/mnt/c/Windows/System32/drivers/etc/hosts")
KERNEL = Path("/proc/sys/kernel/osrelease")


def address(profile: str) -> str:
    """The address that the names must lead to: the running cluster's. Raises LabError when it does not run."""
    found = minikube.running(profile)
    return minikube.reachable_address(found)


def names(context: str, more: Iterable[str], say: Progress) -> list[str]:
    """The workshop's pages, the hosts of every ingress in the cluster (usecases bring theirs), and `more`.

    minikube names the context after the profile."""
    return sorted({*pages.HOSTS, *_ingress_hosts(context, say), *more})


def under_wsl(kernel: Path = KERNEL) -> bool:
    """Linux on Windows: its kernel's release says "microsoft"."""
    try:
        return "microsoft" in kernel.read_text("utf-8").lower()
    except OSError:
        return False


def windows_note() -> str:
    """What to do for the browsers of Windows, which read Windows' own hosts file; "" outside of WSL."""
    if not under_wsl():
        return ""
    return (
        f"browsers on Windows read {WINDOWS_HOSTS} instead (--hosts-file, in a WSL shell run as Administrator); "
        "WSL writes /etc/hosts anew at its start unless /etc/wsl.conf says [network] generateHosts=false"
    )


def _ingress_hosts(context: str, say: Progress) -> set[str]:
    """A cluster that does not answer has none to tell."""
    try:
        kube = kubeconfig.connect(kubeconfig.chosen(context))
        return {host for ingress in monitoring.ingresses(kube) for host in ingress["hosts"] if "*" not in host}
    except BrokerlabError as error:
        say(f"the usecases' own names are left out: {error.message}")
        return set()
