"""The texts of a table's cells."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from brokerlab.core.verdict import Finding
from brokerlab.core.words import Cause, Word
from brokerlab.reports import cells
from tests.fakes import verdicts


def cell(name: str, **of: Any) -> str:
    return dict(zip(cells.NUMBERS, cells.numbers(verdicts.variant("v", **of)), strict=True))[name]


def test_nothing_observed_has_its_bound() -> None:
    assert cell("lost") == "0\n≤ 0.15 %"
    assert cell("lost", sent=1_000_000, acked=1_000_000) == "0\n≤ 0.0003 %"
    assert cell("lost", sent=2, acked=2) == "0\n≤ 100 %"
    assert cell("lost", sent=5, acked=0) == "0"  # nothing was claimed, so nothing could be lost


def test_duplicates_have_their_split() -> None:
    assert cell("duplicated", findings={Word.DUPLICATE: 5}) == "5\n5 written 2x"
    assert cell("duplicated", findings={Word.REDELIVERED: 5}) == "5\n5 delivered 2x"


def test_what_was_written_twice_is_attributed() -> None:
    causes = {Cause.PRODUCER_RETRY: 3, Cause.ZOMBIE: 2}
    found = {Word.DUPLICATE: Finding(Word.DUPLICATE, 5, causes=causes)}
    told = cells.numbers(replace(verdicts.variant("v"), findings=found))[cells.NUMBERS.index("duplicated")]
    assert told == "5\n5 written 2x\n(3 retried)\n(2 zombie)"
    again = Finding(Word.REDELIVERED, 4, "records", causes={Cause.CONSUMER_REDELIVERY: 4})
    told = cells.numbers(replace(verdicts.variant("v"), findings={Word.REDELIVERED: again}))
    assert told[cells.NUMBERS.index("duplicated")] == "4\n4 delivered 2x"


def test_what_stands_out_of_order_is_counted_where_there_is_any() -> None:
    assert cell("reordered", findings={Word.REORDERED: 1200}) == "1,200"
    assert cell("reordered") == "-"


def test_what_is_gone_is_placed() -> None:
    gone = verdicts.variant("v")
    counts = {**gone.counts, "gone_in_client": 3, "gone_on_wire": 0, "gone_in_broker": 1200}
    assert cells.numbers(replace(gone, counts=counts))[cells.NUMBERS.index("gone")] == "3 in client\n1,200 in broker"
    assert cell("gone") == "-"


def test_what_is_missed_or_applied_twice_stands_below_the_headline() -> None:
    assert cell("lost", findings={Word.MISSED: 75}) == "0\n≤ 0.15 %\n75 missed"
    assert cell("lost", findings={Word.LOST: 20, Word.MISSED: 75}) == "20\n1.0 %\n75 missed"
    assert cell("lost", findings={Word.MISPLACED: 1}) == "0\n≤ 0.15 %\n1 misplaced"
    assert cell("lost", findings={Word.VANISHED: 5, Word.MISSED: 75}) == "0\n≤ 0.15 %\n5 vanished\n75 missed"
    assert cell("duplicated", findings={Word.DUPLICATE_EFFECT: 3}) == "0\n≤ 0.15 %\n3 applied 2x"


def test_latency() -> None:
    assert cell("p50/p99 ms", latency_ms={"p50": 0.04, "p99": 12345.6}) == "0.0/12,346"
    assert cell("p50/p99 ms") == "-"


@given(st.integers(min_value=4, max_value=10**10))
def test_a_bound_is_never_printed_smaller_than_it_is(trials: int) -> None:
    said = float(cells.percent(3 / trials).removesuffix(" %"))
    assert 3 / trials * 100 * (1 - 1e-6) <= said <= 3 / trials * 100 * 1.11


def test_what_a_store_holds_is_told_where_there_is_one() -> None:
    variant = verdicts.variant("v", findings={Word.MISSED_EFFECT: 5, Word.PHANTOM_EVENT: 3})
    kept = replace(variant, counts={**variant.counts, "effects": 1995, "committed": 2000})
    told = dict(zip(cells.NUMBERS, cells.numbers(kept), strict=True))
    assert (told["effects"], told["phantom events"]) == ("1,995\n5 never", "3")
    assert (cell("effects"), cell("phantom events")) == ("-", "-")
