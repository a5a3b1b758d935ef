"""Pacing, spreading, orders and progress, each by itself."""

from __future__ import annotations

import io
import json
from zlib import crc32

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokerlab.agents import options
from brokerlab.agents.orders import PARENT_GONE, Orders, follow
from brokerlab.agents.pacing import Pacer
from brokerlab.agents.progress import Report
from brokerlab.agents.spread import Spread, draw
from brokerlab.core.agent import AgentSpec
from brokerlab.core.codec import agent_from_json, agent_to_json
from brokerlab.core.errors import UsageError
from brokerlab.core.load import Load


def let_go(rate: float, steps: list[float]) -> list[tuple[float, int]]:
    """(time, count) of each portion, when the loop turns after each of these steps."""
    pacer, now, portions = Pacer(rate, 0.0), 0.0, []
    for step in steps:
        now += step
        count = pacer.due(now)
        if count:
            pacer.took(count)
            portions.append((now, count))
    return portions


@pytest.mark.parametrize("rate", [1, 7, 100, 1000, 50_000])
def test_the_rate_is_kept_when_the_loop_turns_often(rate: int) -> None:
    seconds = 20
    sent = sum(count for _, count in let_go(rate, [0.001] * 1000 * seconds))
    assert abs(sent - rate * seconds) <= max(2, rate * seconds * 0.01)


@given(
    rate=st.floats(1, 100_000),
    steps=st.lists(st.floats(0, 0.5), max_size=200),
)
def test_never_a_burst(rate: float, steps: list[float]) -> None:
    portions = let_go(rate, steps)
    assert all(count <= max(1, rate * 0.010) for _, count in portions)
    gaps = np.diff([at for at, _ in portions])
    assert np.all(gaps >= 0.00499)


def test_no_rate_is_no_limit() -> None:
    assert Pacer(0, 0.0).due(0.0) > 1_000_000
    assert Pacer(0, 0.0).wait() == 0


@given(first=st.integers(0, 1000), count=st.integers(1, 500), keys=st.integers(0, 9), partitions=st.integers(1, 5))
def test_parcels_hold_every_message_once_in_order(first: int, count: int, keys: int, partitions: int) -> None:
    parcels = list(Spread(Load(partitions=partitions, keys=keys)).parcels(first, count))
    assert sorted(seq for parcel in parcels for seq in parcel.seqs.tolist()) == list(range(first, first + count))
    for parcel in parcels:
        assert np.all(np.diff(parcel.seqs.astype(np.int64)) > 0)
        if parcel.keys is not None:
            assert {crc32(key) % partitions for key in parcel.keys} == {parcel.partition}


def test_keys_depend_on_the_seed_and_are_used_alike() -> None:
    seqs = np.arange(10_000, dtype=np.uint32)
    assert np.array_equal(draw(seqs, 1, 10), draw(seqs, 1, 10))
    assert not np.array_equal(draw(seqs, 1, 10), draw(seqs, 2, 10))
    assert np.bincount(draw(seqs, 1, 10)).min() > 800


def test_orders_come_from_lines_and_their_end_ends_the_agent() -> None:
    orders, ended = Orders(), []
    follow(orders, io.StringIO("limit 5\nfinish\ndrain\n"), ended.append).join(5)
    orders.refresh()
    assert (orders.limit, orders.finish, orders.drain) == (5, True, True)
    assert ended == [PARENT_GONE]


def test_what_is_no_order_is_refused() -> None:
    orders = Orders()
    orders.say("jump")
    with pytest.raises(UsageError, match="jump"):
        orders.refresh()


def test_progress_is_told_at_a_change_of_state_and_else_rarely() -> None:
    lines: list[str] = []
    report = Report(lines.append)
    report.become("working")
    for _ in range(1000):
        report.add(sent=1)
        report.tell()
    assert len(lines) < 500
    report.become("done")
    assert '"sent": 1000' in lines[-1]


def test_a_spec_survives_its_journey_as_json() -> None:
    spec = AgentSpec(
        "producer",
        "p",
        "run",
        "acks=1",
        "kafka",
        "h:1",
        "t",
        "ledger",
        "",
        {"acks": "1"},
        Load(size=50),
        2,
        7,
        "g",
        (1,),
        {"commit": "before"},
        "source",
        "127.0.0.1:1",
        2,
    )
    assert spec.process == "p.2"
    assert agent_from_json(agent_to_json(spec)) == spec


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"role": 1, "nobody": 2}'])
def test_what_is_no_spec_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(UsageError, match="order sheet"):
        agent_from_json(text)


def test_an_agent_is_held_at_a_point_until_it_may_go_on() -> None:
    orders, lines = Orders({"here", "there"}), []

    def tell(line: str) -> None:
        lines.append(json.loads(line))
        orders.say("go")

    report = Report(tell)
    report.become("working")
    orders.passing("here", report)  # nothing is held: no stop
    orders.say("hold here")
    orders.refresh()
    orders.passing("there", report)
    orders.passing("here", report)
    assert lines == [{"state": "working"}, {"state": "held", "point": "here"}, {"state": "working"}]


def test_held_at_one_point_it_can_be_moved_on_to_the_next() -> None:
    orders, report = Orders({"here", "there"}), Report(lambda _: None)
    orders.say("hold here")
    orders.refresh()
    orders.say("hold there")
    orders.passing("here", report)
    assert orders.held == "there"


def test_a_point_that_the_loop_has_not_is_refused() -> None:
    orders = Orders({"here"})
    orders.say("hold nowhere")
    with pytest.raises(UsageError, match="can't be held at 'nowhere'"):
        orders.refresh()


@pytest.mark.parametrize(("name", "value"), [("comit", "after"), ("commit", "later")])
def test_an_option_that_there_is_not_is_refused(name: str, value: str) -> None:
    options.check({"commit": "before"})
    with pytest.raises(UsageError, match=r"option"):
        options.check({name: value})
