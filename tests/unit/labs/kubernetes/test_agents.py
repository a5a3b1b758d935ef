"""Agents in pods: orders go in once each, progress comes out, the ledger comes home whole, or nothing is concluded."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from brokerlab.core.agent import AgentSpec
from brokerlab.core.errors import InconclusiveError, LabError
from brokerlab.core.wait import until
from brokerlab.engine import workload
from brokerlab.kube.pods import PodHttp
from brokerlab.labs.kubernetes import agents, keepers, ledgers
from brokerlab.labs.kubernetes.agents import RemoteAgent
from brokerlab.pods import keeper
from brokerlab.pods.keeper import Keeper
from tests.fakes.kube_api import KubeApi
from tests.unit.labs.kubernetes.conftest import Running

LEDGER = {"producer-0.sends": b"s" * 300_000, "producer-0.1.deliveries": b""}


class Child:
    """What a keeper starts, here without a process: it writes a ledger, and does as it is told."""

    def __init__(self, spec: AgentSpec) -> None:
        self.spec, self.orders, self.signals = spec, [], []
        self.code: int | None = None
        self.report: Mapping[str, Any] = {"state": "ready", "sent": 0}
        for name, data in LEDGER.items():
            (Path(spec.ledger) / name).write_bytes(data)

    def order(self, line: str) -> None:
        self.orders.append(line)
        if line == "finish":
            self.report, self.code = {"state": "done", "sent": 5}, 0

    def progress(self) -> Mapping[str, Any]:
        return self.report

    def exit_code(self) -> int | None:
        return self.code

    def log(self, lines: int = 20) -> str:
        return "one\ntwo"

    def signal(self, number: int) -> None:
        self.signals.append(number)
        self.code = -number

    def stop(self, deadline: float) -> None:
        self.code = 3 if self.code is None else self.code


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> list[Child]:
    started: list[Child] = []

    def start(spec: AgentSpec, *_: Any) -> Child:
        started.append(Child(spec))
        return started[-1]

    monkeypatch.setattr(keeper, "start_agent", start)
    return started


@pytest.fixture
def pod(running: Running, tmp_path: Path, children: list[Child]) -> PodHttp:
    return running("pod-1", Keeper(tmp_path / "pod").routes())


@pytest.fixture
def spec(tmp_path: Path) -> AgentSpec:
    home = tmp_path / "run" / "ledger"
    return AgentSpec("producer", "producer-0", "run-1", "acks=1", "kafka", "b:1", "t", str(home), "")


@pytest.fixture
def agent(spec: AgentSpec, pod: PodHttp, tmp_path: Path) -> Iterator[RemoteAgent]:
    agent = RemoteAgent(spec, lambda _stopping: pod, tmp_path / "run" / "logs")
    yield agent
    agent.stop(1)


def await_state(agent: RemoteAgent, state: str) -> None:
    until(lambda: agent.progress().get("state") == state, state, deadline=10, seen=lambda: str(agent.progress()))


def await_end(agent: RemoteAgent) -> None:
    until(lambda: agent.exit_code() is not None, "its end", deadline=10, seen=lambda: str(agent.progress()))


def ledger(spec: AgentSpec) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path(spec.ledger).iterdir()}


def test_from_start_to_the_ledger_at_home(agent: RemoteAgent, children: list[Child], spec: AgentSpec) -> None:
    agent.order("limit 5")
    await_state(agent, "ready")
    assert agent.exit_code() is None
    agent.order("finish")
    await_state(agent, "done")
    await_end(agent)
    assert (agent.exit_code(), agent.progress()["sent"]) == (0, 5)
    assert children[0].orders == ["limit 5", "finish"]
    assert ledger(spec) == LEDGER
    assert agent.log(1) == "two"


def test_an_agent_is_not_done_before_its_ledger_is_here(
    agent: RemoteAgent, api: KubeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledgers, "HICCUP_S", 0.5)
    await_state(agent, "ready")
    api.faults.append((r"GET .*proxy/ledger", 503, {}))
    agent.order("finish")
    await_state(agent, "failed")
    await_end(agent)
    assert agent.exit_code() == InconclusiveError.exit_code
    assert "the ledger of pod-1 to come whole" in agent.progress()["error"]


def test_a_file_that_comes_by_half_is_fetched_again(agent: RemoteAgent, api: KubeApi, spec: AgentSpec) -> None:
    await_state(agent, "ready")
    api.cut = 2
    agent.order("finish")
    await_end(agent)
    assert ledger(spec) == LEDGER
    assert api.cut == 0


def test_a_file_that_was_changed_on_its_way_is_no_ledger(
    running: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledgers, "HICCUP_S", 0.2)
    about = {"name": "a.sends", "size": 3, "sha256": "0" * 64}
    routes = {("GET", "ledger"): lambda rest, _: "abc" if rest else {"running": 0, "files": [about]}}
    with pytest.raises(InconclusiveError, match=r"a\.sends came with another checksum"):
        ledgers.bring(running("pod-2", routes), tmp_path / "ledger")
    assert list((tmp_path / "ledger").iterdir()) == []


def test_a_large_ledger_comes_through_little_memory(tmp_path: Path, running: Running) -> None:
    beside = Keeper(tmp_path / "pod")
    size = 64 << 20
    with (tmp_path / "pod" / "ledger" / "producer-0.sends").open("wb") as file:
        file.truncate(size)
    pod = running("pod-2", beside.routes())
    tracemalloc.start()
    try:
        ledgers.bring(pod, tmp_path / "here")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (tmp_path / "here" / "producer-0.sends").stat().st_size == size
    assert peak < size // 8  # of both sides: they are threads of this process


def test_orders_are_heard_once_though_answers_get_lost(agent: RemoteAgent, api: KubeApi, children: list[Child]) -> None:
    await_state(agent, "ready")
    api.cut = 3  # answers to orders, which are then asked again
    for number in range(3):
        agent.order(f"limit {number}")
    agent.order("finish")
    await_end(agent)
    assert children[0].orders == ["limit 0", "limit 1", "limit 2", "finish"]


def test_a_killed_agent_leaves_its_ledger(agent: RemoteAgent, children: list[Child], spec: AgentSpec) -> None:
    await_state(agent, "ready")
    agent.signal(9)
    await_end(agent)
    assert (agent.exit_code(), children[0].signals, ledger(spec)) == (-9, [9], LEDGER)


def test_a_hiccup_of_the_api_server_is_outlived(agent: RemoteAgent, api: KubeApi) -> None:
    await_state(agent, "ready")
    api.faults.append(("pod-1", 503, {}))
    agent.order("finish")
    until(lambda: sum("order" in each for each in api.requests) > 2, "the order to be repeated", deadline=10)
    api.faults.clear()
    await_end(agent)
    assert agent.exit_code() == 0


def test_a_pod_that_is_gone_is_a_failure(
    spec: AgentSpec, agent: RemoteAgent, api: KubeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agents.persistently, "__defaults__", (0.3,))
    await_state(agent, "ready")
    del api.behind["lab/pod-1"]
    agent.order("finish")
    await_state(agent, "failed")


def test_a_pod_that_can_not_get_ready_is_a_failure_with_its_reason(spec: AgentSpec, tmp_path: Path) -> None:
    def find(_stopping: object) -> PodHttp:
        raise LabError("the image can't be pulled")

    agent = RemoteAgent(spec, find, tmp_path)
    await_end(agent)
    assert agent.progress()["error"] == "the image can't be pulled"


def test_the_second_process_of_a_name_goes_to_the_same_pod_and_the_last_brings_the_ledger(
    agent: RemoteAgent, pod: PodHttp, children: list[Child], spec: AgentSpec, tmp_path: Path
) -> None:
    from dataclasses import replace

    await_state(agent, "ready")
    second = RemoteAgent(replace(spec, start=2), lambda _stopping: pod, tmp_path / "run" / "logs")
    await_state(second, "ready")
    agent.signal(9)
    await_end(agent)
    assert not list(Path(spec.ledger).iterdir())  # the other one still writes
    second.order("finish")
    await_end(second)
    assert ledger(spec) == LEDGER
    assert [child.spec.start for child in children] == [1, 2]


def test_without_the_token_nothing_is_told(api: KubeApi, pod: PodHttp) -> None:
    from dataclasses import replace

    stranger = replace(pod, headers={})
    with pytest.raises(Exception, match="403"):
        stranger.json("get", "ledger")
    assert stranger.text("ready") == "ready\n"


def test_agents_that_nobody_asks_for_are_ended(tmp_path: Path, children: list[Child], spec: AgentSpec) -> None:
    import json

    from brokerlab.core.codec import agent_to_json

    forgotten = Keeper(tmp_path / "forgotten", lease=0.2)
    forgotten.start([], json.loads(agent_to_json(spec)))
    forgotten.await_end()
    forgotten.end()
    assert children[0].code == 3


def test_the_counters_say_when_they_are_the_last(tmp_path: Path, children: list[Child], spec: AgentSpec) -> None:
    import json

    from brokerlab.core.codec import agent_to_json

    mine = Keeper(tmp_path / "mine")
    assert mine.metrics([], None) == ""
    mine.start([], json.loads(agent_to_json(spec)))
    assert 'brokerlab_run_generation{run="run-1"} 0.0' in str(mine.metrics([], None))
    children[0].stop(1)
    assert 'brokerlab_run_generation{run="run-1"} 1.0' in str(mine.metrics([], None))


def test_why_a_pod_does_not_come_is_told_before_the_engine_gives_up() -> None:
    assert keepers.POD_S < workload.READY_S
