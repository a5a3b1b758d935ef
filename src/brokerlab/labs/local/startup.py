"""Bringing nodes up: everything they need is prepared, then all are started at once, then each is awaited.

The training run that makes the start-up cache is the same thing in a folder of its own, with one node recording.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from brokerlab.core.errors import BrokerlabError, LabError
from brokerlab.core.node import NodeSpec
from brokerlab.core.protocols import Progress
from brokerlab.labs.local import aot, formatted, processes, render
from brokerlab.labs.local.runtime import Runtime
from brokerlab.labs.local.starter import Starter
from brokerlab.labs.local.state import NodeRecord

NODE_DEADLINE = 90  # seconds for one node to listen; it takes 2 to 3 with a start-up cache, 7 without
RECORDING_DEADLINE = 120  # seconds for a JVM to write its start-up cache; it takes 5 to 10
TRAINING = "training"


def with_startup_cache(specs: Sequence[NodeSpec], runtime: Runtime, starter: Starter, say: Progress) -> Runtime:
    """The runtime that uses the start-up cache, which is made now if there is none; without it if that fails."""
    cache = aot.path_for(runtime, specs[0])
    if not aot.is_valid(cache):
        say("making the JVM's start-up cache (once, 15 to 30 s)")
        try:
            _train(specs, runtime, starter, cache, say)
        except (BrokerlabError, OSError) as error:
            say(f"no start-up cache could be made, so starts are slower: {str(error).splitlines()[0]}")
            return runtime
    return aot.using(runtime, cache)


def _train(specs: Sequence[NodeSpec], runtime: Runtime, starter: Starter, cache: Path, say: Progress) -> None:
    from filelock import FileLock

    cache.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(cache.with_suffix(".lock"), timeout=RECORDING_DEADLINE, poll_interval=0.1):
        if not aot.is_valid(cache):  # another starter may have made it meanwhile
            _record(specs, runtime, starter, cache, say)


def _record(specs: Sequence[NodeSpec], runtime: Runtime, starter: Starter, cache: Path, say: Progress) -> None:
    with tempfile.TemporaryDirectory(dir=cache.parent, prefix=".new-") as staging:
        recorded = Path(staging) / cache.name
        nodes = prepare(specs, runtime, starter.state.folder / TRAINING, say)
        command = _with_options(nodes[0].command, aot.recording(runtime.java, recorded))
        nodes = (replace(nodes[0], command=command), *nodes[1:])
        try:
            start_all(nodes, starter)
            processes.end(starter.state.processes[nodes[0].name], RECORDING_DEADLINE)
        finally:
            processes.kill(starter.state.processes[node.name] for node in nodes if node.name in starter.state.processes)
        if not recorded.is_file():
            raise LabError("the JVM wrote none")
        aot.publish(recorded, cache)


def prepare(specs: Sequence[NodeSpec], runtime: Runtime, folder: Path, say: Progress) -> tuple[NodeRecord, ...]:
    """Render all nodes into `folder`: ports, files, formatted data folders, commands."""
    ports = render.assign_ports(specs)
    shared = render.addresses(ports)
    cluster_id = render.kafka_uuid()
    template = formatted.template(specs[0], runtime, say)
    records = []
    for spec in specs:
        own = folder / spec.name
        values = shared | render.own_values(own, cluster_id)
        formatted.fill(template, own / "data")
        render.write_files(own, spec.files, values)
        render.write_files(own / "data", spec.data_files, values)
        command = render.command(runtime.java.path, runtime.options, runtime.class_path, spec.program, values)
        records.append(NodeRecord(spec.name, command, ports[spec.name], spec.ready_port, own))
    return tuple(records)


def start_all(nodes: Sequence[NodeRecord], starter: Starter) -> None:
    """Start all nodes at once; return when the ready port of each listens."""
    for node in nodes:
        starter.start_node(node)
    for node in nodes:
        starter.await_node(node, NODE_DEADLINE)


def _with_options(command: tuple[str, ...], options: tuple[str, ...]) -> tuple[str, ...]:
    return (command[0], *options, *command[1:])
