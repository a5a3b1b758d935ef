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
from brokerlab.cli.tree import Later, root

SUMMARY = "See, on real brokers under real faults, what a message broker's delivery guarantee is worth."

EXAMPLES = """
brokerlab scenario run acks     lose messages with acks=0 and acks=1, and none with acks=all
brokerlab scenario list         the experiments there are
brokerlab doctor                what this machine has, and what is missing
"""


def _scenario() -> typer.Typer:
    from brokerlab.cli import scenario

    return scenario.app


def _runs() -> typer.Typer:
    from brokerlab.cli import runs

    return runs.app


def _cluster() -> typer.Typer:
    from brokerlab.cli import cluster

    return cluster.app


def _dns() -> typer.Typer:
    from brokerlab.cli import dns

    return dns.app


def _core() -> typer.Typer:
    from brokerlab.cli import core

    return core.app


def _headlamp() -> typer.Typer:
    from brokerlab.cli import headlamp

    return headlamp.app


def _usecase() -> typer.Typer:
    from brokerlab.cli import usecase

    return usecase.app


def _open() -> typer.Typer:
    from brokerlab.cli import open as opening

    return opening.app


GROUPS = {
    "scenario": Later("Run an experiment on a real broker, and judge it.", _scenario),
    "runs": Later("Look at finished runs.", _runs),
    "cluster": Later("The workshop's Kubernetes cluster, a minikube.", _cluster),
    "dns": Later("The cluster's .test names in the hosts file.", _dns),
    "core": Later("Ingress and monitoring: Prometheus, Alertmanager, Grafana.", _core),
    "headlamp": Later("Headlamp, the cluster's page.", _headlamp),
    "usecase": Later("Usecases: applications with their own monitoring.", _usecase),
    "open": Later("Open a page of the cluster.", _open),
}


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


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
