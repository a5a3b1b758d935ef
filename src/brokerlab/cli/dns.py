"""`brokerlab dns`: the cluster's names in the hosts file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from brokerlab.cli import clusters, options, terminal, tree

app = tree.group(
    "The cluster's .test names in the hosts file.",
    """
brokerlab dns add --dry-run          the difference, and nothing else
brokerlab dns add                    writing /etc/hosts runs under sudo, nothing else does
brokerlab dns add --ip 10.0.0.7 --context company --host shop.test
brokerlab dns remove
""",
)

PROFILE = "workshop-mb"
HOSTS = Path("/etc/hosts")
Ip = Annotated[str | None, typer.Option("--ip", help="The address.", show_default="the cluster's")]
Hosts = Annotated[list[str] | None, typer.Option("--host", help="One more name (may be repeated).")]
Context = Annotated[
    str | None,
    typer.Option("--context", help="The kubeconfig's context with the ingresses.", show_default="the profile's"),
]


@app.command()
def add(
    ip: Ip = None,
    host: Hosts = None,
    profile: clusters.Profile = PROFILE,
    context: Context = None,
    hosts_file: clusters.HostsFile = HOSTS,
    dry_run: clusters.DryRun = False,
) -> None:
    """Add the pages' and the usecases' names, with the cluster's address. Twice is once."""
    from brokerlab.cluster import dns, hosts
    from brokerlab.cluster import hosts_file as file

    old = file.read(hosts_file)
    hosts.find(old, profile)  # broken markers are told before minikube is asked
    address = ip or dns.address(profile)
    names = dns.names(context or profile, host or (), terminal.say)
    new = hosts.put(old, dict.fromkeys(names, address), profile)
    _change(hosts_file, old, new, dry_run=dry_run)
    for name, other in hosts.shadowed(new, profile).items():
        terminal.say(f"note: an earlier line says {name} is {other}: that line wins, remove it")


@app.command()
def remove(
    profile: clusters.Profile = PROFILE, hosts_file: clusters.HostsFile = HOSTS, dry_run: clusters.DryRun = False
) -> None:
    """Remove the names; every other byte stays."""
    from brokerlab.cluster import hosts
    from brokerlab.cluster import hosts_file as file

    old = file.read(hosts_file)
    _change(hosts_file, old, hosts.remove(old, profile), dry_run=dry_run)


@app.command()
def status(
    profile: clusters.Profile = PROFILE, hosts_file: clusters.HostsFile = HOSTS, json: options.Json = False
) -> None:
    """Show which names are in the hosts file, and what stands in their way."""
    from brokerlab.cluster import dns, hosts
    from brokerlab.cluster import hosts_file as file

    content = file.read(hosts_file)
    block = hosts.find(content, profile)
    entries = dict(block.entries) if block else {}
    shadowed = hosts.shadowed(content, profile)
    if json:
        terminal.print_json({"file": str(hosts_file), "entries": entries, "shadowed": shadowed})
        return
    rows = [
        (name, address, f"an earlier line says {shadowed[name]}" if name in shadowed else "")
        for name, address in entries.items()
    ]
    terminal.print_rows(
        ("name", "address", ""), rows, empty=f"none of our names is in {hosts_file}: `brokerlab dns add`"
    )
    if dns.windows_note():
        terminal.say(f"note: {dns.windows_note()}")


def _change(path: Path, old: bytes, new: bytes, *, dry_run: bool) -> None:
    from brokerlab.cluster import dns, hosts, hosts_write

    if old == new:
        terminal.say(f"{path} needs no change")
    elif dry_run:
        typer.echo(hosts.diff(old, new, str(path)), nl=False)
    else:
        terminal.say(hosts_write.write(path, old, new, terminal.say))
        if dns.windows_note():
            terminal.say(f"note: {dns.windows_note()}")
