"""Programs that no library replaces (minikube, kubectl, kustomize): run to their end, with a deadline, or line by line.

A program that is missing, that fails or that takes too long is a sentence. Nothing secret goes into arguments.
"""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from brokerlab.core.errors import DeadlineError, LabError

HOW_TO_GET = {
    "docker": "install Docker Engine or Docker Desktop: docs.docker.com/engine/install",
    "helm": "install Helm 3.8 or later: helm.sh/docs/intro/install (macOS: brew install helm)",
    "kubectl": "install kubectl: kubernetes.io/docs/tasks/tools (macOS: brew install kubectl)",
    "kustomize": "install Kustomize: kubectl.docs.kubernetes.io/installation/kustomize, or kubectl, which has it",
    "minikube": "install minikube 1.35.0 or later: minikube.sigs.k8s.io/docs/start (macOS: brew install minikube)",
}


@dataclass(frozen=True)
class Answer:
    """What a program said. code: its exit code; negative: the signal that ended it."""

    code: int
    out: str
    err: str


def path_of(program: str) -> str:
    """Where the program is. Raises LabError with how to get it."""
    found = shutil.which(program)
    if found is None:
        raise LabError(f"{program} is not on the PATH", HOW_TO_GET.get(program, ""))
    return found


def run(command: Sequence[str], deadline: float = 60) -> Answer:
    """Run a program to its end and return what it said, whatever its exit code. deadline: seconds.

    Raises LabError when it is missing, DeadlineError when it takes longer (it is then ended).
    """
    argv = [path_of(command[0]), *command[1:]]
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=deadline, check=False)
    except subprocess.TimeoutExpired as error:
        raise DeadlineError(f"waited {deadline:.0f} s for `{' '.join(command)}` to end") from error
    return Answer(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))


@contextlib.contextmanager
def lines(command: Sequence[str]) -> Iterator[Running]:
    """Run a program and read its output line by line. It is ended (SIGINT, then SIGKILL) when the block is left."""
    argv = [path_of(command[0]), *command[1:]]
    process = subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    )
    try:
        yield Running(process)
    finally:
        _end(process)


@dataclass(frozen=True)
class Running:
    """A program whose output (both streams) is being read."""

    process: subprocess.Popen[str]

    def __iter__(self) -> Iterator[str]:
        yield from self.process.stdout or ()

    def exit_code(self) -> int:
        """Of a program whose output has come to its end."""
        return self.process.wait()


def attached(command: Sequence[str]) -> int:
    """Run a program on this terminal until it ends, by itself or by Ctrl-C; returns its exit code."""
    process = subprocess.Popen([path_of(command[0]), *command[1:]])
    try:
        return process.wait()
    finally:
        _end(process)


def end_children(patience: float = 15) -> None:
    """End every program that this process has started, and what these have started: SIGTERM, then SIGKILL."""
    import psutil

    alive = psutil.Process().children(recursive=True)
    for end in (psutil.Process.terminate, psutil.Process.kill):
        for each in alive:
            with contextlib.suppress(psutil.NoSuchProcess):
                end(each)
        _, alive = psutil.wait_procs(alive, timeout=patience)


def _end(process: subprocess.Popen[str] | subprocess.Popen[bytes], patience: float = 10) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stdout is not None:
        process.stdout.close()
