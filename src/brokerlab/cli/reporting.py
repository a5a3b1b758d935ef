"""Showing judged runs in the form that was asked for: table or JSON on standard output, and files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from brokerlab.cli import terminal
from brokerlab.core.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from brokerlab.core.scenario import Scenario
    from brokerlab.core.verdict import RunVerdict

PICTURE_WIDTH = 132


@dataclass(frozen=True)
class Forms:
    """What was asked for. json: instead of the table. The others: files to be written besides."""

    json: bool = False
    svg: Path | None = None
    junit: Path | None = None
    html: Path | None = None


def show(run: RunVerdict, folder: Path, forms: Forms) -> None:
    """Print the run, and write the files that were asked for. Raises UsageError when one can't be written."""
    from brokerlab.reports import json, junit, table

    question = _question(run.scenario)
    if forms.svg:
        title = f"brokerlab scenario run {run.scenario}"
        _write(forms.svg, _picture(title, lambda console: table.show(run, console, question=question)))
    if forms.junit:
        _write(forms.junit, junit.render(run))
    if forms.html:
        write_html(run, folder, forms.html)
    if forms.json:
        typer.echo(json.render(run))
    else:
        table.show(run, terminal.console(), question=question, folder=folder)


def show_all(done: Sequence[tuple[RunVerdict, Path | None]], forms: Forms) -> int:
    """The same for several runs, as one summary; returns the exit code of the worst."""
    from brokerlab.core.verdict import EXIT_CODE
    from brokerlab.reports import junit, ladder

    runs = [run for run, _ in done]
    if forms.svg:
        _write(forms.svg, _picture("brokerlab scenario run all", lambda console: ladder.show(runs, console)))
    if forms.junit:
        _write(forms.junit, junit.render(*runs))
    if forms.html:
        _write_ladder(done, forms.html)
    if forms.json:
        typer.echo(ladder.render_json(runs))
    else:
        ladder.show(runs, terminal.console())
    return EXIT_CODE[ladder.verdict(runs)]


def write_html(run: RunVerdict, folder: Path, path: Path) -> None:
    from brokerlab.cli.dossier import gather
    from brokerlab.reports.html import page

    _write(path, page.render(gather(run, folder, _scenario(run.scenario))))


def _write_ladder(done: Sequence[tuple[RunVerdict, Path | None]], path: Path) -> None:
    from brokerlab.cli.dossier import gather
    from brokerlab.reports.html import ladder

    dossiers = [gather(run, folder, _scenario(run.scenario)) for run, folder in done if folder]
    _write(path, ladder.render([run for run, _ in done], dossiers))


def _picture(title: str, draw: Callable[[Console], None]) -> str:
    """What `draw` prints as SVG, drawn by rich on a console that nobody sees."""
    import io
    import re

    from rich.console import Console

    console = Console(width=PICTURE_WIDTH, record=True, file=io.StringIO(), highlight=False, force_terminal=True)
    draw(console)
    picture = console.export_svg(title=title)
    return re.sub(r"@font-face \{.*?\}", "", picture, flags=re.DOTALL)  # a picture that loads nothing from anywhere


def _scenario(name: str) -> Scenario | None:
    """A stored run may be of a scenario that this version no longer has."""
    from brokerlab import catalog

    return catalog.scenario(name) if name in catalog.scenario_names() else None


def _question(name: str) -> str:
    scenario = _scenario(name)
    return scenario.question if scenario else ""


def _write(path: Path, text: str) -> None:
    from brokerlab.core.files import write_atomic

    try:
        write_atomic(path, text, mode=0o644)
    except OSError as error:
        raise UsageError(f"{path} can't be written: {error.strerror}") from None
