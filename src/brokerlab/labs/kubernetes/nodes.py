"""Node specs rendered for Kubernetes: one StatefulSet whose pods are the nodes, and what it needs.

The pods of a StatefulSet are numbered, and so are a broker's nodes: `kafka-1`, `kafka-2`, ...
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from brokerlab.core.errors import UsageError
from brokerlab.core.node import JavaProgram, NativeProgram, NodeSpec, Program, broker_of
from brokerlab.labs.kubernetes import parts
from brokerlab.labs.kubernetes.files import DATA, VOLUME, config, hidden, items, plain, ports
from brokerlab.labs.kubernetes.parts import COMPONENT, Images, Json
from brokerlab.labs.local.render import command, filled

FOLDER, CONTROL = "/node", "/control"
FRESH = f"{VOLUME}/fresh"

# A killed program is gone until it is restarted, as in every lab: the shell that ran it then waits at a named pipe for
# the order to run it again (see `brokerlab.pods.warden`). $0 is the folder that both share.
RUN = """\
[ -p "$0/start" ] || mkfifo "$0/start"
while :; do
    "$@" &
    echo $! > "$0/pid"
    wait $!
    rm -f "$0/pid"
    read -r _ < "$0/start"
done
"""

# Names of nodes are new when a lab starts: that one is not there yet must not be remembered (Java's default: 10 s).
JVM_OPTIONS = ("-Dsun.net.inetaddr.negative.ttl=0", "-Dsun.net.inetaddr.ttl=5")


def group(specs: Sequence[NodeSpec]) -> str:
    """The name of the StatefulSet: what the nodes' names have in common before their numbers, 1, 2, ..."""
    names = {broker_of(spec.name) for spec in specs}
    wanted = [f"{next(iter(names))}-{number}" for number in range(1, len(specs) + 1)]
    if len(names) != 1 or [spec.name for spec in specs] != wanted:
        raise UsageError(f"the lab kubernetes can't number these nodes: {', '.join(spec.name for spec in specs)}")
    return names.pop()


def manifests(specs: Sequence[NodeSpec], namespace: str, images: Images) -> list[Json]:
    """All but the Secret (see `files`)."""
    name = group(specs)
    return [config(name, specs, namespace), _service(name, specs[0]), _budget(name), _set(name, specs, images)]


def _service(name: str, spec: NodeSpec) -> Json:
    """Headless: a name for each pod, also while it is not ready, for the nodes find each other before they are."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": parts.meta(name, name),
        "spec": {
            "clusterIP": "None",
            "publishNotReadyAddresses": True,
            "selector": parts.labels(name),
            "ports": [{"name": port, "port": number} for port, number in ports(spec).items()],
        },
    }


def _budget(name: str) -> Json:
    """A drained machine takes one node at a time."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": parts.meta(name, name),
        "spec": {"maxUnavailable": 1, "selector": {"matchLabels": parts.labels(name)}},
    }


def _set(name: str, specs: Sequence[NodeSpec], images: Images) -> Json:
    spec = specs[0]
    image = images.nodes.get(name) or spec.program.image
    values = {"data": DATA, "cluster_id": "$(CLUSTER_ID)", "directory_id": "", "bind": ""}
    sources = [{"configMap": {"name": name, "items": items(specs, plain)}}]
    sources += [{"secret": {"name": name, "items": secret}} for secret in [items(specs, hidden)] if secret]
    volumes = [
        {"name": "files", "projected": {"defaultMode": parts.READ, "sources": sources}},
        parts.scratch("data"),
        parts.scratch("control"),
        parts.token_volume(),
    ]
    more: Json = {"shareProcessNamespace": True, "affinity": _apart(name)}
    if isinstance(spec.program, NativeProgram) and spec.program.user:
        more["user"] = spec.program.user
    if spec.formatted_by:
        more["initContainers"] = [_format(name, spec, spec.formatted_by, image, values)]
    containers = [_node(spec, image, values), _warden(spec, images)]
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": parts.meta(name, name),
        "spec": {
            "serviceName": name,
            "replicas": len(specs),
            "ordinals": {"start": 1},
            "podManagementPolicy": "Parallel",
            "selector": {"matchLabels": parts.labels(name)},
            "template": parts.pod(name, containers, volumes, **more),
        },
    }


def _apart(name: str) -> Json:
    """On machines of their own, where there are so many."""
    term = {"labelSelector": {"matchLabels": {COMPONENT: name}}, "topologyKey": "kubernetes.io/hostname"}
    preferred = [{"weight": 100, "podAffinityTerm": term}]
    return {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}}


def _command(program: Program, values: Mapping[str, str]) -> list[str]:
    """Of a program that the image has on its PATH."""
    if isinstance(program, JavaProgram):
        return list(command("java", JVM_OPTIONS, program.image_class_path, program, values))
    return [program.name, *filled(program, values)]


def _set_up(spec: NodeSpec, tool: NativeProgram, values: Mapping[str, str]) -> list[str]:
    """What makes a fresh node's data folder, which gets its name when it is whole; one that is there is kept."""
    fresh = {**values, "data": FRESH}
    steps = [f"[ ! -d {DATA} ] || exit 0", f"rm -rf {FRESH}", shlex.join(_command(tool, fresh))]
    steps += [shlex.join(["cp", f"data/{path}", f"{FRESH}/{path}"]) for path in spec.data_files]
    if last := spec.prepared_by:
        steps.append(shlex.join(_command(last, fresh)) + (f" < {shlex.quote(last.stdin)}" if last.stdin else ""))
    return ["sh", "-ec", "\n".join([*steps, f"mv {FRESH} {DATA}"])]


def _format(name: str, spec: NodeSpec, tool: Program, image: str, values: Mapping[str, str]) -> Json:
    """Each node's data folder by its own tool."""
    identity = {"configMapKeyRef": {"name": name, "key": "cluster-id"}}
    return {
        "name": "format",
        "image": image,
        "command": _set_up(spec, tool, values) if isinstance(tool, NativeProgram) else _command(tool, values),
        "workingDir": FOLDER,
        "env": [_pod_name(), {"name": "CLUSTER_ID", "valueFrom": identity}],
        "volumeMounts": _mounts(),
        "resources": {"requests": {"cpu": "100m", "memory": "256Mi"}},
    }


def _node(spec: NodeSpec, image: str, values: Mapping[str, str]) -> Json:
    ready = {"tcpSocket": {"port": spec.ready_port}, "periodSeconds": 1, "timeoutSeconds": 2}
    return {
        "name": "node",
        "image": image,
        "command": ["sh", "-c", RUN, CONTROL, *_command(spec.program, values)],
        "workingDir": FOLDER,
        "env": [_pod_name()],
        "ports": [{"name": name, "containerPort": number} for name, number in ports(spec).items()],
        "readinessProbe": ready,
        "resources": {
            "requests": {"cpu": "100m", "memory": f"{spec.memory}Mi"},
            "limits": {"memory": f"{spec.memory * 2}Mi"},
        },
        "volumeMounts": [*_mounts(), {"name": "control", "mountPath": CONTROL}],
    }


def _warden(spec: NodeSpec, images: Images) -> Json:
    numbers = ports(spec)
    links = [str(numbers[port]) for outer_and_inner in spec.links.items() for port in outer_and_inner]
    arguments = ["warden", CONTROL, DATA, str(numbers[spec.ready_port]), *links]
    mounts: list[Json] = [
        {"name": "control", "mountPath": CONTROL},
        {"name": "data", "mountPath": VOLUME, "readOnly": True},
    ]
    return parts.ours("warden", images.agents, arguments, mounts)


def _pod_name() -> Json:
    return {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}


def _mounts() -> list[Json]:
    return [
        {"name": "files", "mountPath": FOLDER, "subPathExpr": "$(POD_NAME)", "readOnly": True},
        {"name": "data", "mountPath": VOLUME},
    ]
