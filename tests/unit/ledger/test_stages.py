"""The stages of a load, on literal ledgers: whose messages they are, how fast they came, how late."""

from __future__ import annotations

from typing import Literal

import pytest

from brokerlab.core.scenario import Span
from brokerlab.ledger.facts import Facts
from brokerlab.ledger.stages import stage, stages
from tests.fakes.histories import READ, SENT, TICK, Reader, history


def span(name: str, first: int, last: int, kind: Literal["send", "grow"] = "send") -> Span:
    """While messages first..last were sent."""
    return Span(kind, name, SENT + first * TICK, SENT + last * TICK)


def test_each_stage_has_its_own_messages_and_their_first_deliveries() -> None:
    facts = Facts(history("A" * 10, None, [Reader("0-9"), Reader("0-3", at=READ + 100 * TICK)]))
    one, two = stages(facts, [span("1 worker", 0, 3), span("2", 4, 9, kind="grow"), span("2 workers", 4, 9)])
    assert (one.name, one.messages, two.messages) == ("1 worker", 4, 6)
    assert one.lag_ms["p50"] == pytest.approx((READ - SENT) / 1000)
    assert one.per_second == pytest.approx(4 / ((READ + 3 * TICK - SENT) / 1e6))


def test_what_never_came_counts_as_sent_and_in_no_rate() -> None:
    facts = Facts(history("AAAA", "0 1", [Reader("0-1")]))
    only = stage(facts, span("1 worker", 0, 3))
    assert only.messages == 4
    assert only.per_second == pytest.approx(2 / ((READ + TICK - SENT) / 1e6))


def test_a_stage_in_which_nothing_came_has_no_lag() -> None:
    only = stage(Facts(history("AA", "", [])), span("1 worker", 0, 1))
    assert (only.per_second, only.lag_ms) == (0.0, {})


def test_a_load_grows_in_all_of_its_stages_or_in_none() -> None:
    facts = Facts(history("AA"))
    assert [one.grows for one in stages(facts, [span("normal", 0, 1)])] == [False]
    assert [one.grows for one in stages(facts, [span("a", 0, 0), span("2", 1, 1, kind="grow"), span("b", 1, 1)])] == [
        True,
        True,
    ]
