"""Bringing nodes up: everything they need is prepared, then all are started at once, then each is awaited."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from brokerlab.core.node import NodeSpec
from brokerlab.core.protocols import Progress
from brokerlab.labs.local import formatted, render
from brokerlab.labs.local.runtime import Runtime
from brokerlab.labs.local.starter import Starter
from brokerlab.labs.local.state import NodeRecord

NODE_DEADLINE = 90  # seconds for one node to listen; it takes 2 to 3 with a start-up cache, 7 without


def prepare(specs: Sequence[NodeSpec], runtime: Runtime, folder: Path, say: Progress) -> tuple[NodeRecord, ...]:
    """Render all nodes into `folder`: ports, files, formatted data folders, commands."""
    ports = render.assign_ports(specs)
    shared = render.addresses(ports)
    cluster_id = render.kafka_uuid()
    template = formatted.template(specs[0], runtime, say)
    records = []
    for spec in specs:
        own = folder / spec.name
        values = shared | render.own_values(cluster_id)
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
