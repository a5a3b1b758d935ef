"""`brokerlab headlamp`: the token for its login, and the page."""

from __future__ import annotations

from typing import Annotated

import typer

from brokerlab.cli import clusters, options, terminal, tree

app = tree.group(
    "Headlamp, the cluster's page.",
    """
brokerlab headlamp token                 only the token on standard output
brokerlab headlamp token --copy          onto the clipboard
brokerlab headlamp token --duration 1h
brokerlab headlamp open
""",
)

HEADLAMP = "headlamp"
Namespace = Annotated[str, clusters.namespace(HEADLAMP)]


@app.command()
def token(
    duration: Annotated[str, typer.Option("--duration", help="How long it is valid, like 24h or 90m.")] = "24h",
    copy: Annotated[bool, typer.Option("--copy", help="Onto the clipboard, instead of standard output.")] = False,
    account: Annotated[str, typer.Option("--account", help="The service account.")] = HEADLAMP,
    namespace: Namespace = HEADLAMP,
    context: clusters.Context = None,
    json: options.Json = False,
) -> None:
    """Ask the cluster for a token to log in with."""
    from brokerlab.cluster import headlamp

    headlamp.seconds(duration)
    made = headlamp.token(clusters.reading(context), duration, account, namespace)
    if copy:
        terminal.say(f"the token is on the clipboard (by {headlamp.copy(made)})")
    elif json:
        terminal.print_json({"token": made, "duration": duration})
    else:
        typer.echo(made)


@app.command("open")
def open_(namespace: Namespace = HEADLAMP, context: clusters.Context = None) -> None:
    """Open Headlamp; the same as `brokerlab open headlamp`."""
    from brokerlab.cli import open as opening

    opening.shown("headlamp", context, namespace, forward=context is not None)
