"""Agents as child processes: orders in, progress out, and none that outlives its parent."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO

import psutil
import pytest

from brokerlab.core.agent import AgentSpec
from brokerlab.core.errors import UsageError
from brokerlab.core.wait import until
from brokerlab.labs.local import processes
from brokerlab.labs.local.agents import FORK_SERVER, Agents, LocalAgent, Process
from brokerlab.labs.local.fork_server import ForkServer, available
from brokerlab.labs.local.starter import MARK, Starter
from brokerlab.labs.local.state import LabState

SPEC = AgentSpec("producer", "producer-1", "run", "acks=1", "kafka", "127.0.0.1:9", "topic", "ledger", "")
ECHO = """
import json, sys
print(json.dumps({"state": "ready"}), flush=True)
for number, line in enumerate(sys.stdin, 1):
    print("no JSON" if line == "torn\\n" else json.dumps({"state": "working", "last": line.strip()}), flush=True)
print(json.dumps({"state": "done"}), flush=True)
"""
NO_FORKS = "this system can have no fork server"
RUNS_FILES = (
    sys.executable,
    "-c",
    """
import socket, sys
from pathlib import Path
from brokerlab.labs.local.fork_server import serve
serve(socket.socket(fileno=0), lambda path: None, lambda path: exec(Path(path).read_text(), {}) or 0)
""",
)
Start = Callable[[str], LocalAgent]


@pytest.fixture(params=["spawned", "forked"])
def start(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Start]:
    """Starts agents that are little programs: from nothing, or by a fork server; they are the same to whoever asks."""
    started: list[LocalAgent] = []
    if request.param == "forked" and not available():
        pytest.skip(NO_FORKS)

    def begin(code: str) -> LocalAgent:
        with (tmp_path / "log").open("ab") as log:
            agent = LocalAgent(SPEC, begun(code, log), tmp_path / "log")
        agent.read()
        started.append(agent)
        return agent

    def begun(code: str, log: IO[bytes]) -> Process:
        if request.param == "spawned":
            pipe = subprocess.PIPE
            return subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe, stderr=log)
        (tmp_path / "program.py").write_text(code)
        return ForkServer(RUNS_FILES, {}, tmp_path / "server.log").fork(str(tmp_path / "program.py"), log)

    yield begin
    for agent in started:
        agent.stop(5)


def test_before_the_first_report_there_is_none(start: Start) -> None:
    assert start("import sys; sys.stdin.read()").progress() == {}


def test_orders_go_in_and_progress_comes_out(start: Start) -> None:
    agent = start(ECHO)
    agent.order("limit 5")
    until(lambda: agent.progress().get("last") == "limit 5", "the order to be carried out", deadline=10)


def test_a_torn_line_is_no_report(start: Start) -> None:
    agent = start(ECHO)
    agent.order("torn")
    agent.order("limit 5")
    until(lambda: agent.progress().get("last") == "limit 5", "the order after the torn one", deadline=10)


def test_an_agent_whose_orders_end_ends_itself(start: Start) -> None:
    agent = start(ECHO)
    assert agent.exit_code() is None
    agent.stop(10)
    until(lambda: agent.exit_code() == 0, "its last words to be read", deadline=10)
    assert agent.progress() == {"state": "done"}


def test_one_that_does_not_end_is_forced(start: Start) -> None:
    agent = start("import time; time.sleep(60)")
    agent.stop(0.2)
    until(lambda: agent.exit_code() == -9, "the agent to be gone", deadline=10)


def test_a_paused_one_is_ended(start: Start) -> None:
    agent = start(ECHO)
    agent.signal(19)
    agent.stop(10)
    until(lambda: agent.exit_code() is not None, "the agent to be gone", deadline=10)


def test_a_killed_one_takes_no_orders_and_shows_it(start: Start) -> None:
    agent = start(ECHO)
    agent.signal(9)
    until(lambda: agent.exit_code() == -9, "the agent to be gone", deadline=10)
    agent.order("limit 5")


def test_its_log_is_what_it_wrote_to_standard_error(start: Start) -> None:
    agent = start("import sys; print('one\\ntwo\\nthree', file=sys.stderr)")
    until(lambda: agent.exit_code() is not None, "the agent to end", deadline=10)
    assert agent.log(2) == "two\nthree"


@pytest.fixture
def starter(home: Path) -> Starter:
    """Of a lab without nodes."""
    starter = Starter(LabState("a lab", home))
    starter.state.save()
    return starter


@pytest.fixture(params=[True, False], ids=["forked", "spawned"])
def agents(request: pytest.FixtureRequest, starter: Starter, monkeypatch: pytest.MonkeyPatch) -> Agents:
    """Also where there can be no fork server."""
    if request.param and not available():
        pytest.skip(NO_FORKS)
    monkeypatch.setattr("brokerlab.labs.local.agents.available", lambda: request.param)
    return Agents(starter)


def real(agents: Agents, folder: Path, broker: str = "nobody") -> LocalAgent:
    """An agent of that broker, which is not there: it ends, or waits for it."""
    return agents.start(replace(SPEC, broker=broker, ledger=str(folder / "ledger")), folder / "agents")


def ended(agent: LocalAgent) -> int:
    until(lambda: agent.exit_code() is not None, "the agent to end", deadline=60, seen=agent.log)
    code = agent.exit_code()
    assert code is not None
    agent.stop(1)
    return code


def test_a_real_agent_gets_its_sheet_and_ends_when_it_cannot_work(agents: Agents, tmp_path: Path) -> None:
    agent = real(agents, tmp_path)
    assert ended(agent) == UsageError.exit_code
    assert "nobody" in agent.progress()["error"]
    assert (tmp_path / "agents" / "producer-1.json").is_file()


def test_each_is_written_down_and_marked(agents: Agents, starter: Starter, tmp_path: Path) -> None:
    agent = real(agents, tmp_path, broker="kafka")
    assert starter.state.processes["agent producer-1"].pid == agent.process.pid
    assert agent.process.pid in [one.pid for one in processes.marked(MARK, "a lab")]
    agent.signal(signal.SIGKILL)
    assert ended(agent) == -signal.SIGKILL


@pytest.mark.skipif(not available(), reason=NO_FORKS)
def test_the_fork_server_has_imported_the_clients_and_has_one_thread(starter: Starter, tmp_path: Path) -> None:
    agents = Agents(starter)
    for broker in ("kafka", "postgres"):
        real(agents, tmp_path / broker, broker).stop(5)
    server = psutil.Process(starter.state.processes[FORK_SERVER].pid)
    libraries = " ".join(each.path for each in server.memory_maps())
    assert all(part in libraries for part in ("numpy", "confluent_kafka", "psycopg"))
    assert server.num_threads() == 1


@pytest.mark.skipif(not available(), reason=NO_FORKS)
def test_when_the_fork_server_is_gone_another_one_is_started(starter: Starter, tmp_path: Path) -> None:
    agents = Agents(starter)
    assert ended(real(agents, tmp_path)) == UsageError.exit_code
    first = starter.state.processes[FORK_SERVER]
    processes.kill([first])
    assert ended(real(agents, tmp_path)) == UsageError.exit_code
    assert starter.state.processes[FORK_SERVER] != first
