"""The one place where a failure becomes a sentence on standard error and an exit code.

0 held, 1 broken, 2 usage, 3 inconclusive or skipped, 4 the lab could not start, 70 our bug, 130 interrupted (Ctrl-C,
SIGTERM, SIGHUP), 141 whoever read our output closed it.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

import typer

from brokerlab.core import folders
from brokerlab.core.errors import BrokerlabError

INTERRUPTED = 130
OUTPUT_CLOSED = 141
BUG = 70
_ROOM = "BROKERLAB_RUNS, BROKERLAB_STATE and BROKERLAB_CACHE name other folders; brokerlab runs delete makes room"


def explained(error: BaseException, *, debug: bool) -> int:
    """Say what went wrong on standard error; returns the exit code."""
    if debug and not isinstance(error, typer.TyperException):
        typer.echo(_traceback(error), err=True, nl=False)
    match error:
        case _ if interrupted(error):
            return _interrupted(error)
        case BrokerlabError():
            return _said(error.message, error.hint, error.exit_code)
        case typer.TyperException():
            return _usage(error)
        case OSError(errno=errno.ENOSPC | errno.EDQUOT | errno.EROFS | errno.EACCES | errno.EPERM):
            return _said(f"{_lower(str(error.strerror))}: {error.filename or 'where brokerlab writes'}", _ROOM, 4)
        case _:
            return _bug(error)


def interrupted(error: BaseException | None) -> bool:
    """Whether it is an interruption, or came of one: a failure while everything was being undone."""
    while error is not None:
        if isinstance(error, KeyboardInterrupt | typer.Abort):
            return True
        error = error.__context__
    return False


def _interrupted(error: BaseException) -> int:
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        return _said("interrupted; what was started has been stopped", "", INTERRUPTED)
    what = str(error).partition("\n")[0]
    return _said(f"interrupted, and not all could be undone: {what}", "brokerlab lab down", INTERRUPTED)


def _usage(error: typer.TyperException) -> int:
    message = error.format_message()
    if "Usage:" in message.partition("\n")[0]:  # nothing was asked for: the whole help page is the answer
        typer.echo(message, err=True)
        return error.exit_code
    context = getattr(error, "ctx", None)
    hint = f"see {context.command_path} --help" if context else ""
    return _said(_lower(message), hint, error.exit_code)


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _bug(error: BaseException) -> int:
    what = f"{type(error).__name__}: {error}".rstrip(": ").splitlines()[0]
    where = f"the traceback is in {_written(error)}"
    return _said(f"a bug in brokerlab, sorry: {what}", f"{where}; `brokerlab --debug ...` shows it here", BUG)


def _written(error: BaseException) -> Path:
    """The traceback in a new file that only its owner can read."""
    import tempfile

    text = _traceback(error)
    try:
        folder = folders.state() / "tracebacks"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        number, name = tempfile.mkstemp(".txt", "traceback-", folder)
    except OSError:  # a read-only home: the system's temporary folder
        number, name = tempfile.mkstemp(".txt", "brokerlab-traceback-")
    with os.fdopen(number, "w", encoding="utf-8") as file:
        file.write(text)
    return Path(name)


def _traceback(error: BaseException) -> str:
    import traceback

    return "".join(traceback.format_exception(error))


def _said(message: str, hint: str, code: int) -> int:
    typer.echo(
        f"{typer.style('error:', fg='red', bold=True)} {message}" if _colour() else f"error: {message}", err=True
    )
    if hint:
        typer.echo(f" hint: {hint}", err=True)
    return code


def _colour() -> bool:
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
