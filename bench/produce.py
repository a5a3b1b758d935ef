"""Producing, acks=all and idempotent, 100 bytes, replication factor 3: ours with full accounting, and all others.

Every figure is messages a second until the last acknowledgement, connecting left out: of our agent by its ledger, of
kcat by the clock less what it takes for one message, of ProducerPerformance by its own report.
"""

from __future__ import annotations

import dataclasses
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from brokerlab.brokers.kafka import BROKER
from brokerlab.brokers.kafka.nodes import JVM_OPTIONS
from brokerlab.core.codec import agent_to_json
from brokerlab.core.wait import until
from brokerlab.labs.local import jars
from brokerlab.labs.local.locks import read_lock
from brokerlab.labs.local.runtime import find_runtime
from brokerlab.ledger.read import load
from cluster import NODES, SAFE, SIZE, TUNED, Cluster, await_state

HERE = Path(__file__).parent


def ours(cluster: Cluster, messages: int, producers: int = 1) -> float:
    """Our agents: every message in the ledger before the call and with its outcome, and in the metrics."""
    each = messages // producers
    with cluster.topic() as topic:
        agents = [cluster.start(cluster.spec("producer", topic, each, number)) for number in range(producers)]
        for agent in agents:
            await_state(agent, "ready")
        for agent in agents:
            agent.order(f"limit {each}")
            agent.order("finish")
        for agent in agents:
            await_state(agent, "done")
        sends = load(cluster.folder / topic).sends
        began = min(rows["sent_at"].min() for rows in sends)
        ended = max((rows["sent_at"] + rows["latency"]).max() for rows in sends)
        return float(each * producers / (ended - began) * 1e6)


def ours_by_two(cluster: Cluster, messages: int) -> float:
    """The same by two agents."""
    return ours(cluster, messages, producers=2)


def without_ledger(cluster: Cluster, messages: int) -> float:
    return _bare("loop", cluster, messages)


def client_alone(cluster: Cluster, messages: int) -> float:
    return _bare("client", cluster, messages)


def _bare(what: str, cluster: Cluster, messages: int) -> float:
    with cluster.topic() as topic:
        sheet = cluster.folder / f"{topic}.json"
        sheet.write_text(agent_to_json(dataclasses.replace(cluster.spec("producer", topic, messages), metrics="")))
        command = [sys.executable, str(HERE / "bare.py"), what, str(sheet)]
        return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def kcat(cluster: Cluster, messages: int, client: Mapping[str, str] = SAFE) -> float | None:
    """librdkafka from C, which checks nothing; None when it isn't installed."""
    program = shutil.which("kcat") or shutil.which("kafkacat")
    if not program:
        return None
    connecting = min(_kcat(program, cluster, 1, client) for _ in range(3))
    return messages / (_kcat(program, cluster, messages, client) - connecting)


def _kcat(program: str, cluster: Cluster, messages: int, client: Mapping[str, str]) -> float:
    """Seconds that it takes for so many messages, from its start to its end."""
    settings = [word for name, value in client.items() for word in ("-X", f"{name}={value}")]
    lines = cluster.folder / f"{messages}.lines"
    if not lines.exists():
        lines.write_text(("x" * SIZE + "\n") * messages)
    with cluster.topic() as topic:
        command = [program, "-P", "-b", cluster.endpoint, "-t", topic, *settings, "-l", str(lines)]
        started = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        seconds = time.perf_counter() - started
        until(
            lambda: sum(cluster.admin.ends([topic]).values()) == messages,
            f"all {messages} messages of kcat to be in the log",
            deadline=10,
        )
    return seconds


def kcat_tuned(cluster: Cluster, messages: int) -> float | None:
    """The same with our agent's settings."""
    return kcat(cluster, messages, TUNED)


def performance(cluster: Cluster, messages: int) -> float:
    """Kafka's own load generator with its defaults; its report's last line."""
    runtime = find_runtime(BROKER.nodes(NODES), None, lambda _: None)
    tools = jars.class_path(read_lock("kafka-tools-4.3.1", HERE), lambda _: None)
    properties = [f"{name}={value}" for name, value in SAFE.items()]
    with cluster.topic() as topic:
        command = [
            *(str(runtime.java.path), *JVM_OPTIONS[:2], "-cp", f"{tools}:{runtime.class_path}"),
            *("org.apache.kafka.tools.ProducerPerformance", "--topic", topic, "--num-records", str(messages)),
            *("--record-size", str(SIZE), "--throughput", "-1"),
            *("--producer-props", f"bootstrap.servers={cluster.endpoint}", *properties),
        ]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return float(re.findall(r"([\d.]+) records/sec", said)[-1])
