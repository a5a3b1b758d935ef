"""What the commands of the cluster share: their options, and the way to the cluster that is meant, asked about."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from brokerlab.cli import terminal

if TYPE_CHECKING:
    from brokerlab.core.lab import Progress
    from brokerlab.kube.api import Kube

Context = Annotated[
    str | None, typer.Option("--context", help="The kubeconfig's context.", show_default="the current one")
]
Profile = Annotated[str, typer.Option("--profile", "-p", help="The minikube profile.")]
Timeout = Annotated[float, typer.Option("--timeout", min=1, help="Seconds to wait until all is ready.")]
HostsFile = Annotated[
    Path, typer.Option("--hosts-file", dir_okay=False, help="Another hosts file (under WSL: Windows' own).")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would change, change nothing.")]

DEADLINE = 300.0


def namespace(default: str) -> object:
    """The option --namespace, with what it stands for when it is left out."""
    return typer.Option("--namespace", "-n", help="The namespace.", show_default=default)


def progress(*, quiet: bool) -> Progress:
    return (lambda _sentence: None) if quiet else terminal.say


def reading(context: str | None) -> Kube:
    """The API of the context, to look at."""
    from brokerlab.kube import kubeconfig

    return kubeconfig.connect(kubeconfig.chosen(context))


def changing(context: str | None, what: str, *, yes: bool) -> Kube:
    """The API of the context, to change; asks first when it is no minikube. what: "Deploy the monitoring"."""
    from brokerlab.kube import kubeconfig

    chosen = kubeconfig.chosen(context)
    kubeconfig.allow_changes(chosen, what, lambda question: terminal.agreed(question, yes=yes))
    return kubeconfig.connect(chosen)
