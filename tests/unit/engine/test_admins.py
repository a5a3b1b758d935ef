"""Several brokers asked as one: each topic's question reaches the broker that has it, and no other."""

from __future__ import annotations

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
