"""A fork server: one process that has imported what agents need, and forks an agent whenever it is asked to.

Started from nothing, an agent spends 0.2 to 0.4 s of processor on imports, and a run has a dozen agents or more; a fork
has them. The server has a single thread and opens no client, so it can be forked from at any time. It ends when
its socket does: with whoever started it, however that went. What it forked goes on, as any child does.

Linux only: a forked process is held by a pidfd, so that it is never mistaken for another one, whatever becomes of the
server; and on macOS the system's libraries are not to be relied on after a fork.

Each message is one packet of JSON: [number, request, argument], and [number, answer]. An answer that nobody waits for
any more, because whoever asked was interrupted, is known by its number.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import select
import signal
import socket
import subprocess
import sys
import traceback
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, NoReturn

from brokerlab.core.errors import LabError
from brokerlab.labs.local.logs import log_tail

ANSWER_S = 60.0  # for an answer of the server: at most its imports, on a loaded machine
PACKET = 65_536  # bytes; a path fits
UNKNOWN = 255  # the exit code of a process whose server is gone: nobody was told
NAME = 15  # characters of a process's name that Linux keeps


def available() -> bool:
    """Whether this system has what a fork server needs."""
    if sys.platform != "linux":
        return False
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError:  # an old kernel, or a sandbox
        return False
    return True


class ForkServer:
    """A server that was started; its first answer may take as long as its imports do."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        """command: a program that calls `serve` with its standard input. environment: adds to ours."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, log.open("ab") as output:
            self._process = subprocess.Popen(
                list(command),
                env={**os.environ, **environment, "OPENBLAS_NUM_THREADS": "1"},  # numpy's has threads of its own
                stdin=theirs.fileno(),
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        ours.settimeout(ANSWER_S)
        self._socket, self._log, self._numbers = ours, log, itertools.count(1)
        self.close = weakref.finalize(self, _close, ours, self._process)  # at the end of this program, at the latest

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def fork(self, argument: str, log: IO[bytes]) -> Forked:
        """A new process that runs the server's program with this argument, in a session of its own.

        Raises LabError when there is none: the server ended, or the system has no room for a process.
        """
        (orders, stdin), (stdout, told) = os.pipe(), os.pipe()
        pipes = os.fdopen(stdin, "wb"), os.fdopen(stdout, "rb")
        with os.fdopen(orders), os.fdopen(told, "wb"):
            try:
                pid = self._ask("fork", argument, (orders, told, log.fileno()))
                if isinstance(pid, int):
                    return Forked(self, pid, *pipes)
            except OSError as error:
                said = log_tail(self._log, 8) or f"see {self._log}"
                raise LabError(f"the fork server of the agents ended, or is silent: {error}", said) from error
        raise LabError(f"the agent {Path(argument).stem} cannot be started: {pid}")

    def code(self, pid: int) -> int:
        """How a process ended that has; UNKNOWN when the server is gone."""
        with contextlib.suppress(OSError):
            return int(self._ask("code", pid))
        return UNKNOWN

    def _ask(self, request: str, argument: str | int, descriptors: Sequence[int] = ()) -> Any:
        """Raises OSError when the server is gone, or silent."""
        number = next(self._numbers)
        socket.send_fds(self._socket, [json.dumps([number, request, argument]).encode()], descriptors)
        answered, answer = 0, None
        while answered != number:
            packet = self._socket.recv(PACKET)
            if not packet:
                raise ConnectionResetError("it closed its socket")
            answered, answer = json.loads(packet)
        return answer


class Forked:
    """A process that a server forked, with the part of `subprocess.Popen` that an agent needs."""

    def __init__(self, server: ForkServer, pid: int, stdin: IO[bytes], stdout: IO[bytes]) -> None:
        self.pid, self.stdin, self.stdout, self._server = pid, stdin, stdout, server
        self.returncode: int | None = None
        self._held = os.pidfd_open(pid)  # the server reaps it only when it is asked how it ended
        weakref.finalize(self, os.close, self._held)

    def poll(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Raises subprocess.TimeoutExpired."""
        if self.returncode is None:
            end = select.poll()
            end.register(self._held, select.POLLIN)
            if not end.poll(None if timeout is None else timeout * 1000):
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
            self.returncode = self._server.code(self.pid)
        return self.returncode

    def send_signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._held, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def _close(ours: socket.socket, process: subprocess.Popen[bytes]) -> None:
    ours.close()
    process.kill()  # it has nothing to end in good order
    process.wait()


# ------------------------------------------------------------ in the server


def serve(control: socket.socket, prepare: Callable[[str], object], run: Callable[[str], int]) -> None:
    """Answer until the socket ends. prepare: imports what `run` with that argument will need, and starts no thread."""
    with contextlib.suppress(ConnectionError):
        while True:
            packet, descriptors, _, _ = socket.recv_fds(control, PACKET, 3)
            if not packet:
                return
            number, request, argument = json.loads(packet)
            answer = _forked(argument, descriptors, prepare, run) if request == "fork" else _ended(argument)
            control.send(json.dumps([number, answer]).encode())


def _forked(
    argument: str, descriptors: Sequence[int], prepare: Callable[[str], object], run: Callable[[str], int]
) -> int | str:
    """The pid, or what the system says against it."""
    try:
        prepare(argument)
        pid = os.fork()
    except OSError as error:
        return str(error.strerror)
    else:
        if pid == 0:
            _become(argument, descriptors, run)
        return pid
    finally:
        for each in descriptors:
            os.close(each)


def _ended(pid: int) -> int:
    try:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    except ChildProcessError:  # it was asked before, and whoever asked was interrupted
        return UNKNOWN


def _become(argument: str, descriptors: Sequence[int], run: Callable[[str], int]) -> NoReturn:
    """In the fork: a process of its own, with its own standard streams, in place of the server's; it ends here."""
    code = 1
    try:
        os.setsid()
        for stream, each in enumerate(descriptors):
            os.dup2(each, stream)
            os.close(each)
        sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w", 1)
        with contextlib.suppress(OSError):  # a sandbox
            Path("/proc/self/comm").write_text(Path(argument).stem[:NAME])
        code = run(argument)
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError):  # whoever read it may be gone
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)
