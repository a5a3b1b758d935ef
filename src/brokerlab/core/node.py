"""What a broker consists of, as data: the nodes that a lab renders into processes or pods.

Texts (`files`, `arguments`) hold `${name}` place-holders in the manner of `string.Template`, which the lab fills in:
`${host_kafka_1}`, `${port_kafka_1_client}` (dashes become underscores), `${bind}` (the address that a node listens at,
which may stand for all that it has, where `host` is what others call it), `${data}` (the node's own data folder, as the
node itself names it), `${cluster_id}` (22 characters of base64, the form that Kafka wants), `${directory_id}` (the
same, one a node), `${secret}` (a random password, one a node: a file with it is for nobody but the node and its
clients), `${folder}` (the node's folder, as its clients name it). Programs are run in the node's folder, so relative
names in arguments are names of `files`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias


def broker_of(node: str) -> str:
    """The broker plug-in of a node: "kafka" of "kafka-1"."""
    return node.rpartition("-")[0]


@dataclass(frozen=True)
class JavaProgram:
    """A program of the JVM: `main` out of the jars of the committed lock `jars`, or out of the container `image`."""

    main: str
    jars: str  # a file of brokerlab's `jars` data: "kafka-4.3.1"
    arguments: tuple[str, ...] = ()
    jvm_options: tuple[str, ...] = ()
    properties: Mapping[str, str] = field(default_factory=dict)  # -Dkey=value
    image: str = ""
    image_class_path: str = ""  # where the jars are in `image`

    @property
    def name(self) -> str:
        return self.main


@dataclass(frozen=True)
class NativeProgram:
    """A program of the machine's own code, by the name that the lab finds it by ("postgres"), or out of `image`."""

    name: str
    arguments: tuple[str, ...] = ()
    stdin: str = ""  # the one of `files` that it reads as its standard input; "" = none
    image: str = ""
    user: int = 0  # of `image`, whom it must be run as, because it looks its user up; 0 = anybody


Program: TypeAlias = JavaProgram | NativeProgram


@dataclass(frozen=True)
class NodeSpec:
    """One node: a program, its named ports, the files it is given before it starts, and the port that shows it is up.

    It is called after its broker plug-in: "kafka-1". `files` maps a path below the node's folder to its text;
    `data_files` the same below its data folder, written only when that folder is empty (a node that restarts keeps its
    data). address: how clients address it, "" = host:port of each port.
    """

    name: str
    program: Program
    ports: tuple[str, ...]
    ready_port: str
    files: Mapping[str, str] = field(default_factory=dict)
    data_files: Mapping[str, str] = field(default_factory=dict)
    # Where clients can be cut off: {a port of this node that a lab's link listens on: the own port that it leads to}.
    links: Mapping[str, str] = field(default_factory=dict)
    # Files that only a tool of the program can make (Kafka's StorageTool, initdb): run once, kept in the cache.
    formatted_by: Program | None = None
    # Run once in the folder of a fresh node, before it starts for the first time.
    prepared_by: NativeProgram | None = None
    address: str = ""
    everywhere: str = ""  # what `${bind}` is where the node is to listen at all addresses that it has
    memory: int = 512  # MiB that are kept free for it; where memory is limited, it may take twice as much
    never_root: bool = False  # the program refuses to run as root
    ended_by: str = "SIGKILL"  # the signal that ends it at once without leaving anything in the system
