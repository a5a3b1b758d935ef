"""What the engine asks of a running Kafka: topics made and unmade, who leads what, ends, settings read back.

Whatever may be asked of a cluster that is being hurt goes through `glance`, by short questions; the rest may wait.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from brokerlab.brokers.kafka.client import configured, made
from brokerlab.brokers.kafka.glance import QUIET, Ends, Metadata
from brokerlab.brokers.kafka.librdkafka import told
from brokerlab.brokers.kafka.nodes import INTERNAL_TOPICS
from brokerlab.brokers.kafka.topic import refused
from brokerlab.core.broker import PartitionState
from brokerlab.core.errors import DeadlineError, InconclusiveError
from brokerlab.core.wait import until

if TYPE_CHECKING:
    from confluent_kafka.admin import ClusterMetadata, ConfigResource

ASK_S = 10.0  # one request to a broker that should answer
VISIBLE_S = 30.0
OFFSETS_TOPIC = "__consumer_offsets"
OFFSETS_SETTINGS = {  # what Kafka itself gives it (GroupCoordinatorService.groupMetadataTopicConfigs)
    "cleanup.policy": "compact",
    "compression.type": "producer",
    "segment.bytes": "104857600",
}


class KafkaAdmin:
    """Not thread-safe: the observer has its own."""

    def __init__(self, endpoint: str, settings: Mapping[str, str]) -> None:
        from confluent_kafka.admin import AdminClient

        self._client = made(AdminClient, configured(endpoint, settings, QUIET))
        self._metadata = Metadata(endpoint, settings)
        self._ends = Ends(endpoint, settings)
        self._epochs: dict[tuple[str, int], tuple[int, int]] = {}  # of the leader that was asked for an end last

    def await_ready(self, nodes: int, deadline: float) -> None:
        """Return when `nodes` nodes are members, and the group coordinator's topic has all its replicas in sync.

        For a lab of ours alone: that topic is made here, as else the first consumer would make Kafka do, only later.
        """
        last = "no broker answered"

        def members() -> bool:
            nonlocal last
            found = self._metadata.ask()
            last = f"{len(found.brokers)} members"
            return len(found.brokers) >= nodes

        until(_patient(members), f"{nodes} nodes to join", deadline=deadline, every=0.02, seen=lambda: last)
        until(_patient(self._coordinated), "the group coordinator's topic", deadline=deadline, every=0.05)

        def whole() -> bool:
            nonlocal last
            internal = [state for state in _states(self._metadata.ask()) if state.topic.startswith("__")]
            lacking = [state for state in internal if len(state.isr) < len(state.replicas)]
            last = f"{lacking}"
            return not lacking

        what = "the internal topics to be in sync on every node"
        until(_patient(whole), what, deadline=deadline, every=0.02, seen=lambda: last)

    def create(
        self, topics: Mapping[str, Mapping[str, str]], partitions: int, assignment: Sequence[int] | None
    ) -> None:
        """Create {topic: settings}; returns when each partition has its leader and all its replicas in sync."""
        from confluent_kafka.admin import NewTopic

        placed: dict[str, Any] = {"replica_assignment": [list(assignment)] * partitions} if assignment else {}
        new = [NewTopic(name, partitions, config=dict(config), **placed) for name, config in topics.items()]
        for name, future in self._client.create_topics(new, operation_timeout=ASK_S, request_timeout=VISIBLE_S).items():
            _answer(future, f"create the topic {name}")

        def visible() -> bool:
            states = self.describe(list(topics))
            whole = [state for state in states if state.leader >= 0 and len(state.isr) == len(state.replicas)]
            return len(whole) == len(topics) * partitions

        what = f"the topics {', '.join(topics)} to be in sync on every node"
        until(_patient(visible), what, deadline=VISIBLE_S, every=0.02)

    def delete(self, topics: Sequence[str]) -> None:
        """Returns when they are gone; one that is not there is gone."""
        from confluent_kafka import KafkaError

        for name, future in self._client.delete_topics(list(topics), request_timeout=VISIBLE_S).items():
            _answer(future, f"delete the topic {name}", but=KafkaError.UNKNOWN_TOPIC_OR_PART)
        gone = _patient(lambda: not self.describe(topics))
        until(gone, f"the topics {', '.join(topics)} to be deleted", deadline=VISIBLE_S, every=0.02)

    def describe(self, topics: Sequence[str]) -> list[PartitionState]:
        """A leader's epoch is known as soon as it was asked for an end: see `ends`."""
        wanted = set(topics)
        return [self._dated(state) for state in _states(self._metadata.ask()) if state.topic in wanted]

    def ends(self, topics: Sequence[str]) -> dict[tuple[str, int], int]:
        """High watermarks; the partitions of a leader that does not answer at once are left out."""
        states = self.describe(topics)
        found = self._ends.ask(states)
        for state in states:
            at = (state.topic, state.partition)
            leader, before = self._epochs.get(at, (-1, -1))
            epoch = found[at].epoch if at in found else -1
            if state.leader == -1:
                self._epochs[at] = -1, before
            elif epoch > before or (state.leader == leader and epoch == before):  # else of one that was deposed
                self._epochs[at] = state.leader, epoch
        return {at: end.offset for at, end in found.items()}

    def _dated(self, state: PartitionState) -> PartitionState:
        leader, epoch = self._epochs.get((state.topic, state.partition), (-1, -1))
        return replace(state, epoch=epoch) if leader == state.leader != -1 else state

    def settings(self, topics: Sequence[str]) -> dict[str, dict[str, str]]:
        """{topic, `broker/<id>` or `client`: {setting: value}}, as the brokers tell them; secrets are told as ""."""
        from confluent_kafka.admin import ConfigResource

        resources = {topic: ConfigResource(ConfigResource.Type.TOPIC, topic) for topic in topics}
        for number in sorted(self._metadata.ask().brokers):
            resources[f"broker/{number}"] = ConfigResource(ConfigResource.Type.BROKER, str(number))
        return {"client": told(), **{name: self._described(name, resource) for name, resource in resources.items()}}

    def admit(self, groups: Mapping[str, str]) -> None:
        """There is nothing to do: a log is read by whoever comes, from its beginning."""

    def storage(self, topics: Sequence[str]) -> dict[str, dict[str, int]]:
        """Kafka's client does not tell."""
        return {}

    def close(self) -> None:
        self._ends.close()

    def _described(self, name: str, resource: ConfigResource) -> dict[str, str]:
        """A node that has not heard of a new topic yet is asked again."""
        from confluent_kafka import KafkaError

        def told() -> Any:
            (future,) = self._client.describe_configs([resource], request_timeout=ASK_S).values()
            return _answer(future, f"tell the settings of {name}", but=KafkaError.UNKNOWN_TOPIC_OR_PART)

        entries = until(told, f"every node to know {name}", deadline=VISIBLE_S)
        return {setting: entry.value or "" for setting, entry in sorted(entries.items())}

    def _coordinated(self) -> bool:
        """Whether the offsets topic is there; made now if not.

        Not by looking for a coordinator: when such a request of librdkafka's admin client times out, as on a cluster
        that has just started, librdkafka may abort the whole process (librdkafka issues 4605, 3663).
        """
        if OFFSETS_TOPIC not in self._metadata.ask().topics:
            self.create({OFFSETS_TOPIC: OFFSETS_SETTINGS}, int(INTERNAL_TOPICS["offsets.topic.num.partitions"]), None)
        return True


def _states(metadata: ClusterMetadata) -> list[PartitionState]:
    return [
        PartitionState(name, number, part.leader, -1, tuple(part.replicas), tuple(sorted(part.isrs)))
        for name, topic in sorted(metadata.topics.items())
        for number, part in sorted(topic.partitions.items())
    ]


def _answer(future: Future[Any], what: str, but: int | None = None) -> Any:
    """The future's result, or the sentence for its error; None for the error code `but`."""
    from confluent_kafka import KafkaException

    try:
        return future.result(VISIBLE_S + ASK_S)
    except KafkaException as error:
        if error.args[0].code() == but:
            return None
        raise refused(what, error) from error
    except TimeoutError as error:
        raise DeadlineError(f"Kafka did not answer in {VISIBLE_S + ASK_S:.0f} s when asked to {what}") from error


def _patient(condition: Callable[[], bool]) -> Callable[[], bool]:
    """A cluster that starts, or is being hurt, may not answer: that is the same as not yet."""

    def asked() -> bool:
        try:
            return condition()
        except InconclusiveError:
            return False

    return asked
