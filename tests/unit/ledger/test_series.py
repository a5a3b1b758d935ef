"""The course in time, on literal ledgers and on random ones against a plain count."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from brokerlab.core.words import Outcome
from brokerlab.ledger import records, series
from brokerlab.ledger.facts import Facts
from brokerlab.ledger.ledger import Audit, Consumer, Ledger
from brokerlab.ledger.series import Grid
from tests.fakes.histories import LATENCY, READ, SENT, TICK, Reader, history
from tests.unit.ledger.random_histories import ledgers

MS = 1000


def test_what_was_sent_claimed_and_received_in_which_bin() -> None:
    ledger = history("AAHFU.", readers=[Reader("0-2", at=SENT + 3 * TICK)])
    found = series.series(Facts(ledger), Grid(SENT, TICK, 6))
    assert found.sent.tolist() == [1, 1, 1, 1, 1, 0]
    assert found.claimed.tolist() == [1, 1, 1, 0, 0, 0]
    assert found.received.tolist() == [0, 0, 0, 1, 1, 1]
    assert found.behind.tolist() == [1, 2, 3, 3, 3, 2]


def test_an_id_is_received_once_when_it_was_processed_first() -> None:
    readers = [Reader("0-2", processed=2, at=SENT + 5 * TICK), Reader("0-2", at=SENT + 2 * TICK)]
    found = series.series(Facts(history("AAA", readers=readers)), Grid(SENT, TICK, 8))
    assert found.received.tolist() == [0, 0, 1, 1, 1, 0, 0, 0]
    assert found.behind[-1] == 0


def test_what_was_lost_stays_behind() -> None:
    found = series.series(Facts(history("AAAA", "0 1 3")), Grid(SENT, 1_000_000, 200))
    assert found.behind[-1] == 1


def test_durations_are_those_of_what_was_sent_in_the_bin() -> None:
    found = series.series(Facts(history("AAUH", "0 1 2 3")), Grid(SENT, 2 * TICK, 2))
    assert found.answer_ms["p50"][0] == pytest.approx(LATENCY / MS, rel=0.02)
    assert np.isnan(found.answer_ms["p99"][1]), "neither an unknown one nor acks=0 has an answer"
    assert found.arrival_ms["p50"][0] == pytest.approx((READ - SENT) / MS, rel=0.02)


def test_a_quantile_is_the_nearest_rank_within_two_percent_and_never_below() -> None:
    sends = np.zeros(1000, records.SEND)
    sends["sent_at"], sends["outcome"] = SENT, 2
    sends["latency"] = np.arange(1, 1001) * 1000
    found = series.series(Facts(Ledger((sends,), (), Audit(np.zeros(0, records.AUDITED), ()))), Grid(SENT, TICK, 1))
    for name, exact in (("p50", 500), ("p99", 990)):
        assert exact <= found.answer_ms[name][0] <= exact * 1.02


@pytest.mark.parametrize(
    ("seconds", "width_us", "bins"),
    [(0.001, 10_000, 1), (10, 100_000, 101), (24.9, 200_000, 125), (3600, 25_000_000, 145)],
)
def test_bins_are_round_and_not_too_many(seconds: float, width_us: int, bins: int) -> None:
    found = series.grid([(SENT, SENT + 5), (SENT + 3, SENT + round(seconds * 1e6))])
    assert (found.start_us, found.width_us, found.bins) == (SENT, width_us, bins)
    assert found.end_us > SENT + seconds * 1e6


def test_nothing_sent_has_no_extent() -> None:
    assert series.extent(history("...", "")) is None
    assert series.extent(history("AA")) == (SENT, READ + TICK)
    silent = Ledger(history("AA").sends, (Consumer("c", np.zeros(0, records.DELIVERY), 0),), history("AA").audit)
    assert series.extent(silent) == (SENT, SENT + TICK + LATENCY)


@given(ledgers())
def test_over_all_bins_it_is_what_the_books_count(ledger: Ledger) -> None:
    facts, over = Facts(ledger), series.extent(ledger)
    if over is None:
        return
    found = series.series(facts, series.grid([over]))
    assert found.sent.sum() == facts.sent.sum()
    assert found.claimed.sum() == np.isin(facts.told, (Outcome.ACKED, Outcome.HANDED)).sum()
    assert found.received.sum() == (facts.seen.received & facts.sent).sum()
    assert (found.sent >= 0).all()
