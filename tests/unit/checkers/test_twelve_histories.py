"""The twelve histories that tell one word from another, as literal ledgers with the exact count of every word."""

from __future__ import annotations

import pytest

from brokerlab.checkers import CHECKERS
from brokerlab.core.words import Word
from brokerlab.ledger import books
from brokerlab.ledger.facts import Facts
from brokerlab.ledger.ledger import Ledger
from tests.fakes.histories import Reader, history

TEN = "A" * 10


def _told(first: int, offset: int) -> str:
    """A processor was told where five messages stand."""
    return " ".join(f"{first + n}@{offset + n}" for n in range(5))


HISTORIES: dict[str, tuple[Ledger, dict[Word, int]]] = {
    "clean": (history(TEN), {}),
    "tail loss": (history(TEN, "0 1 2 3 4 5 6 7"), {Word.LOST: 2}),
    "loss + redelivery": (  # ten sent, ten delivered: a difference of counters sees nothing
        history(TEN, "0 1 2 3 4 5 6 7 8", [Reader("0-8 8")]),
        {Word.LOST: 1, Word.REDELIVERED: 1, Word.REWIND: 1},
    ),
    "loss + log duplicate": (  # ten sent, ten in the log
        history(TEN, "0 1 2 3 3 4 5 6 7 8"),
        {Word.LOST: 1, Word.DUPLICATE: 1},
    ),
    "ghost": (history("AAAAUAAAAA"), {Word.GHOST: 1}),
    "ghost + loss": (history("AAAAUAAAAA", "0 1 2 3 4 5 6 7 8"), {Word.GHOST: 1, Word.LOST: 1}),
    "reorder": (history(TEN, "0 1 2 5 3 4 6 7 8 9"), {Word.REORDERED: 2}),
    "rewind of 10": (
        history("A" * 20, None, [Reader("0-14 5-14 15-19")]),
        {Word.REWIND: 1, Word.REDELIVERED: 10},
    ),
    "log duplicate": (history(TEN, "0 1 2 3 4 5 6 7 8 9 5"), {Word.DUPLICATE: 1}),
    "late": (  # the first three take 99 s each; the others were read from 200 s on
        history(TEN, None, [Reader("0-2"), Reader("3-9", at=200_000_000)], deadline_us=99_000_000),
        {Word.LATE: 7},
    ),
    "transaction-marker gap": (
        history(TEN, "0 1 2 3 4 - 5 6 7 8 9 -", piped=True, publishers=[f"{_told(0, 0)} c {_told(5, 6)} c"]),
        {},
    ),
    "aborted read": (
        history(
            TEN,
            "0x 1x 2x 3x 4x - 0 1 2 3 4 - 5 6 7 8 9 -",
            [Reader("0@0 1@1 2@2 3@3 4@4 6-10 12-16")],
            piped=True,
            publishers=[f"{_told(0, 0)} a {_told(0, 6)} c {_told(5, 12)} c"],
        ),
        {Word.ABORTED_READ: 5},
    ),
}


@pytest.mark.parametrize("name", HISTORIES)
def test_every_word_is_counted_exactly(name: str) -> None:
    ledger, expected = HISTORIES[name]
    facts = Facts(ledger)
    findings = {finding.word: finding for finding in (check(facts) for check in CHECKERS)}
    assert {word: finding.count for word, finding in findings.items()} == {**dict.fromkeys(Word, 0), **expected}
    assert all(identity.balanced for identity in books.identities(facts, findings))


def test_there_are_twelve_and_a_checker_for_every_word() -> None:
    assert len(HISTORIES) == 12
    assert [check(Facts(history("A"))).word for check in CHECKERS] == list(Word)


def test_counting_alone_calls_a_loss_clean() -> None:
    """Why ids: the difference of the counters is 0 in two histories that have a loss."""
    delivered = books.counts(Facts(HISTORIES["loss + redelivery"][0]))
    logged = books.counts(Facts(HISTORIES["loss + log duplicate"][0]))
    assert delivered["sent"] - delivered["delivered"] == 0
    assert logged["sent"] - logged["audited"] == 0
