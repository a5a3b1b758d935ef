"""`brokerlab doctor`: what this machine has of what brokerlab needs, what is missing, and getting it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from brokerlab.cli import options, terminal, tree

if TYPE_CHECKING:
    from brokerlab.core.check import Check

app = tree.single()

Fix = Annotated[bool, typer.Option("--fix", help="Get what the local lab lacks: Java, Kafka, Prometheus, Postgres.")]
System = Annotated[
    bool,
    typer.Option(
        "--system", help="With --fix: take what is no Java library from the system's packages (apt, dnf, brew)."
    ),
]
Cluster = Annotated[bool, typer.Option("--cluster", help="Look also at what the cluster commands need.")]


@app.command(
    epilog=tree.epilog(
        """
brokerlab doctor
brokerlab doctor --fix            get what is missing, without root
brokerlab doctor --fix --system   by the system's packages; sudo for that step alone
brokerlab doctor --cluster        minikube, docker and helm, too
"""
    )
)
def doctor(
    fix: Fix = False,
    system: System = False,
    cluster: Cluster = False,
    java: options.Java = None,
    json: options.Json = False,
) -> None:
    """Say what is there, in which version, what is missing, and how to get it. Exit code 4 if the lab can't start."""
    from brokerlab import catalog
    from brokerlab.labs.local import doctor as local

    specs = catalog.broker("kafka").nodes(3)
    named = str(java) if java else None
    if fix:
        local.fix(specs, terminal.say, java=named, system=system)
    ours = list(local.checks(specs, named))
    checks = ours + (_cluster() if cluster else [])
    if json:
        terminal.print_json([asdict(check) for check in checks])
    else:
        _show(checks)
    raise typer.Exit(0 if local.startable(ours) else 4)


def _cluster() -> list[Check]:
    from brokerlab.cluster import doctor

    return list(doctor.checks())


def _show(checks: list[Check]) -> None:
    rows = [(("ok" if c.ok else "missing"), c.name, c.version, c.needed_for, c.found or c.how_to_get) for c in checks]
    terminal.print_rows(("", "what", "version", "for", "where, or how to get it"), rows, empty="")
