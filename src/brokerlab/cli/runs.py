"""`brokerlab runs`: the finished runs, one of them again, two compared, and exporting and deleting them."""

from __future__ import annotations

from pathlib import Path
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
brokerlab runs diff 20261123-1632 last
brokerlab runs export last acks.tar.gz
brokerlab runs delete 20261123-163239-acks-7f3a --yes
""",
)

Other = Annotated[str, typer.Argument(metavar="OTHER", help="Another run.")]


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
    reporting.show(decode(stored.verdict()), stored.folder, reporting.Forms(json=json, svg=svg))


@app.command()
def diff(one: options.RunName, other: Other, runs_dir: options.RunsDir = None, json: options.Json = False) -> None:
    """Compare two runs: load, settings, when the faults struck and for how long, and what was counted."""
    from dataclasses import asdict

    from brokerlab.cli.dossier import gather
    from brokerlab.ledger import store
    from brokerlab.reports.difference import differences
    from brokerlab.reports.json import decode

    stored = [store.find(runs_dir or folders.runs(), name) for name in (one, other)]
    left, right = (gather(decode(run.verdict()), run.folder, None, course=False) for run in stored)
    found = list(differences(left, right))
    if json:
        terminal.print_json({"one": stored[0].run, "other": stored[1].run, "differences": [asdict(d) for d in found]})
        return
    rows = [(each.section, each.what, each.one, each.other) for each in found]
    terminal.print_rows(("", "", stored[0].run, stored[1].run), rows, empty="the two runs differ in nothing")


@app.command()
def export(
    run: options.RunName,
    file: Annotated[Path, typer.Argument(metavar="FILE.tar.gz", dir_okay=False, help="The archive to write.")],
    runs_dir: options.RunsDir = None,
) -> None:
    """Write a run's whole folder into an archive, which can be judged again elsewhere.

    Unpack it there, and name the folder: `brokerlab scenario check ./FOLDER`. What the agents were told is left out:
    it may have your cluster's passwords.
    """
    from brokerlab.ledger import archive, store

    stored = store.find(runs_dir or folders.runs(), run)
    archive.write(stored, file)
    terminal.say(f"{stored.run} is in {file} ({file.stat().st_size:,} bytes)")


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
