"""The command tree, and `main`: arguments in, exit code out. Groups are imported only when they are used."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from types import FrameType
from typing import Annotated

import typer

from brokerlab import __version__
from brokerlab.cli import config, failures
from brokerlab.cli.groups import GROUPS
from brokerlab.cli.tree import root

SUMMARY = "See, on real brokers under real faults, what a message broker's delivery guarantee is worth."

EXAMPLES = """
brokerlab scenario run acks     lose messages with acks=0 and acks=1, and none with acks=all
brokerlab scenario list         the experiments there are
brokerlab doctor                what this machine has, and what is missing
"""


class Session:
    """What the options before any group said; `main` reads it after the command has ended."""

    debug = False


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"brokerlab {__version__}")
        raise typer.Exit


def _options(
    context: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of a failure.")] = False,
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    context.obj.debug = debug


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line; returns the exit code. Every failure ends here (see `failures`)."""
    session = Session()
    _interruptible()
    try:
        result = root(_options, SUMMARY, GROUPS, EXAMPLES).main(
            args=arguments,
            prog_name="brokerlab",
            standalone_mode=False,
            obj=session,
            default_map=config.load(),
            auto_envvar_prefix="BROKERLAB",
        )
    except SystemExit as end:  # Typer's own: completion has ended, or whoever read our output closed it
        return int(end.code or 0) if "_BROKERLAB_COMPLETE" in os.environ else failures.OUTPUT_CLOSED
    except BaseException as error:
        return failures.explained(error, debug=session.debug or "BROKERLAB_DEBUG" in os.environ)
    if result == failures.INTERRUPTED:
        return failures.explained(KeyboardInterrupt(), debug=False)
    return result if isinstance(result, int) else 0


def _interruptible() -> None:
    """SIGTERM and a closed terminal end a command as Ctrl-C does: by an exception, so that everything is undone."""
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name) and signal.getsignal(getattr(signal, name)) is signal.SIG_DFL:
            signal.signal(getattr(signal, name), _interrupt)


def _interrupt(_number: int, frame: FrameType | None) -> None:
    """As Ctrl-C does now: asyncio, while it runs, has a gentler way than an exception in mid-step."""
    now = signal.getsignal(signal.SIGINT)
    if callable(now):
        now(signal.SIGINT, frame)
    else:
        raise KeyboardInterrupt
