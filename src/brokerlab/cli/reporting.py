"""Showing one judged run in the form that was asked for: table or JSON on standard output, a picture, a JUnit file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from brokerlab.cli import terminal
from brokerlab.core.errors import UsageError

if TYPE_CHECKING:
    from brokerlab.core.verdict import RunVerdict

PICTURE_WIDTH = 132


def show(
    run: RunVerdict, folder: Path | None, *, json: bool = False, svg: Path | None = None, junit: Path | None = None
) -> None:
    """Print the run, and write the files that were asked for. Raises UsageError when one can't be written."""
    if svg:
        _write(svg, _picture(run))
    if junit:
        from brokerlab.reports import junit as xml

        _write(junit, xml.render(run))
    if json:
        from brokerlab.reports.json import render

        typer.echo(render(run))
        return
    from brokerlab.reports import table

    table.show(run, terminal.console(), question=_question(run.scenario), folder=folder)


def _picture(run: RunVerdict) -> str:
    """The table as SVG, drawn by rich on a console that nobody sees."""
    import io
    import re

    from rich.console import Console

    from brokerlab.reports import table

    console = Console(width=PICTURE_WIDTH, record=True, file=io.StringIO(), highlight=False, force_terminal=True)
    table.show(run, console, question=_question(run.scenario))
    picture = console.export_svg(title=f"brokerlab scenario run {run.scenario}")
    return re.sub(r"@font-face \{.*?\}", "", picture, flags=re.DOTALL)  # a picture that loads nothing from anywhere


def _question(scenario: str) -> str:
    """A stored run may be of a scenario that this version no longer has."""
    from brokerlab import catalog

    return catalog.scenario(scenario).question if scenario in catalog.scenario_names() else ""


def _write(path: Path, text: str) -> None:
    from brokerlab.core.files import write_atomic

    try:
        write_atomic(path, text, mode=0o644)
    except OSError as error:
        raise UsageError(f"{path} can't be written: {error.strerror}") from None
