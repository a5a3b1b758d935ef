"""Every failure that a user can meet: a sentence, what to do about it, and an exit code.

The command line prints `message` and `hint` and exits with `exit_code`; a traceback is for our bugs alone (70).
Exit codes: 0 held, 1 broken, 2 usage (Typer's own), 3 inconclusive or skipped, 4 the lab could not start, 70 our bug.
"""

from __future__ import annotations


class BrokerlabError(Exception):
    """A failure with a sentence for the user.

    message: what is wrong, and where. hint: what to do. exit_code: the documented process exit code.
    """

    exit_code = 70

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(BrokerlabError):
    """The request itself is wrong: an unknown name, an impossible number, a missing file."""

    exit_code = 2


class InconclusiveError(BrokerlabError):
    """The experiment could not be finished, so nothing can be said about the guarantee."""

    exit_code = 3


class LabError(BrokerlabError):
    """The lab could not start, or a part of it (Java, Kafka, Prometheus, a port, disk space) is missing."""

    exit_code = 4


class FencedError(InconclusiveError):
    """A client was shut out by the broker, because another one works in its place."""


class DeadlineError(InconclusiveError):
    """A condition was awaited until its deadline; the message says what was awaited and what was seen last."""
