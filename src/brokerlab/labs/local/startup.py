"""Bringing nodes up: everything they need is prepared, then all are started at once, then each is awaited."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from brokerlab.core.lab import Progress
from brokerlab.core.node import NodeSpec
from brokerlab.labs.local import account, formatted, processes, render
from brokerlab.labs.local.runtime import Launcher
from brokerlab.labs.local.starter import Starter
from brokerlab.labs.local.state import LabState, NodeRecord

NODE_DEADLINE = 90  # seconds for one node to listen; it takes 2 to 3 with a start-up cache, 7 without


def prepare(specs: Sequence[NodeSpec], launcher: Launcher, lab: LabState, say: Progress) -> tuple[NodeRecord, ...]:
    """Render all nodes of one broker: ports, files, formatted data folders, commands."""
    folder = account.make_home(lab.lab_id) if launcher.account else lab.folder
    ports = render.assign_ports(specs, lab.ports)
    shared = render.addresses(ports)
    cluster_id = render.kafka_uuid()
    template = formatted.template(specs[0], launcher, say)
    records = []
    for spec in specs:
        own = folder / spec.name
        values = shared | render.own_values(cluster_id, own)
        _furnish(spec, launcher, own, template, values)
        records.append(
            NodeRecord(
                spec.name,
                launcher.command(spec.program, values),
                ports[spec.name],
                spec.ready_port,
                own,
                render.fill(spec.address, values),
                launcher.account,
                spec.ended_by,
            )
        )
    return tuple(records)


def _furnish(
    spec: NodeSpec, launcher: Launcher, folder: Path, template: Path | None, values: Mapping[str, str]
) -> None:
    """Fill a node's folder with all that it needs; what an earlier start left of it goes first."""
    shutil.rmtree(folder, ignore_errors=True)
    formatted.fill(template, folder / render.DATA)
    render.write_files(folder, spec.files, values)
    render.write_files(folder / render.DATA, spec.data_files, values)
    if launcher.account:
        launcher.account.own(folder)
    if tool := spec.prepared_by:
        told = (folder / tool.stdin).read_text() if tool.stdin else ""
        command = launcher.command(tool, values)
        processes.run(command, folder, f"preparing {spec.name} by {tool.name}", launcher.account, told)


def start_all(nodes: Sequence[NodeRecord], starter: Starter) -> None:
    """Start all nodes at once; return when the ready port of each listens."""
    for node in nodes:
        starter.start_node(node)
    for node in nodes:
        starter.await_node(node, NODE_DEADLINE)
