"""The command tree's parts: groups, a root whose groups are imported when asked for, and a help page with colours.

Typer's own rich help costs twice what the whole of `brokerlab --help` may (it imports rich, pygments and markdown-it),
so the plain help page is used, and a terminal gets its headings and option names coloured.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import typer
import typer.main
from typer.core import TyperCommand, TyperGroup

from brokerlab.cli import config

_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
_BOLD, _CYAN, _OFF = "\033[1m", "\033[36m", "\033[0m"


@dataclass(frozen=True)
class Later:
    """A command group that is imported when it is used; `summary` stands for it in the help page until then."""

    summary: str
    load: Callable[[], typer.Typer]


def group(summary: str, examples: str = "") -> typer.Typer:
    """An empty command group in brokerlab's manner. examples: lines of an epilog."""
    return typer.Typer(
        help=summary,
        epilog=epilog(examples),
        context_settings=_SETTINGS,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )


def single() -> typer.Typer:
    """The home of one command that is no group: `brokerlab doctor`."""
    return typer.Typer(
        context_settings=_SETTINGS, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False
    )


def epilog(examples: str) -> str | None:
    """Lines of examples as an epilog that Typer does not wrap (\\b is its mark for that)."""
    lines = "\n".join(f"  {line}" for line in examples.strip().splitlines())
    return f"\b\nExamples:\n{lines}" if lines else None


def root(callback: Callable[..., None], summary: str, groups: Mapping[str, Later], examples: str) -> TyperGroup:
    """The whole tree: `callback` has the options that stand before any group."""

    class Root(TyperGroup):
        """Loads a group when it is resolved: to run it, to print its help, or to complete it."""

        def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
            if args and args[0] in groups:
                self.commands[args[0]] = loaded(args[0], groups[args[0]])
            return super().resolve_command(ctx, args)

    app = typer.Typer(
        cls=Root,
        help=summary,
        epilog=epilog(examples),
        context_settings=_SETTINGS,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    app.callback()(callback)
    command = cast(TyperGroup, typer.main.get_command(app))  # what Typer makes of an app with a callback
    _dress(command)
    command.commands = {name: TyperCommand(name, help=later.summary) for name, later in groups.items()}
    return command


def loaded(name: str, later: Later) -> Any:
    """The real command of that name, imported now."""
    command = typer.main.get_command(later.load())
    command.name = name
    for each in _walk(command):
        _dress(each)
    return command


def _dress(command: Any) -> None:
    """Our own context; and no line of help spent on the environment variables that follow from the rule."""
    command.context_class = BrokerlabContext
    for param in command.params:
        param.show_envvar = param.envvar is not None


def _walk(command: Any) -> Iterator[Any]:
    yield command
    for child in getattr(command, "commands", {}).values():
        yield from _walk(child)


class BrokerlabContext(typer.Context):
    """A Typer context that checks its own section of the configuration file, and paints the help page."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        config.check(self)

    def get_help(self) -> str:
        return painted(super().get_help())


def painted(page: str) -> str:
    """A help page with bold headings and cyan names, unless NO_COLOR or a dumb terminal forbids (typer.echo strips
    colours when the output is no terminal)."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return page
    page = re.sub(r"^(\w[\w ]*:)", rf"{_BOLD}\1{_OFF}", page, flags=re.MULTILINE)
    page = re.sub(r"^  (-.*?)(?=  |$)", rf"  {_CYAN}\1{_OFF}", page, flags=re.MULTILINE)
    return re.sub(r"^  (\w[\w-]*)(?=  )", rf"  {_CYAN}\1{_OFF}", page, flags=re.MULTILINE)
