"""Kafka's nodes as data: KRaft nodes that are broker and controller at once, in one quorum, replication factor = nodes.

Settings come from Kafka 4.3's documentation (sections "Broker Configs", "KRaft"); whatever differs from Kafka's default
says why. Each node has the ports `client` and `controller`; replicas fetch from each other over the client port. The
listener LINK is for clients whose network is to be hurt: it listens on `linked`, and its advertised address is `link`,
where a lab's link listens that leads to it; on a lab without links that port is closed. Only nodes that are asked for
with `between` fetch from each other over a link, too: the listener REPLICA listens on `between`, and its advertised
address is `replicas`. What the controllers say to each other, and to the brokers, never goes by a link.
"""

from __future__ import annotations

from collections.abc import Mapping

from brokerlab.core.links import REPLICAS
from brokerlab.core.node import JavaProgram, NodeSpec

JARS = "kafka-4.3.1"
IMAGE = "docker.io/apache/kafka:4.3.1"
IMAGE_JARS = "/opt/kafka/libs/*"
CONFIG = "server.properties"
FORMAT = ("format", "--cluster-id", "${cluster_id}", "--config", CONFIG, "--ignore-formatted")

JVM_OPTIONS = (
    "-Xms256m",
    "-Xmx512m",
    "-XX:+UseSerialGC",  # three nodes share few cores: no collector threads, and the shortest start
    "-XX:TieredStopAtLevel=1",  # C1 alone starts fastest, and a lab's brokers wait for the network, not for code
    "-XX:-UsePerfData",  # no file in the system's temporary folder
    "-XX:+ExitOnOutOfMemoryError",  # a broker that is out of memory is gone, not half alive
)

LOGGING = {
    "org.apache.logging.log4j.level": "INFO",  # of Kafka's own image, whose jars log by Log4j; ours do by Slf4j
    "org.slf4j.simpleLogger.defaultLogLevel": "info",
    "org.slf4j.simpleLogger.showDateTime": "true",
    "org.slf4j.simpleLogger.dateTimeFormat": "HH:mm:ss.SSS",
    "org.slf4j.simpleLogger.showThreadName": "false",
}

# Those that tell of their own starting, looking and waiting: hundreds of lines that hide what happened.
_TALKATIVE = (
    "kafka.server.KafkaConfig",
    "org.apache.kafka.clients.NetworkClient",
    "org.apache.kafka.common.config.AbstractConfig",
    "org.apache.kafka.controller.PeriodicTaskControlManager",
    "org.apache.kafka.image.loader",
    "org.apache.kafka.server.NodeToControllerRequestThread",
    "org.apache.kafka.server.purgatory",
    "org.apache.kafka.server.quota",
    "org.apache.kafka.server.util.timer",
)
LOGGING |= {f"org.slf4j.simpleLogger.log.{name}": "warn" for name in _TALKATIVE}

# How fast a dead node is noticed, and a new leader found: in 2.5 s, where Kafka's defaults take 10 to 20; in 4 s when
# it was the active controller as well, for whose successor every session begins anew.
FAIL_OVER = {
    # Default 9000. A stall shorter than this costs nobody its leadership, so the experiments' stalls stay below it.
    "broker.session.timeout.ms": "2000",
    "broker.heartbeat.interval.ms": "200",  # default 2000: a tenth of the session, so that no single delay ends it
    # Default 500: how often the active controller writes something when there is nothing to write, which answers the
    # fetches that wait for it (for up to 500 ms): so the last answer that a stalled follower has had is no older.
    "metadata.max.idle.interval.ms": "200",
    "controller.quorum.election.backoff.max.ms": "200",  # default 1000: the pause after a tied election
    "replica.fetch.backoff.ms": "100",  # default 1000: how soon a follower asks again after an error
}


def _elections(number: int) -> dict[str, str]:
    """How the controllers elect: not after a stall, not twice in a row, and rather the first node than another.

    The experiments' leader is kafka-2 (but for a `--seed` that says otherwise): as long as kafka-1 is the active
    controller, killing that leader ends no controller.
    """
    return {
        # Default 1000; a node waits for one to two times that before it stands for election when nobody does. Also how
        # long the very first election is waited for: the first node stands first.
        "controller.quorum.election.timeout.ms": "500" if number == 1 else "1000",
        # Default 2000: when followers give up on the active controller. Above the experiments' stalls (1.4 s at most):
        # an election after each of them would cost a fail-over its 2 s once more. Not the same for all, because those
        # that were stalled together would stand together, and nobody be elected.
        "controller.quorum.fetch.timeout.ms": str(1500 + 150 * (number - 1)),
    }


# A stall of followers must bite soon, and must not look like their end.
REPLICATION = {
    # Default 500: how long a leader holds a fetch that was on its way when the follower stalled. When it has expired,
    # nothing more is replicated behind the stalled follower's back.
    "replica.fetch.wait.max.ms": "100",
    "replica.lag.time.max.ms": "30000",  # the default, pinned: a stall is far shorter, so the ISR keeps its members
    "unclean.leader.election.enable": "false",  # the default, pinned: loss must have another cause
}

# Internal topics: as few partitions as do the same work, for each costs start-up time on every node.
INTERNAL_TOPICS = {
    "offsets.topic.num.partitions": "1",  # default 50; one group coordinator is enough for a lab
    "transaction.state.log.num.partitions": "1",  # default 50
    "share.coordinator.state.topic.num.partitions": "1",  # default 50
    "share.coordinator.state.topic.min.isr": "2",
    "transaction.state.log.min.isr": "2",  # the default, pinned
    "group.initial.rebalance.delay.ms": "0",  # default 3000: a wait for more members, which the lab starts at once
    "auto.create.topics.enable": "false",  # a mistyped topic is an error, not a new topic with other settings
}

# A lab's machine is shared by all nodes, the agents and Prometheus.
SMALL = {
    "log.cleaner.dedupe.buffer.size": "2097152",  # default 128 MiB of heap at start, for compaction that never comes
    "num.network.threads": "2",  # default 3
    "num.io.threads": "4",  # default 8
    "background.threads": "2",  # default 10
}


def nodes(count: int, *, between: bool = False) -> tuple[NodeSpec, ...]:
    """`count` nodes, `kafka-1` to `kafka-<count>`, with the broker ids 1 to `count`. between: with links among them."""
    return tuple(_node(number, count, _BETWEEN if between else {}) for number in range(1, count + 1))


_BETWEEN: Mapping[str, str] = {REPLICAS: "between"}


def _node(number: int, count: int, between: Mapping[str, str]) -> NodeSpec:
    return NodeSpec(
        name=f"kafka-{number}",
        program=JavaProgram("kafka.Kafka", JARS, (CONFIG,), JVM_OPTIONS, LOGGING, IMAGE, IMAGE_JARS),
        ports=("client", "controller", "linked", "link", *between, *between.values()),
        ready_port="client",
        links={"link": "linked", **between},
        files={CONFIG: _text(_settings(number, count) | (_linked(number) if between else {}))},
        data_files={"meta.properties": _META.replace("${node_id}", str(number))},
        formatted_by=JavaProgram("kafka.tools.StorageTool", JARS, FORMAT, image=IMAGE, image_class_path=IMAGE_JARS),
    )


# What StorageTool writes for each node (MetaProperties.java); all the rest of its work is the same for all nodes.
_META = "version=1\ncluster.id=${cluster_id}\nnode.id=${node_id}\ndirectory.id=${directory_id}\n"


LISTENERS = {"CLIENT": "client", "LINK": "linked", "CONTROLLER": "controller"}
ADVERTISED = {"CLIENT": "client", "LINK": "link"}


def _settings(number: int, count: int) -> dict[str, str]:
    """One node's settings; addresses are place-holders that the lab fills in."""
    here = f"kafka_{number}"
    replicas = str(count)
    return {
        "process.roles": "broker,controller",
        "node.id": str(number),
        "controller.quorum.voters": ",".join(_voter(other) for other in range(1, count + 1)),
        "listeners": _addresses("bind", here, LISTENERS),
        "advertised.listeners": _addresses(f"host_{here}", here, ADVERTISED),
        "listener.security.protocol.map": _plain(LISTENERS),
        "inter.broker.listener.name": "CLIENT",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": "${data}",
        "default.replication.factor": replicas,
        "min.insync.replicas": str(min(2, count)),
        "offsets.topic.replication.factor": replicas,
        "transaction.state.log.replication.factor": replicas,
        "share.coordinator.state.topic.replication.factor": replicas,
        **FAIL_OVER,
        **_elections(number),
        **REPLICATION,
        **INTERNAL_TOPICS,
        **SMALL,
    }


def _linked(number: int) -> dict[str, str]:
    """What differs for a node that the others reach by a link."""
    here = f"kafka_{number}"
    listeners, advertised = {**LISTENERS, "REPLICA": "between"}, {**ADVERTISED, "REPLICA": REPLICAS}
    return {
        "listeners": _addresses("bind", here, listeners),
        "advertised.listeners": _addresses(f"host_{here}", here, advertised),
        "listener.security.protocol.map": _plain(listeners),
        "inter.broker.listener.name": "REPLICA",
    }


def _plain(listeners: Mapping[str, str]) -> str:
    return ",".join(f"{name}:PLAINTEXT" for name in listeners)


def _addresses(host: str, node: str, listeners: Mapping[str, str]) -> str:
    """{listener: the port's name} as Kafka wants it; `host` is a place-holder's name."""
    return ",".join(f"{name}://${{{host}}}:${{port_{node}_{port}}}" for name, port in listeners.items())


def _voter(number: int) -> str:
    return f"{number}@${{host_kafka_{number}}}:${{port_kafka_{number}_controller}}"


def _text(settings: dict[str, str]) -> str:
    return "".join(f"{key}={value}\n" for key, value in settings.items())
