"""Every broker plug-in behind the same tests: the fake one at once, the real ones on a lab."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest

from brokerlab import catalog
from brokerlab.brokers.kafka import Kafka
from brokerlab.core.broker import Admin, Broker
from brokerlab.labs.local.lab import LocalLab
from tests.fakes.memory_broker import MemoryBroker


@dataclass
class Running:
    """A broker that runs, and where."""

    broker: Broker
    endpoint: str
    admin: Admin
    nodes: tuple[int, ...] = (1, 2, 3)  # broker ids
    _topics: int = 0

    def producing(self, *, acks: str, idempotent: str) -> Mapping[str, str]:
        """A producer's settings, of those that this broker's client has."""
        kafkas = {} if self.broker.name == "postgres" else {"enable.idempotence": idempotent}
        return {"acks": acks, **kafkas}

    def topic(self, partitions: int = 1) -> str:
        self._topics += 1
        name = f"plugin-{self._topics}"
        self.admin.create({name: {}}, partitions, None)
        return name


# What a plug-in falls back to must do the same.
FALLBACKS = {"kafka by its binding": Kafka(direct=False)}


@pytest.fixture(
    scope="module",
    params=["memory", *(pytest.param(name, marks=pytest.mark.lab) for name in (*catalog.broker_names(), *FALLBACKS))],
)
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    if request.param == "memory":
        memory = MemoryBroker()
        yield Running(memory, "", memory.admin("", {}))
        return
    broker = FALLBACKS.get(request.param) or catalog.broker(request.param)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BROKERLAB_STATE", str(tmp_path_factory.mktemp("lab") / "state"))
        lab = LocalLab.up(broker.nodes(3), with_prometheus=False)
        try:
            admin = broker.admin(lab.endpoint(broker.port), {})
            ids = tuple(broker.node_id(node) for node in lab.nodes())
            admin.await_ready(len(ids), 60)
            yield Running(broker, lab.endpoint(broker.port), admin, ids)
            admin.close()
        finally:
            LocalLab.down()
