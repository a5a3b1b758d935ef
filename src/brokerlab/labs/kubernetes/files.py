"""What a lab's nodes are given, and how they are called: addresses, ports, files, passwords.

Each pod finds its files by its node's name: in the ConfigMap of its broker, and in its Secret those that hold a
password. The Secret is made with the lab, whether the nodes are there already or may be added: so whoever asks them
from inside the cluster can be given it from the start. Every node has the same port numbers, for each has an address of
its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from secrets import token_urlsafe

from brokerlab.core.node import JavaProgram, NodeSpec, broker_of
from brokerlab.core.remote import PRIVATE
from brokerlab.labs.kubernetes import parts
from brokerlab.labs.kubernetes.parts import Json
from brokerlab.labs.local.render import addresses, fill, kafka_uuid

FIRST_PORT = 9092
VOLUME = "/data"
DATA = f"{VOLUME}/node"  # a folder that belongs to the node: the volume's own is root's


def ports(spec: NodeSpec) -> dict[str, int]:
    return {name: FIRST_PORT + number for number, name in enumerate(spec.ports)}


def host(node: str, namespace: str) -> str:
    """The name of a node inside the cluster."""
    return f"{node}.{broker_of(node)}.{namespace}.svc"


def address(spec: NodeSpec, port: str, namespace: str) -> str:
    """How clients in the cluster address a node."""
    if not spec.address:
        return f"{host(spec.name, namespace)}:{ports(spec)[port]}"
    return fill(spec.address, values([spec], namespace) | {"folder": f"{PRIVATE}/{spec.name}"})


def values(specs: Sequence[NodeSpec], namespace: str) -> dict[str, str]:
    """The place-holders that all nodes have in common. They listen at every address of their pod."""
    shared = addresses({spec.name: ports(spec) for spec in specs}, lambda node: host(node, namespace))
    return shared | {"cluster_id": kafka_uuid(), "bind": specs[0].everywhere, "data": DATA}


def secrets(specs: Iterable[NodeSpec], namespace: str) -> list[Json]:
    """A Secret a broker that has any, with a password a node, which nobody knows."""
    return [
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": parts.meta(broker, broker),
            "stringData": {
                _key(spec.name, path): fill(text, values([spec], namespace) | {"secret": password})
                for spec in own
                for password in [token_urlsafe(24)]
                for path, text in hidden(spec).items()
            },
        }
        for broker, own in _having(specs)
    ]


def passwords(specs: Iterable[NodeSpec]) -> Json:
    """The volume that clients of these nodes need: their secret files, as `NODE/FILE`."""
    sources = [{"secret": {"name": broker, "items": items(own, hidden)}} for broker, own in _having(specs)]
    kind: Json = {"projected": {"defaultMode": parts.READ, "sources": sources}} if sources else {"emptyDir": {}}
    return {"name": "passwords", **kind}


def _having(specs: Iterable[NodeSpec]) -> Iterator[tuple[str, list[NodeSpec]]]:
    for broker, own in groupby(specs, key=lambda spec: broker_of(spec.name)):
        if having := [spec for spec in own if hidden(spec)]:
            yield broker, having


def hidden(spec: NodeSpec) -> Mapping[str, str]:
    """The files that hold its password."""
    return {path: text for path, text in spec.files.items() if "${secret}" in text}


def plain(spec: NodeSpec) -> Mapping[str, str]:
    """What is for everyone to read. Kafka's tool writes what would be its `data_files` itself."""
    given = {} if isinstance(spec.formatted_by, JavaProgram) else spec.data_files
    files = {path: text for path, text in spec.files.items() if path not in hidden(spec)}
    return files | {f"data/{path}": text for path, text in given.items()}


def items(specs: Iterable[NodeSpec], files: Callable[[NodeSpec], Mapping[str, str]]) -> list[Json]:
    """A volume's: those files of every node, as `NODE/FILE`."""
    return [{"key": _key(spec.name, path), "path": f"{spec.name}/{path}"} for spec in specs for path in files(spec)]


def config(name: str, specs: Sequence[NodeSpec], namespace: str) -> Json:
    """Every node's files, under keys that hold no slash: `kafka-1.server.properties`."""
    common = values(specs, namespace)
    texts = {
        _key(spec.name, path): fill(text, common | {"directory_id": kafka_uuid()})
        for spec in specs
        for path, text in plain(spec).items()
    }
    cluster = {"cluster-id": common["cluster_id"]}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": parts.meta(name, name),
        "data": {**texts, **cluster},
    }


def _key(node: str, path: str) -> str:
    return f"{node}.{path.replace('/', '_')}"
