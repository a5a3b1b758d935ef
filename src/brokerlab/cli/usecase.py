"""`brokerlab usecase`: the workshop's usecases, from a skeleton to a target that Prometheus scrapes."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from brokerlab.cli import clusters, options, terminal, tree

app = tree.group(
    "Usecases: applications with their own monitoring.",
    """
brokerlab usecase new orders             a working skeleton in usecases/orders
brokerlab usecase deploy orders
brokerlab usecase status orders
brokerlab usecase deploy ../shop/k8s/base --namespace shop
brokerlab usecase remove orders --yes
""",
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="A usecase's name, or its folder.")]
Root = Annotated[Path, typer.Option("--dir", file_okay=False, help="Where the usecases are.")]
Namespace = Annotated[str, clusters.namespace("the usecase's own")]
ROOT = Path("usecases")


@app.command("list")
def list_(root: Root = ROOT, json: options.Json = False) -> None:
    """List the usecases."""
    from brokerlab.cluster import usecases

    found = usecases.listed(root)
    if json:
        terminal.print_json([{"name": each.name, "folder": str(each.folder)} for each in found])
        return
    rows = [(each.name, str(each.folder)) for each in found]
    terminal.print_rows(("usecase", "folder"), rows, empty=f"no usecases in {root}: `brokerlab usecase new NAME`")


@app.command()
def deploy(
    name: Name,
    root: Root = ROOT,
    namespace: Namespace = "",
    context: clusters.Context = None,
    timeout: clusters.Timeout = clusters.DEADLINE,
    yes: options.Yes = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Apply a usecase, wait until it is ready and Prometheus scrapes it."""
    from brokerlab.cluster import usecases

    usecase = usecases.found(name, root)
    kube = clusters.changing(context, f"Deploy {usecase.name}", yes=yes)
    up = usecases.deploy(kube, usecase, namespace, clusters.progress(quiet=quiet), timeout)
    if json:
        terminal.print_json({"usecase": usecase.name, "targets": [asdict(target) for target in up]})
        return
    rows = [(target.pool, target.url, target.health) for target in up]
    terminal.print_rows(("monitor", "target", "health"), rows, empty=f"{usecase.name} is ready; it has no monitor")


@app.command()
def status(
    name: Name,
    root: Root = ROOT,
    namespace: Namespace = "",
    context: clusters.Context = None,
    json: options.Json = False,
) -> None:
    """Show a usecase's workloads, and whether Prometheus scrapes it."""
    from brokerlab.cluster import usecases

    usecase = usecases.found(name, root)  # a mistyped name is said even where no cluster is configured
    rows = usecases.status(clusters.reading(context), usecase, namespace)
    if json:
        terminal.print_json(rows)
        return
    shown = [(row["name"], row["namespace"], row["state"]) for row in rows]
    terminal.print_rows(("what", "namespace", "state"), shown, empty="nothing in it has a state")


@app.command()
def remove(
    name: Name,
    root: Root = ROOT,
    namespace: Namespace = "",
    context: clusters.Context = None,
    yes: options.Yes = False,
) -> None:
    """Delete what a usecase applied, and its namespace where it is alone in it; asks before."""
    from brokerlab.cluster import usecases

    usecase = usecases.found(name, root)
    kube = clusters.reading(context)
    if not terminal.agreed(f"Delete the usecase {usecase.name} in '{kube.context}'?", yes=yes):
        raise typer.Abort
    if not usecases.remove(kube, usecase, namespace, terminal.say):
        terminal.say(f"nothing of {usecase.name} was there")


@app.command()
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Small letters, digits and '-'.")],
    root: Root = ROOT,
    image: Annotated[str | None, typer.Option("--image", help="Another image.", show_default="an example app")] = None,
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Where it answers on /metrics.")] = 8080,
) -> None:
    """Write a usecase that works as it stands: Deployment, Service, ServiceMonitor, kustomization."""
    from brokerlab.cluster import skeleton, usecases

    for path in skeleton.write(root / name / usecases.BASE, skeleton.files(name, image or skeleton.IMAGE, port)):
        typer.echo(str(path))
    terminal.say(f"deploy it: `brokerlab usecase deploy {name}`")
