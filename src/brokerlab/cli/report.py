"""`brokerlab report`: a stored run as one HTML page, to be read, projected or sent."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from brokerlab.cli import options, terminal, tree
from brokerlab.core import folders

app = tree.single()

Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", dir_okay=False, help="Else report.html in the run folder."),
]
Open = Annotated[bool, typer.Option("--open", help="Open it in the browser.")]


@app.command(
    "report",
    epilog=tree.epilog(
        """
brokerlab report last --open
brokerlab report 20261123-1632 -o acks.html
"""
    ),
)
def report(run: options.RunName, output: Output = None, open_: Open = False, runs_dir: options.RunsDir = None) -> None:
    """Write a stored run's report: one HTML file that needs nothing else."""
    import webbrowser

    from brokerlab.cli import reporting
    from brokerlab.ledger import store
    from brokerlab.reports.json import decode

    stored = store.find(runs_dir or folders.runs(), run)
    path = (output or stored.folder / "report.html").absolute()
    reporting.write_html(decode(stored.verdict()), stored.folder, path)
    typer.echo(path)
    if open_ and not webbrowser.open(path.as_uri()):
        terminal.say("no browser could be started here: open that file yourself")
