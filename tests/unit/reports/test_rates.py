"""Rates from counters, and their bars."""

from __future__ import annotations

from brokerlab.reports.rates import LENGTH, Rates, bars


def test_a_rate_a_step_and_no_more_than_are_drawn() -> None:
    rates = Rates()
    for tick in range(200):
        rates.take(tick / 10, {"a": {"sent": tick * tick}})
    found = rates.of("a", "sent")
    assert len(found) == LENGTH
    assert found == sorted(found)
    assert found[-1] == (195**2 - 190**2) / 0.5
    assert rates.of("a", "acked") == [0] * LENGTH
    assert rates.of("nobody", "sent") == [0] * LENGTH


def test_nothing_yet_is_blank() -> None:
    assert Rates().of("a", "sent") == []
    assert bars([], 0) == " " * LENGTH


def test_bars_tell_nothing_from_little() -> None:
    assert bars([0, 1, 500, 1000], 1000) == "▁▂▅█".rjust(LENGTH)
    assert bars([0, 0], 0) == "▁▁".rjust(LENGTH)
