"""Who wrote which copy, and why: a ledger for each cause, and those in which it is not plain."""

from __future__ import annotations

import pytest

from brokerlab.checkers import duplicate, redelivered
from brokerlab.core.scenario import Variant
from brokerlab.core.words import Cause, Word
from brokerlab.judge import judge_variant
from brokerlab.ledger import ids
from brokerlab.ledger.facts import Facts
from brokerlab.ledger.ledger import Ledger
from tests.fakes.histories import Reader, history

RETRY, RELAY, SUCCESSOR, ZOMBIE = Cause.PRODUCER_RETRY, Cause.RELAY, Cause.SUCCESSOR, Cause.ZOMBIE
FIRST = "0 1 0@0 1@1"  # wrote both messages, and was told so
CASES: dict[str, tuple[Ledger, dict[Cause, int]]] = {
    "nothing is there twice": (history("AA", piped=True, publishers=[FIRST]), {}),
    "the producer's own log": (history("AA", "0 1 0 1"), {RETRY: 2}),
    "three copies are one message": (history("AA", "0 1 0 0"), {RETRY: 1}),
    "only a reader saw the other copy": (history("AA", None, [Reader("0-1 1@5")]), {RETRY: 1}),
    "a relay's second publication": (
        history("AA", "0 1 0 1", changes="0 1", publishers=[FIRST, "0 0@2 1 1@3"]),
        {RELAY: 2},
    ),
    "the client of a relay": (history("AA", "0 1 1", changes="0 1", publishers=["0 1 0@0 1@2"]), {RETRY: 1}),
    "a writer beside an idle relay": (history("AA", "0 1 1", changes="0 1", publishers=["", ""]), {RETRY: 1}),
    "a dead processor's successor": (
        history("AA", "0 1 0 1", piped=True, publishers=[FIRST, "0 1 0@2 1@3"]),
        {SUCCESSOR: 2},
    ),
    "a dead one that was not told": (history("A", "0 0", piped=True, publishers=["0", "0 0@1"]), {SUCCESSOR: 1}),
    "a zombie": (history("AA", "0 1 1", piped=True, publishers=["0 0@0 ~1 ~1@2", "1 1@1"]), {ZOMBIE: 1}),
    "a zombie that was faster": (history("A", "0 0", piped=True, publishers=["~0 ~0@0", "0 0@1"]), {ZOMBIE: 1}),
    "a zombie that was not told": (history("A", "0 0", piped=True, publishers=["~0", "0 0@0"]), {ZOMBIE: 1}),
    "the processor's client": (history("AA", "0 1 0 1", piped=True, publishers=["0 1 0@2 1@3"]), {RETRY: 2}),
    "the processor's client, and not the one before": (
        history("A", "0 0 0", piped=True, publishers=["0 0@0", "0 0@2"]),
        {SUCCESSOR: 1, RETRY: 1},
    ),
    "successor and zombie": (
        history("A", "0 0 0", piped=True, publishers=["0 0@0", "~0 ~0@2", "0 0@1"]),
        {SUCCESSOR: 1, ZOMBIE: 1},
    ),
    "what was withdrawn is no copy": (history("A", "0x 0", piped=True, publishers=["0 0@0", "0 0@1"]), {}),
    "a processor of which nothing is written down": (history("A", "0 0", piped=True), {Cause.UNRECORDED: 1}),
    "a relay of which nothing is written down": (history("A", "0 0", changes="0"), {Cause.UNRECORDED: 1}),
}


@pytest.mark.parametrize("chunk", [1, 3, 1 << 18])
@pytest.mark.parametrize("case", CASES)
def test_each_copy_has_its_cause(case: str, chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids, "CHUNK", chunk)
    ledger, causes = CASES[case]
    assert duplicate.check(Facts(ledger)).causes == causes


def test_every_cause_has_its_ledger() -> None:
    assert {cause for _, causes in CASES.values() for cause in causes} | {Cause.CONSUMER_REDELIVERY} == set(Cause)


def test_what_the_group_was_given_again_was_not_written_again() -> None:
    facts = Facts(history("AA", None, [Reader("0-1", drained=False), Reader("1")]))
    assert redelivered.check(facts).causes == {Cause.CONSUMER_REDELIVERY: 1}
    assert duplicate.check(facts).causes == {}


def test_an_autopsy_names_who_wrote_each_copy_and_who_was_given_it() -> None:
    ledger = history("AA", "0 1 1", [Reader("0-2 2")], piped=True, publishers=["0 0@0 ~1 ~1@2", "1 1@1"])
    judged = judge_variant(Facts(ledger), Variant("v", permits=""))
    by_word = {autopsy.word: autopsy for autopsy in judged.autopsies}
    written = by_word[Word.DUPLICATE]
    assert [(each.offset, each.by) for each in written.logged] == [(1, "p.2"), (2, "p.1")]
    assert written.causes == (ZOMBIE,)
    assert {each.by for each in written.delivered} == {"c0"}
    assert by_word[Word.REDELIVERED].causes == (Cause.CONSUMER_REDELIVERY,)
