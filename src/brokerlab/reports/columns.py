"""Columns of texts laid out as one table, or as several below each other where the terminal is narrow.

A number is never cut: when the next column does not fit, it begins another table that repeats the row names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich import box
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

GAP = 2
WRAPPED = 20  # a column of words is wrapped, but not to less than this


@dataclass(frozen=True)
class Column:
    """One column. words: it may be wrapped; otherwise its lines stay as they are. right: aligned to the right."""

    heading: str
    cells: tuple[Text, ...]
    words: bool = False
    right: bool = False

    @property
    def width(self) -> int:
        """The columns of the terminal that it needs at least."""
        lines = [line for cell in self.cells for line in cell.plain.splitlines()]
        needed = max(map(cell_len, [self.heading, *lines]))
        return min(needed, WRAPPED) if self.words else needed


def tables(names: Column, columns: Sequence[Column], width: int) -> Iterator[Table]:
    """As few tables as fit into `width`, each with the names in its first column."""
    for part in _parts(columns, width - names.width):
        yield _table([names, *part])


def _parts(columns: Iterable[Column], room: int) -> list[list[Column]]:
    parts: list[list[Column]] = [[]]
    left = room
    for column in columns:
        if parts[-1] and column.width + GAP > left:
            parts.append([])
            left = room
        parts[-1].append(column)
        left -= column.width + GAP
    return parts


def _table(columns: Sequence[Column]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False, show_edge=False, show_lines=True)
    table.padding = (0, GAP - 1, 0, 0)  # the box itself puts one blank between columns
    for column in columns:
        table.add_column(
            column.heading,
            justify="right" if column.right else "left",
            no_wrap=not column.words,
            min_width=column.width,
        )
    for row in zip(*[column.cells for column in columns], strict=True):
        table.add_row(*row)
    return table
