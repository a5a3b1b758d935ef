"""Random histories: every checker agrees with the slow reference, and the books balance, whatever the broker did."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brokerlab.checkers import CHECKERS
from brokerlab.core.verdict import Finding, Identity
from brokerlab.core.words import Word
from brokerlab.ledger import books, ids
from brokerlab.ledger.autopsy import EXAMINED, autopsies
from brokerlab.ledger.facts import Facts
from brokerlab.ledger.ledger import Audit, Ledger
from tests.fakes.histories import Reader, history
from tests.unit.ledger.random_histories import ledgers
from tests.unit.ledger.reference import Reference

CHUNKS = st.sampled_from([1, 2, 5, 1 << 18])
SLOW = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])

_OF_SENDS = (Word.LOST, Word.MISSED, Word.UNSEEN, Word.GHOST, Word.DROPPED, Word.RESURRECTED, Word.REFUSED)
IN_THE_BOOKS = (*_OF_SENDS, Word.VANISHED, Word.MISPLACED, Word.PHANTOM_EVENT, Word.MISSED_EFFECT)


def judged(ledger: Ledger, chunk: int = 1 << 18) -> tuple[dict[Word, Finding], tuple[Identity, ...]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ids, "CHUNK", chunk)
        facts = Facts(ledger)
        findings = {finding.word: finding for finding in (check(facts) for check in CHECKERS)}
        return findings, books.identities(facts, findings)


@SLOW
@given(ledgers(), CHUNKS)
def test_every_checker_agrees_with_the_reference(ledger: Ledger, chunk: int) -> None:
    findings, _ = judged(ledger, chunk)
    assert {word: finding.count for word, finding in findings.items()} == Reference(ledger).count()


@SLOW
@given(ledgers(), CHUNKS)
def test_the_books_balance_whatever_the_broker_did(ledger: Ledger, chunk: int) -> None:
    _, identities = judged(ledger, chunk)
    assert [identity for identity in identities if not identity.balanced] == []


@SLOW
@given(ledgers())
def test_every_example_has_an_autopsy_and_what_it_names_is_in_the_ledger(ledger: Ledger) -> None:
    facts = Facts(ledger)
    findings = {finding.word: finding for finding in (check(facts) for check in CHECKERS)}
    found = autopsies(facts, findings)
    assert [each.word for each in found] == [word for word in EXAMINED for _ in findings[word].examples]
    reference = Reference(ledger)
    for each in found:
        identity = (each.message.producer, each.message.seq)
        assert len(each.logged) == sum(i == identity for i, _ in reference.everything)
        assert len(each.delivered) == sum(i == identity for i, _, _ in reference.given)
        if each.word is Word.DUPLICATE:
            assert len({(m.partition, m.offset) for m in each.logged + each.delivered}) > 1


TEN = history("AAAAAAAAAA", None, [Reader("0-9")])


def _tampered_sends() -> Ledger:
    sends = TEN.sends[0].copy()
    sends["outcome"][3] = 77
    return replace(TEN, sends=(sends,))


def _tampered_audit(offset: int) -> Ledger:
    rows = TEN.audit.rows.copy()
    rows["offset"][3] = offset
    return replace(TEN, audit=Audit(rows, TEN.audit.partitions))


def _repeated_audit() -> Ledger:
    rows = np.insert(TEN.audit.rows, 3, TEN.audit.rows[3])
    return replace(TEN, audit=Audit(rows, TEN.audit.partitions))


TAMPERED = {
    "sent = acked + handed + unknown + failed": _tampered_sends(),
    "processed = deliveries that it is a part of": replace(TEN, consumers=(replace(TEN.consumers[0], processed=11),)),
    "records in the log = logged ids + duplicate records + phantom records": _repeated_audit(),
    "records in the log = offsets in the log": _tampered_audit(2),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_a_tampered_row_breaks_the_books(name: str) -> None:
    _, identities = judged(TAMPERED[name])
    assert name in [identity.name for identity in identities if not identity.balanced]


@given(st.sampled_from(list(Word)), st.sampled_from([-1, 1]))
@settings(deadline=None)
def test_a_checker_that_counts_wrong_breaks_the_books(word: Word, error: int) -> None:
    """The books are counted without the checkers, so a wrong count of a word that is in them shows."""
    facts = Facts(history("AAAUUF", "0 1 3 5", [Reader("0-1")], effects="0"))
    findings = {finding.word: finding for finding in (check(facts) for check in CHECKERS)}
    findings[word] = replace(findings[word], count=findings[word].count + error)
    balanced = all(identity.balanced for identity in books.identities(facts, findings))
    in_the_books = word in IN_THE_BOOKS
    assert balanced is not in_the_books
