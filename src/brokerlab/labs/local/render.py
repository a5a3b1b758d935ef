"""Node specs rendered for this machine: place-holders filled in, files written, the command that starts the node.

The place-holders are those of `core.node`; a name that is none of them is an error of the broker plug-in.
"""

from __future__ import annotations

import base64
import secrets
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from string import Template

from brokerlab.core.node import JavaProgram, NodeSpec, Program
from brokerlab.labs.local.ports import HOST, free_ports

DATA = "data"  # a node's data folder, below its folder


def kafka_uuid() -> str:
    """22 characters of base64 that do not begin with a dash (which command lines take for an option)."""
    text = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    return text if not text.startswith("-") else "A" + text[1:]


def assign_ports(specs: Sequence[NodeSpec], promised: Collection[int] = ()) -> dict[str, dict[str, int]]:
    """{node: {port name: a free port, and none of the promised ones}}."""
    free = iter(free_ports(sum(len(spec.ports) for spec in specs), promised))
    return {spec.name: {port: next(free) for port in spec.ports} for spec in specs}


def addresses(
    ports: Mapping[str, Mapping[str, int]], host: Callable[[str], str] = lambda _node: HOST
) -> dict[str, str]:
    """The place-holders that say where every node is: `host_NODE`, `port_NODE_PORT`."""
    hosts = {f"host_{_word(node)}": host(node) for node in ports}
    numbers = {
        f"port_{_word(node)}_{_word(name)}": str(number) for node, own in ports.items() for name, number in own.items()
    }
    return hosts | numbers


def own_values(cluster_id: str, folder: Path) -> dict[str, str]:
    """The place-holders of one node. `data` is relative to the node's folder, in which it is run: a properties file
    would not take every path (commas, letters beyond Latin-1)."""
    own = {"data": DATA, "directory_id": kafka_uuid(), "secret": secrets.token_urlsafe(24), "folder": str(folder)}
    return own | {"bind": HOST, "cluster_id": cluster_id}


def write_files(folder: Path, files: Mapping[str, str], values: Mapping[str, str]) -> None:
    """For their owner alone: any of them may hold a secret."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(0o600)
        path.write_text(fill(text, values))


def command(
    java: Path | str, jvm_options: Sequence[str], class_path: str, program: JavaProgram, values: Mapping[str, str]
) -> tuple[str, ...]:
    """The command line of a JVM program. It is run in the node's folder, so relative names in it are files there."""
    return (
        str(java),
        *jvm_options,
        *program.jvm_options,
        "-cp",
        class_path,
        *(f"-D{key}={fill(text, values)}" for key, text in program.properties.items()),
        program.main,
        *filled(program, values),
    )


def fill(text: str, values: Mapping[str, str]) -> str:
    return Template(text).substitute(values)


def filled(program: Program, values: Mapping[str, str]) -> Iterator[str]:
    """Its arguments."""
    return (fill(text, values) for text in program.arguments)


def _word(name: str) -> str:
    return name.replace("-", "_")
