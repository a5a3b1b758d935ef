"""The longest time without an acknowledgement, on ledgers written down by hand."""

from __future__ import annotations

import numpy as np

from brokerlab.core.words import Outcome
from brokerlab.ledger import records
from brokerlab.ledger.facts import Facts
from brokerlab.ledger.ledger import Audit, Ledger, no_rows
from brokerlab.ledger.outage import longest_outage_ms


def outage(*sends: tuple[int, int], outcome: Outcome = Outcome.ACKED) -> float:
    """Of messages that were (sent at, acknowledged at), in milliseconds."""
    rows = np.zeros(len(sends), records.SEND)
    for row, (sent, acked) in zip(rows, sends, strict=True):
        row["sent_at"], row["latency"], row["outcome"] = sent * 1000, (acked - sent) * 1000, outcome
    return longest_outage_ms(Facts(Ledger((rows,), (), Audit(no_rows(records.AUDITED), ()))))


def test_nothing_acknowledged_is_no_time() -> None:
    assert outage() == 0
    assert outage((10, 20), outcome=Outcome.UNKNOWN) == 0


def test_one_message_waits_from_its_call_on() -> None:
    assert outage((10, 25)) == 15


def test_between_two_acknowledgements_somebody_waits() -> None:
    assert outage((0, 1), (2, 50), (3, 51)) == 48
    assert outage((0, 100), (1, 101)) == 100


def test_a_pause_in_which_nobody_sent_anything_does_not_count() -> None:
    assert outage((0, 1), (5000, 5002)) == 2


def test_acknowledgements_of_others_in_between_end_it() -> None:
    assert outage((0, 30), (1, 10), (2, 20)) == 10


def test_all_producers_count_together() -> None:
    one, two = np.zeros(1, records.SEND), np.zeros(1, records.SEND)
    one[0] = (0, 0, 100_000, 0, Outcome.ACKED, 0)
    two[0] = (0, 10_000, 40_000, 0, Outcome.ACKED, 0)
    assert longest_outage_ms(Facts(Ledger((one, two), (), Audit(no_rows(records.AUDITED), ())))) == 50
