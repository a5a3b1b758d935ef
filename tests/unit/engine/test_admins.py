"""Several brokers asked as one: each topic's question reaches the broker that has it, and no other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from brokerlab.core.broker import Admin
from brokerlab.engine.admins import Admins
from tests.fakes.memory_broker import MemoryBroker


def test_each_topic_is_made_asked_and_deleted_where_it_belongs() -> None:
    main, other = MemoryBroker(), MemoryBroker()
    elsewhere = other.admin("", {})
    both = Admins(main.admin("", {}), {"there": elsewhere, "there-too": elsewhere})
    both.create({"here": {}, "there": {}, "there-too": {}}, 2, [3, 1, 2])
    assert (list(main.logs), list(other.logs)) == (["here"], ["there", "there-too"])
    assert main.states["here"][0].leader == 3
    assert other.states["there"][0].leader == 1, "the assignment is of the main broker's nodes"
    other.logs["there"][1].append(b"one")
    topics = ["there", "here"]
    assert both.ends(topics) == {("here", 0): 0, ("here", 1): 0, ("there", 0): 0, ("there", 1): 1}
    assert sorted({state.topic for state in both.describe(topics)}) == ["here", "there"]
    assert set(both.settings(topics)) == {"here", "there"}
    both.delete(["here", "there"])
    assert (list(main.logs), list(other.logs)) == ([], ["there-too"])
    both.close()


class Told:
    """Of an admin that only tells its settings."""

    def __init__(self, node: str) -> None:
        self.node = node

    def settings(self, topics: Sequence[str]) -> dict[str, dict[str, str]]:
        return {self.node: {"port": "1"}, **{topic: {"of": self.node} for topic in topics}}


def test_the_nodes_of_each_tell_their_settings_whosever_topics_are_asked_for() -> None:
    both = Admins(cast("Admin", Told("broker/1")), {"there": cast("Admin", Told("postgres"))})
    assert both.settings([]) == {"broker/1": {"port": "1"}, "postgres": {"port": "1"}}
    told = both.settings(["there", "here"])
    assert told["there"] == {"of": "postgres"}
    assert told["here"] == {"of": "broker/1"}
