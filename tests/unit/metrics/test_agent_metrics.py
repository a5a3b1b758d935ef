"""An agent's metrics: written in bulk, read by the library's own collector after the agent is gone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector

AGENT = """
import os, signal, sys
import numpy as np
from brokerlab.core.agent import AgentSpec
from brokerlab.metrics.agent import Meter, use_folder
use_folder(sys.argv[1])
meter = Meter(AgentSpec("producer", "p", "run", "acks=1", "kafka", "", "", "", sys.argv[1]))
meter.add(sent=5, acked=3)
meter.add(sent=2, unknown=1)
meter.observe("ack", np.array([500, 1000, 1001, 90_000_000], np.uint32))
os.kill(os.getpid(), signal.SIGKILL)
"""
LABELS = {"run": "run", "variant": "acks=1", "role": "producer"}


def exposed(folder: Path) -> CollectorRegistry:
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(folder))
    return registry


def killed_agents(folder: Path, count: int) -> CollectorRegistry:
    for _ in range(count):
        code = subprocess.run([sys.executable, "-c", AGENT, str(folder)], check=False, timeout=60).returncode
        assert code == -9
    return exposed(folder)


def test_the_counts_of_killed_agents_are_there_and_add_up(tmp_path: Path) -> None:
    registry = killed_agents(tmp_path, 2)

    def counter(word: str) -> float | None:
        return registry.get_sample_value(f"brokerlab_messages_{word}_total", LABELS)

    assert [counter(word) for word in ("sent", "acked", "unknown", "failed", "handed")] == [14, 6, 2, 0, 0]


def test_latencies_fall_into_the_buckets_that_observe_would_choose(tmp_path: Path) -> None:
    registry = killed_agents(tmp_path, 1)

    def bucket(le: str) -> float | None:
        return registry.get_sample_value("brokerlab_ack_latency_seconds_bucket", {**LABELS, "le": le})

    assert [bucket(le) for le in ("0.001", "0.0025", "60.0", "+Inf")] == [2, 3, 3, 4]
    assert registry.get_sample_value("brokerlab_ack_latency_seconds_count", LABELS) == 4
    total = registry.get_sample_value("brokerlab_ack_latency_seconds_sum", LABELS)
    assert total is not None
    assert abs(total - 90.002501) < 1e-9
