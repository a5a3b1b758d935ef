"""`brokerlab runs`: the finished runs, one of them again, and deleting them."""

from __future__ import annotations

from typing import Annotated

import typer

from brokerlab.cli import options, terminal, tree
from brokerlab.core import folders

app = tree.group(
    "Look at finished runs.",
    """
brokerlab runs list
brokerlab runs show last
brokerlab runs show 20261123-1632 --json
brokerlab runs delete 20261123-163239-acks-7f3a --yes
""",
)


@app.command("list")
def list_(runs_dir: options.RunsDir = None, json: options.Json = False) -> None:
    """List the runs, oldest first, with their verdicts; a run that was cut short is 'interrupted'."""
    from brokerlab.ledger import store

    runs = list(store.found(runs_dir or folders.runs()))
    if json:
        terminal.print_json(
            [
                {
                    "run": run.run,
                    "scenario": run.scenario,
                    "state": run.state,
                    "messages": run.messages,
                    "folder": str(run.folder),
                }
                for run in runs
            ]
        )
        return
    rows = [(run.run, run.scenario, "?" if run.messages is None else f"{run.messages:,}", run.state) for run in runs]
    terminal.print_rows(
        ("run", "scenario", "messages", "verdict"), rows, empty=f"no runs in {runs_dir or folders.runs()}"
    )


@app.command()
def show(
    run: options.RunName, runs_dir: options.RunsDir = None, json: options.Json = False, svg: options.Svg = None
) -> None:
    """Print a run's report again, as it was judged then."""
    from brokerlab.cli import reporting
    from brokerlab.ledger import store
    from brokerlab.reports.json import decode

    stored = store.find(runs_dir or folders.runs(), run)
    reporting.show(decode(stored.verdict()), stored.folder, json=json, svg=svg)


@app.command()
def delete(
    runs: Annotated[list[str], typer.Argument(metavar="RUN...", help="The runs' ids, their beginnings, or 'last'.")],
    runs_dir: options.RunsDir = None,
    yes: options.Yes = False,
) -> None:
    """Delete runs and all that they wrote; asks before."""
    from brokerlab.ledger import store

    doomed = [store.find(runs_dir or folders.runs(), run) for run in runs]
    names = ", ".join(run.run for run in doomed)
    if not terminal.agreed(f"delete {names}?", yes=yes):
        raise typer.Abort
    for run in doomed:
        store.delete(run)
        terminal.say(f"deleted {run.run}")
