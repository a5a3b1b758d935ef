"""Who is asked who leads what, and for how long, until somebody answers."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from confluent_kafka import KafkaError, KafkaException

from brokerlab.brokers.kafka import glance
from brokerlab.brokers.kafka.glance import GLANCE_S, Metadata
from brokerlab.core.errors import InconclusiveError

ADDRESSES = "a:1,b:1,c:1"


@dataclass
class Cluster:
    """needs: how many seconds each address takes to answer. asked: the addresses, in order."""

    needs: dict[str, float]
    asked: list[str] = field(default_factory=list)

    def client(self, address: str) -> Client:
        return Client(self, address)


@dataclass
class Client:
    cluster: Cluster
    address: str

    def list_topics(self, timeout: float) -> str:
        self.cluster.asked.append(self.address)
        if timeout < self.cluster.needs[self.address]:
            raise KafkaException(KafkaError(KafkaError._TRANSPORT))
        return self.address


def metadata(monkeypatch: pytest.MonkeyPatch, a: float, b: float, c: float) -> tuple[Metadata, Cluster]:
    cluster = Cluster({"a:1": a, "b:1": b, "c:1": c})
    monkeypatch.setattr(glance, "configured", lambda address, *_: address)
    monkeypatch.setattr(glance, "made", lambda _, address: cluster.client(address))
    return Metadata(ADDRESSES, {}), cluster


def test_the_address_that_answered_last_is_asked_first(monkeypatch: pytest.MonkeyPatch) -> None:
    asking, cluster = metadata(monkeypatch, 99, 0.01, 0.01)
    assert [asking.ask(), asking.ask()] == ["b:1", "b:1"]
    assert cluster.asked == ["a:1", "a:1", "b:1", "b:1"]


def test_on_a_machine_that_is_held_up_each_is_given_more_time(monkeypatch: pytest.MonkeyPatch) -> None:
    asking, cluster = metadata(monkeypatch, 99, 2 * GLANCE_S, 2 * GLANCE_S)
    assert asking.ask() == "b:1"
    assert len(cluster.asked) > len(ADDRESSES.split(","))


def test_a_cluster_that_does_not_answer_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    asking, _ = metadata(monkeypatch, 99, 99, 99)
    with pytest.raises(InconclusiveError, match="could not describe itself at any address"):
        asking.ask()
