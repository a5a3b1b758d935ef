"""What a broker consists of, as data: the nodes that a lab renders into processes or pods.

Texts (`files`, `arguments`) hold `${name}` place-holders in the manner of `string.Template`, which the lab fills in:
`${host_kafka_1}`, `${port_kafka_1_client}` (dashes become underscores), `${data}` (the node's own data folder, as the
node itself names it), `${cluster_id}` (22 characters of base64, the form that Kafka wants), `${directory_id}` (the
same, one a node). Programs are run in the node's folder, so relative names in arguments are names of `files`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class JavaProgram:
    """A program of the JVM: `main` out of the jars of the committed lock `jars`, or out of the container `image`."""

    main: str
    jars: str  # a file of brokerlab's `jars` data: "kafka-4.3.1"
    arguments: tuple[str, ...] = ()
    jvm_options: tuple[str, ...] = ()
    properties: Mapping[str, str] = field(default_factory=dict)  # -Dkey=value
    image: str = ""


@dataclass(frozen=True)
class NodeSpec:
    """One node: a program, its named ports, the files it is given before it starts, and the port that shows it is up.

    `files` maps a path below the node's folder to its text; `data_files` the same below its data folder, written only
    when that folder is empty (a node that restarts keeps its data).
    """

    name: str
    program: JavaProgram
    ports: tuple[str, ...]
    ready_port: str
    files: Mapping[str, str] = field(default_factory=dict)
    data_files: Mapping[str, str] = field(default_factory=dict)
    # Where clients can be cut off: {a port of this node that a lab's link listens on: the own port that it leads to}.
    links: Mapping[str, str] = field(default_factory=dict)
    # Files that only a tool of the program can make (Kafka's StorageTool): run once, kept beside the jars.
    formatted_by: JavaProgram | None = None
