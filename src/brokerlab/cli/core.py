"""`brokerlab core`: the ingresses and the monitoring that every usecase relies on."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from brokerlab.cli import clusters, options, terminal, tree

if TYPE_CHECKING:
    from brokerlab.cluster.monitoring import Doomed

app = tree.group(
    "Ingress and monitoring: Prometheus, Alertmanager, Grafana.",
    """
brokerlab core deploy
brokerlab core deploy --set prometheus.prometheusSpec.retention=48h
brokerlab core status
brokerlab core rollback --dry-run               what it would delete
""",
)

MONITORING = "monitoring"
Namespace = Annotated[str, clusters.namespace(MONITORING)]
Set = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="One of the chart's values.")]
Values = Annotated[
    list[Path] | None,
    typer.Option("--values", "-f", metavar="FILE", dir_okay=False, help="More of the chart's values."),
]
Version = Annotated[str | None, typer.Option("--version", help="The chart's version.", show_default="79.1.0")]
Folder = Annotated[
    Path | None, typer.Option("--chart", exists=True, file_okay=False, help="A chart's folder on this machine.")
]


@app.command()
def deploy(
    set_: Set = None,
    values: Values = None,
    version: Version = None,
    chart: Folder = None,
    namespace: Namespace = MONITORING,
    context: clusters.Context = None,
    timeout: clusters.Timeout = 600.0,
    yes: options.Yes = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Install or upgrade the monitoring, and wait until it is ready."""
    from brokerlab.cluster import monitoring
    from brokerlab.cluster import values as layers

    given = (*map(layers.read, values or ()), *map(layers.from_set, set_ or ()))
    order = monitoring.Order(monitoring.chart(version, chart), namespace, given, timeout)
    kube = clusters.changing(context, "Deploy the monitoring", yes=yes)
    revision = monitoring.deploy(kube, order, clusters.progress(quiet=quiet))
    if json:
        _print_json(monitoring.status(kube, namespace))
        return
    terminal.say(f"{revision.chart} {revision.version} is ready (revision {revision.number})")
    terminal.say("see it: `brokerlab open grafana` (admin/admin), `brokerlab open prometheus`")


@app.command()
def status(namespace: Namespace = MONITORING, context: clusters.Context = None, json: options.Json = False) -> None:
    """Show the release, its pods and every ingress."""
    from brokerlab.cluster import monitoring

    found = monitoring.status(clusters.reading(context), namespace)
    if json:
        _print_json(found)
        return
    release = found["release"]
    said = (
        f"{release.chart} {release.version}: {release.status}" if release else "not installed: `brokerlab core deploy`"
    )
    typer.echo(f"release {MONITORING} in {namespace}: {said}")
    pods = [(pod["name"], pod["lacking"] or "ready") for pod in found["pods"]]
    terminal.print_rows(("pod", "state"), pods, empty="no pods")
    ways = [
        (host, each["namespace"], each["address"] or "none yet")
        for each in found["ingresses"]
        for host in each["hosts"]
    ]
    terminal.print_rows(("host", "namespace", "address"), ways, empty="no ingresses")


@app.command()
def rollback(
    namespace: Namespace = MONITORING,
    context: clusters.Context = None,
    yes: options.Yes = False,
    dry_run: clusters.DryRun = False,
) -> None:
    """Uninstall the monitoring with the operator's CRDs and its namespace; shows what goes, and asks."""
    from brokerlab.cluster import monitoring

    kube = clusters.reading(context)
    found = monitoring.doomed(kube, namespace)
    if found.nothing:
        terminal.say(f"nothing to delete in '{kube.context}'")
        return
    terminal.print_rows(("deleted", ""), _rows(found), empty="")
    if dry_run:
        return
    if not terminal.agreed(f"Delete this in '{kube.context}'?", yes=yes):
        raise typer.Abort
    monitoring.rollback(kube, found, terminal.say)


def _print_json(found: dict[str, Any]) -> None:
    release = found["release"]
    terminal.print_json({**found, "release": asdict(release) if release else None})


def _rows(found: Doomed) -> list[tuple[str, str]]:
    rows = [
        (f"definition {plural}", f"with {count} objects, in all namespaces") for plural, count in found.objects.items()
    ]
    rows += [(f"service {name}", "the operator's, in kube-system") for name in found.services]
    if found.namespace:
        rows.append((f"namespace {found.namespace}", "with all that is in it"))
    if found.release:
        rows.insert(0, (f"release {MONITORING}", f"{found.release.chart} {found.release.version}"))
    return rows
