"""`brokerlab cluster`: the workshop's minikube, from nothing to running and back."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from brokerlab.cli import clusters, options, terminal, tree

if TYPE_CHECKING:
    from brokerlab.cluster.minikube import Profile

app = tree.group(
    "The workshop's Kubernetes cluster, a minikube.",
    """
brokerlab cluster up                            2 CPUs, 4 GB, and the workshop's addons
brokerlab cluster up --cpus 4 --memory 8g
brokerlab cluster status --json
brokerlab cluster stop                          it keeps its data
brokerlab cluster down --yes                    deletes it
""",
)

PROFILE = "workshop-mb"
Driver = Annotated[str | None, typer.Option("--driver", help="minikube's driver.", show_default="minikube's choice")]
Kubernetes = Annotated[
    str | None, typer.Option("--kubernetes-version", help="Like v1.34.0.", show_default="minikube's choice")
]
Addons = Annotated[list[str] | None, typer.Option("--addon", help="One more of minikube's addons (may be repeated).")]
NEXT = """\
the cluster is up. Next:
  brokerlab dns add            the .test names, in the hosts file
  brokerlab core deploy        ingress and monitoring
  brokerlab open headlamp      with the token of `brokerlab headlamp token`"""


@app.command()
def up(
    cpus: Annotated[int, typer.Option("--cpus", min=1, help="CPUs of a new cluster.")] = 2,
    memory: Annotated[str, typer.Option("--memory", help="Memory of a new cluster, like 4g.")] = "4g",
    driver: Driver = None,
    kubernetes_version: Kubernetes = None,
    addon: Addons = None,
    profile: clusters.Profile = PROFILE,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Start the cluster, or make it; one that runs is left alone. Prints a token for Headlamp."""
    from brokerlab.cluster import minikube

    say = clusters.progress(quiet=quiet)
    wanted = {"cpus": str(cpus), "memory": memory, "driver": driver, "kubernetes-version": kubernetes_version}
    given = {name: value for name, value in wanted.items() if value}
    found = minikube.up(profile, given, (*minikube.ADDONS, *(addon or ())), say)
    if minikube.needs_tunnel(found):
        say("Docker runs in a machine of its own here: keep `brokerlab cluster tunnel` running in another terminal")
    token = _token(profile)
    if json:
        terminal.print_json({**asdict(found), "token": token})
        return
    terminal.say(NEXT)
    typer.echo(token)


@app.command()
def status(profile: clusters.Profile = PROFILE, json: options.Json = False) -> int:
    """Show the cluster's state, versions and addons; the exit code is 0 when it runs."""
    from brokerlab.cluster import minikube

    found = minikube.profile(profile)
    if json:
        terminal.print_json(asdict(found) if found else {"name": profile, "state": "absent"})
    else:
        rows = _rows(found) if found else []
        terminal.print_rows(("", ""), rows, empty=f"there is no minikube profile {profile}: `brokerlab cluster up`")
    return 0 if found is not None and found.running else 4


@app.command()
def stop(profile: clusters.Profile = PROFILE) -> None:
    """Stop the cluster; what is in it stays."""
    from brokerlab.cluster import minikube

    minikube.existing(profile)
    terminal.say(f"stopping the minikube profile {profile}")
    minikube.stop(profile)


@app.command()
def down(profile: clusters.Profile = PROFILE, yes: options.Yes = False) -> None:
    """Delete the cluster and all that is in it; asks before."""
    from brokerlab.cluster import minikube

    if minikube.profile(profile) is None:
        terminal.say(f"there is no minikube profile {profile}: nothing to delete")
        return
    if not terminal.agreed(f"Delete the minikube profile {profile} and all that is in it?", yes=yes):
        raise typer.Abort
    terminal.say(f"deleting the minikube profile {profile}")
    minikube.delete(profile)
    terminal.say("its names may still be in the hosts file: `brokerlab dns remove`")


@app.command()
def tunnel(profile: clusters.Profile = PROFILE) -> int:
    """Carry this machine's ports 80 and 443 to the cluster until Ctrl-C (macOS with the docker driver needs it)."""
    from brokerlab.cluster import minikube

    found = minikube.running(profile)
    terminal.say("minikube tunnel stays in the foreground: leave it running, end it with Ctrl-C")
    terminal.say("it asks for your password: only root may listen on ports 80 and 443 and set routes")
    if not minikube.needs_tunnel(found):
        terminal.say(
            f"the ingress answers on {found.address} without it here; only LoadBalancer services need a tunnel"
        )
    return minikube.tunnel(profile)


def _token(profile: str) -> str:
    from brokerlab.cluster import headlamp

    return headlamp.token(clusters.reading(profile), "24h")


def _rows(found: Profile) -> list[tuple[str, str]]:
    enabled = sorted(addon for addon, on in found.addons.items() if on)
    return [
        ("profile", found.name),
        ("state", found.state),
        ("kubernetes", found.kubernetes),
        ("driver", found.driver),
        ("address", found.address),
        ("size", f"{found.cpus} CPUs, {found.memory_mb} MB"),
        ("addons", ", ".join(enabled)),
    ]
