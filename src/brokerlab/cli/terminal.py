"""Standard output and standard error as the commands use them: results on the one, everything else on the other."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import typer

from brokerlab.core.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

PIPE_WIDTH = 140  # what is not a terminal (a file, a CI log) has no width of its own


def console(*, stderr: bool = False) -> Console:
    """A rich console; rich itself respects NO_COLOR, TERM=dumb and COLUMNS."""
    from rich.console import Console

    found = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    return found if found.is_terminal else Console(stderr=stderr, highlight=False, markup=False, width=_pipe_width())


def _pipe_width() -> int:
    import os

    columns = os.environ.get("COLUMNS", "")
    return int(columns) if columns.isdigit() and int(columns) > 0 else PIPE_WIDTH


def say(text: str) -> None:
    typer.echo(text, err=True)


def print_json(value: Any) -> None:
    typer.echo(json.dumps(value, indent=2))


def print_rows(headings: Sequence[str], rows: Sequence[Sequence[str]], *, empty: str) -> None:
    """A plain table; without rows the sentence `empty`, on standard error."""
    if not rows:
        say(empty)
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*row)
    console().print(table)


def agreed(question: str, *, yes: bool) -> bool:
    """Ask on standard error; `yes` answers for the user. Raises UsageError where nobody can be asked."""
    if yes:
        return True
    if not sys.stdin.isatty():
        raise UsageError("this asks before it does anything, and there is no terminal to ask on", "say --yes")
    return typer.confirm(question, err=True)
