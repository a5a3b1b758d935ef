"""The engine's questions, asked in one process and answered in another: the answers are the same."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from brokerlab import catalog
from brokerlab.core.broker import PartitionState
from brokerlab.core.errors import DeadlineError, InconclusiveError
from brokerlab.core.store import Kept, Row
from brokerlab.labs.kubernetes.admin import RemoteAdmin
from brokerlab.labs.kubernetes.relay import Relay
from brokerlab.labs.kubernetes.tables import RemoteTables
from brokerlab.pods.outpost import Outpost
from tests.fakes.kube_api import KubeApi
from tests.fakes.memory_store import MemoryStore
from tests.fakes.scenes import MemoryAdmin
from tests.unit.labs.kubernetes.conftest import Running


class There(MemoryAdmin):
    """In the cluster. asked: what it heard."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[object] = []
        self.closed = False

    def create(self, topics: object, partitions: int, assignment: Sequence[int] | None) -> None:
        self.asked.append(("create", topics, partitions, assignment))

    def admit(self, groups: object) -> None:
        self.asked.append(("admit", groups))

    def storage(self, topics: Sequence[str]) -> dict[str, dict[str, int]]:
        return {topic: {"bytes": 7} for topic in topics}

    def ends(self, topics: Sequence[str]) -> dict[tuple[str, int], int]:
        return {(topic, 0): 7 for topic in topics}

    def await_ready(self, nodes: int, deadline: float) -> None:
        raise DeadlineError(f"waited {deadline:.0f} s for {nodes} nodes", "look at their logs")

    def close(self) -> None:
        self.closed = True


class Broker:
    def __init__(self, there: There) -> None:
        self.there, self.about = there, []

    def admin(self, endpoint: str, settings: object) -> There:
        self.about.append((endpoint, settings))
        return self.there


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    broker = Broker(There())
    monkeypatch.setattr(catalog, "broker", lambda name: {"memory": broker}[name])
    return broker


@pytest.fixture
def outpost() -> Outpost:
    return Outpost()


@pytest.fixture
def remote(broker: Broker, running: Running, outpost: Outpost) -> RemoteAdmin:
    return RemoteAdmin(running("outpost-1", outpost.routes()), "memory", "b:1", {"security.protocol": "ssl"})


def test_answers_come_as_they_were_given(remote: RemoteAdmin, broker: Broker) -> None:
    assert broker.about == [("b:1", {"security.protocol": "ssl"})]
    assert (
        remote.describe(["t"]) == [PartitionState("t", 0, 1, 0, (1, 2, 3), (1, 2, 3))] == broker.there.describe(["t"])
    )
    assert remote.ends(["t", "u"]) == {("t", 0): 7, ("u", 0): 7}
    assert remote.settings([]) == broker.there.settings([])
    remote.create({"t": {"a": "b"}}, 2, (3, 1))
    remote.admit({"t": "t.second"})
    assert broker.there.asked == [("create", {"t": {"a": "b"}}, 2, [3, 1]), ("admit", {"t": "t.second"})]
    assert remote.storage(["t"]) == {"t": {"bytes": 7}}
    remote.close()
    assert broker.there.closed


def test_a_failure_is_raised_here_as_it_was_there(remote: RemoteAdmin) -> None:
    with pytest.raises(DeadlineError, match="waited 5 s for 3 nodes") as caught:
        remote.await_ready(3, 5)
    assert caught.value.hint == "look at their logs"


def test_an_outpost_that_was_started_anew_is_asked_for_a_new_admin(
    remote: RemoteAdmin, broker: Broker, running: Running
) -> None:
    running("outpost-1", Outpost().routes())
    assert remote.ends(["t"]) == {("t", 0): 7}
    assert len(broker.about) == 2
    running("outpost-1", Outpost().routes())
    remote.admit({"t": "t.second"})
    assert broker.there.asked == [("admit", {"t": "t.second"})]


def test_questions_outlive_a_hiccup_and_what_can_be_done_once_is_not_repeated(
    remote: RemoteAdmin, broker: Broker, api: KubeApi
) -> None:
    api.cut = 2
    assert remote.ends(["t"]) == {("t", 0): 7}
    for number, order in enumerate((lambda: remote.create({"t": {}}, 1, None), lambda: remote.admit({"t": "g"})), 1):
        api.cut = 1
        with pytest.raises(InconclusiveError):
            order()
        assert len(broker.there.asked) == number


def test_a_stores_tables_are_made_read_and_dropped_there(
    running: Running, outpost: Outpost, api: KubeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = MemoryStore()
    monkeypatch.setattr(catalog, "store", lambda name: {"memory": store}[name])
    tables = RemoteTables(running("outpost-1", outpost.routes()), "memory", "s:1")
    tables.create(["one", "two"])
    store.contents["one"].effects += [Row(1, 2, 3), Row(1, 2, 4)]
    store.contents["one"].changes[1, 2] = Row(1, 2, 5)
    api.cut = 2
    assert tables.kept("one") == Kept([Row(1, 2, 3), Row(1, 2, 4)], [Row(1, 2, 5)])
    assert tables.kept("two") == Kept([], [])
    tables.drop(["one"])
    assert store.contents.keys() == {"two"}
    api.cut = 1
    with pytest.raises(InconclusiveError):
        tables.create(["two"])
    with pytest.raises(Exception, match="no question about a store"):
        tables._asking("effects", {})()


def test_what_is_no_question_is_refused(remote: RemoteAdmin) -> None:
    with pytest.raises(Exception, match="no question to a broker"):
        remote._ask("close", {})


def test_the_board_is_shown_where_prometheus_can_scrape_it(running: Running, outpost: Outpost, tmp_path: Path) -> None:
    from brokerlab.core.wait import until
    from brokerlab.metrics.exposition import Board, Exposition

    way = running("outpost-1", outpost.routes())
    exposition = Exposition(Board("run-7", generation=3), tmp_path)
    relay = Relay(exposition.target, lambda: way)
    try:
        until(lambda: 'generation{run="run-7"} 3.0' in way.text("metrics"), "the board", deadline=10)
    finally:
        relay.close()
        exposition.close()
