"""Looking at a cluster whose brokers may be stopped or dead: each question is short, and asked of who can answer.

A stopped broker keeps its connections and never answers, and librdkafka goes on asking whichever broker it likes. So
each address has a client of its own that was told no other; the one that answered last is asked first; and a client
that did not answer is replaced by a new one, which knows nothing that is out of date.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from brokerlab.brokers.kafka.client import CONSUMER, configured, made
from brokerlab.brokers.kafka.topic import refused
from brokerlab.core.broker import PartitionState

if TYPE_CHECKING:
    from confluent_kafka import Consumer
    from confluent_kafka.admin import AdminClient, ClusterMetadata

GLANCE_S = 0.4  # a broker that works answers in milliseconds, a new client's first question in a tenth of a second
PATIENCE_S = 2.0  # where nobody answered at a glance: a machine that is held up answers in seconds
QUIET = {"log_level": "0"}  # what goes wrong comes back as an answer; the terminal is the command line's
ENDS = {"group.id": "brokerlab-admin", "isolation.level": "read_uncommitted"}  # never joined; the very ends of the logs


class Metadata:
    """Who leads what, as the first address says that answers."""

    def __init__(self, endpoint: str, settings: Mapping[str, str]) -> None:
        self._settings = settings
        self._clients = {address: self._new(address) for address in endpoint.split(",")}
        self._order = list(self._clients)

    def ask(self) -> ClusterMetadata:
        """Raises InconclusiveError when no address answers."""
        from confluent_kafka import KafkaException

        error = KafkaException("no address was given")
        # The one that answered last gets a second chance, as a new client.
        glances = [(address, GLANCE_S) for address in (self._order[0], *self._order)]
        for address, timeout in (*glances, *((address, PATIENCE_S) for address in self._order)):
            try:
                answer = self._clients[address].list_topics(timeout=timeout)
            except KafkaException as problem:
                error = problem
                self._clients[address] = self._new(address)
                continue
            self._order.remove(address)
            self._order.insert(0, address)
            return answer
        raise refused("describe itself at any address", error)

    def _new(self, address: str) -> AdminClient:
        from confluent_kafka.admin import AdminClient

        return made(AdminClient, configured(address, self._settings, QUIET))


@dataclass(frozen=True)
class End:
    """A partition's high watermark, and the epoch of the leader who told it."""

    offset: int
    epoch: int


class Ends:
    """High watermarks, asked of the leaders, who tell their epoch with it (as nothing else does that librdkafka asks).

    By a consumer's call: librdkafka's admin requests may abort the process when they time out (issues 4605, 3663).
    """

    def __init__(self, endpoint: str, settings: Mapping[str, str]) -> None:
        self._make: Callable[[], Consumer] = lambda: _reader(endpoint, settings)
        self._client = self._make()

    def ask(self, states: list[PartitionState]) -> dict[tuple[str, int], End]:
        """By topic and partition; the partitions of a leader that does not answer are left out."""
        from confluent_kafka import OFFSET_END, KafkaException, TopicPartition

        found: dict[tuple[str, int], End] = {}
        silent = {-1}
        for state in states:
            if state.leader in silent:
                continue
            try:
                part = TopicPartition(state.topic, state.partition, OFFSET_END)
                (told,) = self._client.offsets_for_times([part], timeout=GLANCE_S)
            except KafkaException:
                silent.add(state.leader)
                self._client = self._make()
                continue
            if told.error is None:
                epoch = -1 if told.leader_epoch is None else told.leader_epoch
                found[state.topic, state.partition] = End(told.offset, epoch)
        return found

    def close(self) -> None:
        self._client.close()


def _reader(endpoint: str, settings: Mapping[str, str]) -> Consumer:
    from confluent_kafka import Consumer

    return made(Consumer, configured(endpoint, CONSUMER, settings, QUIET, ENDS))
