"""Operating-system processes, each known by its pid and its start time, so that a number that was given to another
process since is never taken for ours (and never signalled).

Processes are started in a session of their own: Ctrl-C in the terminal reaches whoever started them, not them.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from brokerlab.core.errors import DeadlineError, LabError
from brokerlab.core.wait import until
from brokerlab.labs.local.account import Account
from brokerlab.labs.local.logs import without_frames

TOOL_DEADLINE = 60  # seconds; formatting a data folder takes one to three
CAN_LIMIT_FILES = hasattr(psutil, "RLIMIT_FSIZE")  # on Linux
SIGNAL_DEADLINE = 30  # a signal is obeyed in a millisecond, but by a thread that waits for a busy disk only after that
SAME_START = 2.0  # seconds: start times are told to 10 ms, but move with the wall clock when that is set


@dataclass(frozen=True)
class ProcessId:
    """Who a process is: its pid, when it started (seconds since the epoch), and the same counted from the boot.

    Two clocks, because setting the wall clock moves one of them (the first on Linux, the second on macOS).
    """

    pid: int
    created: float
    since_boot: float

    @staticmethod
    def of(pid: int) -> ProcessId:
        created = psutil.Process(pid).create_time()
        return ProcessId(pid, created, created - psutil.boot_time())

    def find(self) -> psutil.Process | None:
        """The living process, or None: it ended, or the pid belongs to another one by now."""
        try:
            process = psutil.Process(self.pid)
            created = process.create_time()
            if process.status() == psutil.STATUS_ZOMBIE:
                return None
        except psutil.Error:
            return None
        differences = (created - self.created, created - psutil.boot_time() - self.since_boot)
        return process if min(map(abs, differences)) < SAME_START else None

    @property
    def alive(self) -> bool:
        return self.find() is not None

    @property
    def paused(self) -> bool:
        process = self.find()
        with contextlib.suppress(psutil.Error):
            return process is not None and process.status() == psutil.STATUS_STOPPED
        return False


def start(
    command: Sequence[str], folder: Path, log: Path, environment: Mapping[str, str], account: Account | None = None
) -> tuple[ProcessId, subprocess.Popen[bytes]]:
    """Start a detached process in `folder`; what it prints is appended to `log`. `environment` adds to ours."""
    with log.open("ab") as output:
        try:
            process = subprocess.Popen(
                list(command),
                **_as(account),
                cwd=folder,
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise LabError(f"{command[0]} cannot be started: {error.strerror}") from error
    return ProcessId.of(process.pid), process


def run(command: Sequence[str], folder: Path, what: str, account: Account | None = None, stdin: str = "") -> None:
    """Run a tool to its end in `folder`; `what` completes "... failed", `stdin` is what it reads.

    Raises LabError with the end of what it said.
    """
    try:
        done = subprocess.run(
            list(command),
            **_as(account),
            cwd=folder,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=TOOL_DEADLINE,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise LabError(f"{what} did not end within {TOOL_DEADLINE} s") from error
    except OSError as error:
        raise LabError(f"{command[0]} cannot be started: {error.strerror}") from error
    if done.returncode:
        raise LabError(f"{what} failed:\n{without_frames(done.stdout + done.stderr, 8)}")


def _as(account: Account | None) -> dict[str, Any]:
    return {"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}


def kill(ids: Iterable[ProcessId], deadline: float = SIGNAL_DEADLINE) -> None:
    """SIGKILL all of them and their children at once (it works on paused ones, too); return when they have ended."""
    found = [process for process in (one.find() for one in ids) if process]
    everyone = _with_children(found)
    for process in everyone:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    _await_end(everyone, deadline)


def end(process: ProcessId, deadline: float, number: signal.Signals = signal.SIGTERM) -> None:
    """SIGTERM (or another signal), and SIGKILL when it is still there after `deadline` seconds."""
    found = process.find()
    if not found:
        return
    with contextlib.suppress(psutil.NoSuchProcess):
        found.send_signal(number)
    with contextlib.suppress(DeadlineError):
        _await_end([found], deadline)
    kill([process])


def await_reaped(process: ProcessId, deadline: float = SIGNAL_DEADLINE) -> None:
    """Return when a process that has ended is no longer listed: a server may look for its predecessor by pid."""

    def reaped() -> bool:
        try:
            one = psutil.Process(process.pid)
            psutil.wait_procs([one], timeout=0)  # it may be a child of ours that ended by itself
            return one.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return True

    until(reaped, f"the parent of process {process.pid} to ask how it ended", deadline=deadline, every=0.01)


def _with_children(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    """A server that forks a process for each connection is all of these."""
    everyone = []
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            everyone += [process, *process.children(recursive=True)]
    return everyone


def _await_end(found: list[psutil.Process], deadline: float) -> None:
    until(lambda: all(map(_ended, found)), f"the processes {found} to end", deadline=deadline, every=0.002)
    psutil.wait_procs(found, timeout=0)  # reaps our own children


def _ended(process: psutil.Process) -> bool:
    """Gone, or a zombie without other threads, which holds nothing any more: an orphan's new parent may take seconds
    to reap it."""
    try:
        zombie = process.status() == psutil.STATUS_ZOMBIE and process.num_threads() <= 1
        return zombie or not process.is_running()
    except psutil.Error:
        return True


def pause(process: ProcessId) -> None:
    _signal(process, signal.SIGSTOP)
    stopped = f"process {process.pid} to stop"
    until(lambda: process.paused or not process.alive, stopped, deadline=SIGNAL_DEADLINE, every=0.002)


def resume(process: ProcessId) -> None:
    _signal(process, signal.SIGCONT)
    until(lambda: not process.paused, f"process {process.pid} to continue", deadline=SIGNAL_DEADLINE, every=0.002)


def limit_files(process: ProcessId, size: int | None) -> None:
    """Have the kernel refuse every write behind the first `size` bytes of any file (EFBIG); None: it does no longer."""
    if found := process.find():
        try:
            _, most = found.rlimit(psutil.RLIMIT_FSIZE)
            found.rlimit(psutil.RLIMIT_FSIZE, (most if size is None else size, most))
        except psutil.NoSuchProcess:
            return
        except psutil.AccessDenied as error:  # another user's: it can't be limited, so nothing needs to be undone
            if size is not None:
                raise LabError(f"the files of process {process.pid}, another user's, can't be limited") from error


def _signal(process: ProcessId, number: signal.Signals) -> None:
    if found := process.find():
        for one in _with_children([found]):
            with contextlib.suppress(psutil.NoSuchProcess):
                one.send_signal(number)


def marked(variable: str, value: str) -> list[ProcessId]:
    """All living processes of ours whose environment has that variable: those that nobody had time to write down."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get(variable) == value:
                found.append(ProcessId.of(process.pid))
    return found
