"""Processes: who they are, and that only they are signalled."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from brokerlab.core.errors import LabError
from brokerlab.core.wait import until
from brokerlab.labs.local import processes
from brokerlab.labs.local.processes import ProcessId

Start = Callable[..., ProcessId]
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"
)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts Python programs; what is left of them is killed."""
    started: list[ProcessId] = []
    children: list[subprocess.Popen[bytes]] = []

    def begin(code: str = "import time; time.sleep(60)", **environment: str) -> ProcessId:
        one, child = processes.start([sys.executable, "-c", code], tmp_path, tmp_path / "log", environment)
        started.append(one)
        children.append(child)
        return one

    yield begin
    processes.kill(started)
    for child in children:
        child.wait(10)


def test_a_running_process_is_found(start: Start) -> None:
    one = start()
    assert one.alive
    assert ProcessId.of(one.pid).find() == one.find()


def test_a_pid_that_another_process_has_by_now_is_not_ours(start: Start) -> None:
    one = start()
    older = replace(one, created=one.created - 100, since_boot=one.since_boot - 100)
    assert older.find() is None
    processes.kill([older])
    assert one.alive


def test_a_clock_that_was_set_loses_no_process(start: Start) -> None:
    one = start()
    assert replace(one, created=one.created - 3600).alive
    assert replace(one, since_boot=one.since_boot + 3600).alive


def test_a_zombie_is_gone() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    one = ProcessId.of(child.pid)
    until(lambda: not one.alive, "the child to end", deadline=10)
    assert child.wait() == 0


def test_kill_returns_when_all_are_gone(start: Start) -> None:
    both = [start(), start()]
    processes.kill(both)
    assert not any(one.alive for one in both)


def test_kill_does_not_wait_for_a_parent_that_does_not_reap(tmp_path: Path) -> None:
    """As with a lab that another command had started, where process 1 takes its time."""
    code = "import subprocess, sys, time; print(subprocess.Popen(['sleep', '60']).pid, flush=True); time.sleep(60)"
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    one = ProcessId.of(int(parent.stdout.readline()))
    began = time.monotonic()
    processes.kill([one], deadline=30)
    assert time.monotonic() - began < 15
    assert psutil.Process(one.pid).status() == psutil.STATUS_ZOMBIE
    parent.kill()
    parent.communicate()


def test_kill_ends_a_paused_process(start: Start) -> None:
    one = start()
    processes.pause(one)
    assert one.paused
    processes.kill([one])
    assert not one.alive


def test_pause_and_resume(start: Start) -> None:
    one = start()
    assert not one.paused
    processes.pause(one)
    assert one.paused
    processes.resume(one)
    assert not one.paused
    assert one.alive


def test_pausing_what_is_gone_does_nothing(start: Start) -> None:
    one = start()
    processes.kill([one])
    processes.pause(one)
    assert not one.paused


def test_end_asks_first_and_then_forces(start: Start, tmp_path: Path) -> None:
    one = start(STUBBORN)
    until(lambda: "ready" in (tmp_path / "log").read_text(), "the program to ignore SIGTERM", deadline=10)
    processes.end(one, deadline=0.2)
    assert not one.alive


def test_a_process_is_in_a_session_of_its_own(start: Start) -> None:
    assert os.getsid(start().pid) != os.getsid(0)


def test_what_it_prints_is_in_the_log(start: Start, tmp_path: Path) -> None:
    start("import sys; print('out'); print('err', file=sys.stderr)")
    until(lambda: {"out", "err"} <= set((tmp_path / "log").read_text().split()), "both lines", deadline=10)


def test_a_marked_process_is_found_though_nobody_wrote_it_down(start: Start) -> None:
    one, other = start(BROKERLAB_TEST="mine"), start(BROKERLAB_TEST="another's")
    assert [found.pid for found in processes.marked("BROKERLAB_TEST", "mine")] == [one.pid]
    assert other.alive


def test_a_program_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="/nowhere/java cannot be started"):
        processes.start(["/nowhere/java"], tmp_path, tmp_path / "log", {})
