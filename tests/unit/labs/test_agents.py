"""Agents as child processes: orders in, progress out, and none that outlives its parent."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from brokerlab.core.agent import AgentSpec
from brokerlab.core.wait import until
from brokerlab.labs.local.agents import LocalAgent, start_agent

SPEC = AgentSpec("producer", "producer-1", "run", "acks=1", "kafka", "127.0.0.1:9", "topic", "ledger", "")
ECHO = """
import json, sys
print(json.dumps({"state": "ready"}), flush=True)
for number, line in enumerate(sys.stdin, 1):
    print("no JSON" if line == "torn\\n" else json.dumps({"state": "working", "last": line.strip()}), flush=True)
print(json.dumps({"state": "done"}), flush=True)
"""
Start = Callable[[str], LocalAgent]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[LocalAgent] = []

    def begin(code: str) -> LocalAgent:
        pipe = subprocess.PIPE
        with (tmp_path / "log").open("ab") as log:
            process = subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe, stderr=log)
        agent = LocalAgent(SPEC, process, tmp_path / "log")
        agent.read()
        started.append(agent)
        return agent

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
    assert agent.exit_code() == 0
    assert agent.progress() == {"state": "done"}


def test_one_that_does_not_end_is_forced(start: Start) -> None:
    agent = start("import time; time.sleep(60)")
    agent.stop(0.2)
    assert agent.exit_code() == -9


def test_a_paused_one_is_ended(start: Start) -> None:
    agent = start(ECHO)
    agent.signal(19)
    agent.stop(10)
    assert agent.exit_code() is not None


def test_a_killed_one_takes_no_orders_and_shows_it(start: Start) -> None:
    agent = start(ECHO)
    agent.signal(9)
    until(lambda: agent.exit_code() == -9, "the agent to be gone", deadline=10)
    agent.order("limit 5")


def test_its_log_is_what_it_wrote_to_standard_error(start: Start) -> None:
    agent = start("import sys; print('one\\ntwo\\nthree', file=sys.stderr)")
    until(lambda: agent.exit_code() is not None, "the agent to end", deadline=10)
    assert agent.log(2) == "two\nthree"


def test_a_real_agent_gets_its_sheet_and_ends_when_it_cannot_work(tmp_path: Path) -> None:
    agent = start_agent(AgentSpec(**{**vars(SPEC), "broker": "nobody"}), tmp_path / "agents", {})
    until(lambda: agent.exit_code() is not None, "the agent to end", deadline=30)
    assert agent.exit_code() != 0
    assert "nobody" in agent.log() + str(agent.progress())
    assert (tmp_path / "agents" / "producer-1.json").is_file()
    agent.stop(1)
