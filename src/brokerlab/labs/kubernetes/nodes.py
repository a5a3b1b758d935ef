"""Node specs rendered for Kubernetes: one StatefulSet whose pods are the nodes, and what it needs.

The pods of a StatefulSet are numbered, and so are a broker's nodes: `kafka-1`, `kafka-2`, ... Each pod finds its own
files in the ConfigMap by its name. Every node has the same port numbers, for each has an address of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from brokerlab.core.errors import LabError, UsageError
from brokerlab.core.node import JavaProgram, NodeSpec, Program, broker_of
from brokerlab.labs.kubernetes import parts
from brokerlab.labs.kubernetes.parts import COMPONENT, Images, Json
from brokerlab.labs.local.render import addresses, command, fill, kafka_uuid

FIRST_PORT = 9092
FOLDER, DATA, CONTROL = "/node", "/data", "/control"

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


def ports(spec: NodeSpec) -> dict[str, int]:
    return {name: FIRST_PORT + number for number, name in enumerate(spec.ports)}


def host(node: str, namespace: str) -> str:
    """The name of a node inside the cluster."""
    return f"{node}.{broker_of(node)}.{namespace}.svc"


def manifests(specs: Sequence[NodeSpec], namespace: str, images: Images) -> list[Json]:
    name = group(specs)
    return [_config(name, specs, namespace), _service(name, specs[0]), _budget(name), _set(name, specs, images)]


def _values(specs: Sequence[NodeSpec], namespace: str) -> dict[str, str]:
    """The place-holders that all nodes have in common. They listen at every address of their pod."""
    shared = addresses({spec.name: ports(spec) for spec in specs}, lambda node: host(node, namespace))
    return shared | {"cluster_id": kafka_uuid(), "bind": "", "data": DATA}


def _config(name: str, specs: Sequence[NodeSpec], namespace: str) -> Json:
    """Every node's files, under keys that hold no slash: `kafka-1.server.properties`."""
    values = _values(specs, namespace)
    texts = {
        _key(spec.name, path): fill(text, values | {"directory_id": kafka_uuid()})
        for spec in specs
        for path, text in spec.files.items()
    }
    cluster = {"cluster-id": values["cluster_id"]}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": parts.meta(name, name),
        "data": {**texts, **cluster},
    }


def _key(node: str, path: str) -> str:
    return f"{node}.{path.replace('/', '_')}"


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
    image = images.node or spec.program.image
    values = {"data": DATA, "cluster_id": "$(CLUSTER_ID)", "directory_id": "", "bind": ""}
    keys = [{"key": _key(each.name, path), "path": f"{each.name}/{path}"} for each in specs for path in each.files]
    volumes = [
        {"name": "files", "configMap": {"name": name, "items": keys}},
        parts.scratch("data"),
        parts.scratch("control"),
        parts.token_volume(),
    ]
    more: Json = {"shareProcessNamespace": True, "affinity": _apart(name)}
    if spec.formatted_by:
        more["initContainers"] = [_format(name, spec.formatted_by, image, values)]
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


def runnable(specs: Sequence[NodeSpec]) -> bool:
    """Whether the lab can run them: programs of the JVM alone, for what others need to be set up is not rendered."""
    return all(isinstance(spec.program, JavaProgram) for spec in specs)


def _java(program: Program, values: Mapping[str, str]) -> list[str]:
    if not isinstance(program, JavaProgram):
        raise LabError(f"the lab kubernetes can't run {program.name}: it runs programs of the JVM", "the local lab can")
    return list(command("java", JVM_OPTIONS, program.image_class_path, program, values))


def _format(name: str, program: Program, image: str, values: Mapping[str, str]) -> Json:
    """Each node's data folder by its own tool; what it writes for this node, the spec's data files need not say."""
    identity = {"configMapKeyRef": {"name": name, "key": "cluster-id"}}
    return {
        "name": "format",
        "image": image,
        "command": _java(program, values),
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
        "command": ["sh", "-c", RUN, CONTROL, *_java(spec.program, values)],
        "workingDir": FOLDER,
        "env": [_pod_name()],
        "ports": [{"name": name, "containerPort": number} for name, number in ports(spec).items()],
        "readinessProbe": ready,
        "resources": {"requests": {"cpu": "100m", "memory": "768Mi"}, "limits": {"memory": "1Gi"}},
        "volumeMounts": [*_mounts(), {"name": "control", "mountPath": CONTROL}],
    }


def _warden(spec: NodeSpec, images: Images) -> Json:
    numbers = ports(spec)
    links = [str(numbers[port]) for outer_and_inner in spec.links.items() for port in outer_and_inner]
    arguments = ["warden", CONTROL, DATA, str(numbers[spec.ready_port]), *links]
    mounts: list[Json] = [
        {"name": "control", "mountPath": CONTROL},
        {"name": "data", "mountPath": DATA, "readOnly": True},
    ]
    return parts.ours("warden", images.agents, arguments, mounts, "96Mi")


def _pod_name() -> Json:
    return {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}


def _mounts() -> list[Json]:
    return [
        {"name": "files", "mountPath": FOLDER, "subPathExpr": "$(POD_NAME)", "readOnly": True},
        {"name": "data", "mountPath": DATA},
    ]
