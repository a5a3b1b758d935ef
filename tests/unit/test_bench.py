"""What the benchmark compares with keeps up with the agents: on librdkafka's own mock brokers, in this process."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from brokerlab.core.agent import AgentSpec
from brokerlab.core.load import Load

BENCH = Path(__file__).parents[2] / "bench"
MOCK = {"test.mock.num.brokers": "1", "acks": "all", "enable.idempotence": "true", "log_level": "2"}


@pytest.mark.parametrize("what", ["loop", "client"])
def test_what_accounting_is_compared_with_runs(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    monkeypatch.syspath_prepend(BENCH)
    sys.modules.pop("bare", None)
    import bare

    load = Load(messages=20_000, rate=0, partitions=3)
    spec = AgentSpec(
        "producer", "p", "run", "v", "kafka", "127.0.0.1:1", "topic", "", "", settings=MOCK, load=load, messages=20_000
    )
    assert getattr(bare, what)(spec) > 0


def test_each_round_begins_with_another_side(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(BENCH)
    import run

    turns: list[str] = []
    sides = [lambda: turns.append("a") or 1.0, lambda: turns.append("b"), lambda: turns.append("c") or 3.0]
    assert run.in_turns(sides, 2) == [[1.0, 1.0], [], [3.0, 3.0]]
    assert "".join(turns) == "abcbca"
