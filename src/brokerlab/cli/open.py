"""`brokerlab open`: one of the cluster's pages in the browser, through the ingress or a port-forward."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal

import typer

from brokerlab.cli import clusters, terminal, tree

app = tree.single()

PageName = Literal["alertmanager", "grafana", "headlamp", "kubetail", "prometheus"]
Name = Annotated[PageName, typer.Argument(metavar="PAGE", help="alertmanager, grafana, headlamp, kubetail, prometheus")]
Print = Annotated[bool, typer.Option("--print", help="Print the URL, open nothing.")]
Forward = Annotated[bool, typer.Option("--forward", help="By a port-forward, even if the ingress answers.")]
Namespace = Annotated[str | None, clusters.namespace("the page's own")]
Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="Of the port-forward; 0: any.")]


@app.command(
    "open",
    epilog=tree.epilog(
        """
brokerlab open grafana
brokerlab open prometheus --print
brokerlab open headlamp --forward --port 8000
brokerlab open grafana --context company     by a port-forward: the .test names may lead elsewhere
"""
    ),
)
def open_(
    page: Name,
    print_: Print = False,
    forward: Forward = False,
    port: Port = 0,
    namespace: Namespace = None,
    context: clusters.Context = None,
) -> None:
    """Open a page of the cluster. Without an answer from the ingress a port-forward is used, until Ctrl-C."""
    forward = forward or context is not None  # the .test names lead to one cluster, which may be another
    shown(page, context, namespace, port=port, only_print=print_, forward=forward)


def shown(
    name: str,
    context: str | None,
    namespace: str | None,
    *,
    port: int = 0,
    only_print: bool = False,
    forward: bool = False,
) -> None:
    """Show the page; a port-forward stays in the foreground."""
    from brokerlab.cluster import pages
    from brokerlab.kube import forward as forwarding

    page = pages.PAGES[name]
    reason = "asked for" if forward else pages.unreachable(page.host)
    if not reason:
        _show(f"http://{page.host}", only_print=only_print)
        return
    if not forward:
        terminal.say(f"{reason}; so by a port-forward")
    kube = clusters.reading(context)
    find = partial(forwarding.find, kube, namespace or page.namespace, page.service)
    terminal.say(f"forwarding to the pod {find().pod} until Ctrl-C")
    forwarding.serve(kube, find, port, lambda url: _show(url, only_print=only_print), terminal.say)


def _show(url: str, *, only_print: bool) -> None:
    import webbrowser

    typer.echo(url)
    if not only_print and not webbrowser.open(url):
        terminal.say("no browser could be started here: open that URL yourself")
