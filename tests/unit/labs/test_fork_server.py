"""The fork server: what it forks is a process like any other, and neither outlives whoever wants it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from brokerlab.core.errors import LabError
from brokerlab.core.wait import until
from brokerlab.labs.local import fork_server
from brokerlab.labs.local.fork_server import UNKNOWN, Forked, ForkServer
from brokerlab.labs.local.processes import ProcessId

pytestmark = pytest.mark.skipif(not fork_server.available(), reason="this system can have no fork server")

SERVER = """
import os, socket, sys
from brokerlab.labs.local.fork_server import serve

prepared = []

def prepare(argument):
    if argument == "too many":
        raise BlockingIOError(11, "Resource temporarily unavailable")
    prepared.append(argument)

def run(argument):
    if argument == "fails":
        raise ValueError("on purpose")
    if argument == "seven":
        return 7
    print(*prepared, flush=True)
    for line in sys.stdin:
        print("noted", line, end="", file=sys.stderr)
        print("told", line, end="", flush=True)
    return 0

serve(socket.socket(fileno=0), prepare, run)
"""
WAIT_S = 20
Fork = Callable[[str], Forked]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ForkServer]:
    server = ForkServer((sys.executable, "-c", SERVER), {"MARKED": "so"}, tmp_path / "server.log")
    yield server
    server.close()


@pytest.fixture
def fork(server: ForkServer, tmp_path: Path) -> Iterator[Fork]:
    forked: list[Forked] = []

    def begin(argument: str) -> Forked:
        with (tmp_path / "log").open("ab") as log:
            forked.append(server.fork(argument, log))
        return forked[-1]

    yield begin
    for each in forked:
        each.kill()
        each.wait(WAIT_S)


def say(process: Forked, line: str) -> bytes:
    process.stdin.write(line.encode() + b"\n")
    process.stdin.flush()
    return process.stdout.readline()


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_each_has_its_own_streams(fork: Fork, tmp_path: Path) -> None:
    one, two = fork("one"), fork("two")
    assert (one.stdout.readline(), two.stdout.readline()) == (b"one\n", b"one two\n")  # what came before is there
    assert (say(two, "b"), say(one, "a")) == (b"told b\n", b"told a\n")
    assert (tmp_path / "log").read_text() == "noted b\nnoted a\n"


def test_the_end_of_its_input_is_seen_although_others_were_forked_after_it(fork: Fork) -> None:
    one, _two = fork("one"), fork("two")
    one.stdin.close()
    assert one.wait(WAIT_S) == 0
    assert one.stdout.read() == b"one\n"


def test_it_is_a_process_of_its_own(fork: Fork, server: ForkServer) -> None:
    forked = fork("/some/folder/producer-acks-all-0.json")
    assert forked.stdout.readline()
    process = psutil.Process(forked.pid)
    assert os.getsid(forked.pid) == os.getpgid(forked.pid) == forked.pid
    assert (process.name(), process.environ()["MARKED"]) == ("producer-acks-a", "so")
    assert process.num_threads() == psutil.Process(server.pid).num_threads() == 1


def test_it_holds_nothing_of_the_server_s(fork: Fork) -> None:
    forked = fork("one")
    assert forked.stdout.readline()
    assert sorted(each.name for each in Path(f"/proc/{forked.pid}/fd").iterdir()) == ["0", "1", "2"]


@pytest.mark.parametrize(("argument", "code"), [("seven", 7), ("fails", 1)])
def test_how_it_ended_is_told(fork: Fork, tmp_path: Path, argument: str, code: int) -> None:
    forked = fork(argument)
    assert (forked.wait(WAIT_S), forked.poll()) == (code, code)
    assert ("ValueError: on purpose" in (tmp_path / "log").read_text()) == (argument == "fails")


def test_one_that_is_killed_shows_it_and_takes_no_further_signal(fork: Fork) -> None:
    forked = fork("one")
    assert forked.poll() is None
    forked.kill()
    assert forked.wait(WAIT_S) == -signal.SIGKILL
    forked.send_signal(signal.SIGKILL)


def test_one_that_is_stopped_has_not_ended(fork: Fork) -> None:
    forked = fork("one")
    forked.send_signal(signal.SIGSTOP)
    until(lambda: psutil.Process(forked.pid).status() == psutil.STATUS_STOPPED, "it to stop", deadline=WAIT_S)
    with pytest.raises(subprocess.TimeoutExpired):
        forked.wait(0.01)
    forked.send_signal(signal.SIGCONT)
    assert forked.stdout.readline() == b"one\n"


def test_what_the_system_has_no_room_for_is_a_sentence(fork: Fork) -> None:
    with pytest.raises(LabError, match="many cannot be started: Resource temporarily unavailable"):
        fork("too many")
    assert fork("one").stdout.readline() == b"one\n"


def test_when_the_server_dies_what_it_forked_goes_on(fork: Fork, server: ForkServer) -> None:
    forked = fork("one")
    os.kill(server.pid, signal.SIGKILL)
    until(lambda: not server.alive, "the server to be gone", deadline=WAIT_S)
    assert forked.stdout.readline() == b"one\n"
    assert forked.poll() is None
    assert say(forked, "on") == b"told on\n"
    with pytest.raises(LabError, match="the fork server of the agents ended"):
        fork("two")
    forked.kill()
    assert forked.wait(WAIT_S) == UNKNOWN  # nobody was told


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    server = ForkServer((sys.executable, "-c", "raise SystemExit('no such library')"), {}, tmp_path / "server.log")
    with (tmp_path / "log").open("ab") as log, pytest.raises(LabError) as failure:
        server.fork("one", log)
    assert failure.value.hint == "no such library"


def test_an_answer_that_nobody_waits_for_any_more_is_left_out(fork: Fork, server: ForkServer) -> None:
    """Whoever asked was interrupted. What was forked for nobody ends, as its input does; the next is another one."""
    one = fork("one")
    os.kill(server.pid, signal.SIGSTOP)
    server._socket.settimeout(0.05)
    with pytest.raises(LabError, match="is silent"):
        fork("for nobody")
    server._socket.settimeout(WAIT_S)
    os.kill(server.pid, signal.SIGCONT)
    two = fork("two")
    assert two.stdout.readline() == b"one for nobody two\n"
    (left,) = {child.pid for child in psutil.Process(server.pid).children()} - {one.pid, two.pid}
    until(lambda: gone(left), "what was forked for nobody to end", deadline=WAIT_S)


def test_closed_it_is_gone(server: ForkServer) -> None:
    one = ProcessId.of(server.pid)
    server.close()
    assert not one.alive


STARTER = f"""
import sys
from pathlib import Path
from brokerlab.labs.local.fork_server import ForkServer
server = ForkServer((sys.executable, "-c", {SERVER!r}), {{}}, Path(sys.argv[1]) / "server.log")
with open(Path(sys.argv[1]) / "log", "ab") as log:
    forked = server.fork("one", log)
print(server.pid, forked.pid, flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("how", ["killed", "ended"])
def test_neither_outlives_whoever_started_them(tmp_path: Path, how: str) -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", STARTER, str(tmp_path)], stdin=pipe, stdout=pipe) as starter:
        assert starter.stdout is not None
        pids = [int(pid) for pid in starter.stdout.readline().split()]
        assert len(pids) == 2
        if how == "killed":
            starter.kill()
    if how == "ended":
        assert gone(pids[0])  # at once: it is waited for
    for pid in pids:
        until(lambda pid=pid: gone(pid), "it to be gone", deadline=WAIT_S)
