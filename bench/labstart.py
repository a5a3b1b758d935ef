"""From nothing to a topic with all three replicas in sync: our lab with its Prometheus, against Kafka's own way.

Kafka's own way is what its scripts do, without the shell's share: StorageTool for each node, then `kafka.Kafka` with
the options of kafka-run-class.sh and kafka-server-start.sh and no start-up cache; same Java, same server.properties.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from brokerlab.brokers.kafka import BROKER
from brokerlab.core.node import JavaProgram
from brokerlab.labs.local import render
from brokerlab.labs.local.lab import LocalLab
from brokerlab.labs.local.runtime import Runtime, find_runtime
from cluster import NODES

DEADLINE_S = 120
TOOL = ("-Xmx256M",)  # kafka-run-class.sh
SERVER = (  # kafka-server-start.sh, and KAFKA_JVM_PERFORMANCE_OPTS of kafka-run-class.sh
    *("-Xmx1G", "-Xms1G", "-server", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20"),
    *("-XX:InitiatingHeapOccupancyPercent=35", "-XX:+ExplicitGCInvokesConcurrent", "-Djava.awt.headless=true"),
)


def ours() -> float:
    """Seconds with warm caches; a first start, which makes them, is not measured."""
    with tempfile.TemporaryDirectory(prefix="brokerlab-bench-") as temporary:
        os.environ["BROKERLAB_STATE"] = temporary
        started = time.perf_counter()
        lab = LocalLab.up(BROKER.nodes(NODES))
        try:
            _await_in_sync(lab.endpoint(BROKER.port))
            return time.perf_counter() - started
        finally:
            LocalLab.down()


def kafkas_own_way() -> float:
    with tempfile.TemporaryDirectory(prefix="brokerlab-bench-") as temporary:
        runtime = find_runtime(BROKER.nodes(NODES), None, lambda _: None)
        started = time.perf_counter()
        with _nodes(Path(temporary), runtime) as endpoint:
            _await_in_sync(endpoint)
            return time.perf_counter() - started


@contextmanager
def _nodes(folder: Path, runtime: Runtime) -> Iterator[str]:
    """Format each node, start all; yields where clients connect."""
    specs = BROKER.nodes(NODES)
    ports, cluster_id = render.assign_ports(specs), render.kafka_uuid()
    running: list[subprocess.Popen[bytes]] = []
    try:
        commands = []
        for spec in specs:
            home = folder / spec.name
            values = render.addresses(ports) | render.own_values(cluster_id, home)
            render.write_files(home, spec.files, values)
            tool, program = spec.formatted_by, spec.program
            assert isinstance(tool, JavaProgram)  # noqa: S101 - Kafka's are
            assert isinstance(program, JavaProgram)  # noqa: S101
            format_ = render.command(runtime.java.path, TOOL, runtime.class_path, tool, values)
            subprocess.run(format_, cwd=home, check=True, capture_output=True)
            server = [str(runtime.java.path), *SERVER, "-cp", runtime.class_path, program.main]
            commands.append((home, [*server, *program.arguments]))
        for home, command in commands:
            with (home / "log").open("wb") as log:
                running.append(subprocess.Popen(command, cwd=home, stdout=log, stderr=log))
        yield ",".join(f"127.0.0.1:{own[BROKER.port]}" for own in ports.values())
    finally:
        for process in running:
            process.kill()
        for process in running:
            process.wait()


def _await_in_sync(endpoint: str) -> None:
    admin = BROKER.admin(endpoint, {})
    admin.await_ready(NODES, DEADLINE_S)
    admin.create({"bench": {}}, 1, None)
