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
Cluster = Annotated[
    bool, typer.Option("--cluster", help="Only what the cluster commands need; the exit code is theirs, too.")
]


@app.command(
    epilog=tree.epilog(
        """
brokerlab doctor
brokerlab doctor --fix            get what is missing, without root
brokerlab doctor --fix --system   by the system's packages; sudo for that step alone
brokerlab doctor --cluster        minikube, docker, helm: exit code 4 if one of them is missing
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
    if cluster and (fix or system):
        raise typer.BadParameter("the cluster's programs are yours to install: --fix can't be with --cluster")
    ours = [] if cluster else _local(str(java) if java else None, fix=fix, system=system)
    theirs = [] if fix else _cluster()
    if json:
        terminal.print_json([asdict(check) for check in ours + theirs])
    else:
        _show(ours + theirs)
    raise typer.Exit(0 if _usable(ours, theirs) else 4)


def _local(java: str | None, *, fix: bool, system: bool) -> list[Check]:
    from brokerlab import catalog
    from brokerlab.labs.local import doctor

    specs = catalog.broker("kafka").nodes(3)
    if fix:
        doctor.fix(specs, terminal.say, java=java, system=system)
    return list(doctor.checks(specs, java))


def _cluster() -> list[Check]:
    from brokerlab.cluster import doctor

    return list(doctor.checks())


def _usable(ours: list[Check], theirs: list[Check]) -> bool:
    """Whether the local lab can start; where only the cluster was looked at, whether its commands can work."""
    from brokerlab.cluster import doctor as cluster
    from brokerlab.labs.local import doctor as local

    return local.startable(ours) if ours else cluster.usable(theirs)


def _show(checks: list[Check]) -> None:
    """The table, and below it what to do about each thing that does not serve: sentences need the whole width."""
    rows = [(_state(check), check.name, check.version, check.needed_for, check.found) for check in checks]
    terminal.print_rows(("", "what", "version", "for", "where"), rows, empty="")
    for check in checks:
        if not check.ok:
            typer.echo(f"{check.name}, for {check.needed_for}: {check.how_to_get}")


def _state(check: Check) -> str:
    return "ok" if check.ok else "unusable" if check.found else "missing"
