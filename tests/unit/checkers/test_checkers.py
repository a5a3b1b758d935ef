"""Every checker alone: histories in which it must speak, with the exact count, and neighbours in which it must not."""

from __future__ import annotations

import pytest

from brokerlab.checkers import CHECKERS
from brokerlab.core.verdict import Finding, MessageRef
from brokerlab.core.words import Word
from brokerlab.ledger import ids
from brokerlab.ledger.facts import Facts
from brokerlab.ledger.ledger import Ledger
from tests.fakes.histories import LATENCY, READ, SENT, TICK, Reader, history

FIVE = "AAAAA"
KILLED = {"drained": False}
CUT_OFF = "0-9 " + " ".join(f"{n}@{n}" for n in range(10, 15))

Case = tuple[str, Ledger, int]

LOST: list[Case] = [
    ("committed in the database, told to nobody", history("AU", "0", changes="0 1"), 1),
    ("neither committed nor told", history("AA", "0", changes="0"), 0),
    ("acknowledged, and gone", history(FIVE, "0 1 2 3", [Reader("0-3")]), 1),
    ("handed over with acks=0, and gone", history("HHHHH", "0 1"), 3),
    (
        "given to a reader that died in it, then truncated",
        history(FIVE, "0 1 2 3", [Reader("0-3 4@4", 4)]),
        1,
    ),
    ("all of it", history(FIVE, "", [Reader("")]), 5),
    ("nothing is", history(FIVE), 0),
    ("processed before the log lost it", history(FIVE, "0 1 2 3", [Reader("0-3 4@4")]), 0),
    ("the audit did not finish", history(FIVE, "0 1 2 3 4", [Reader("0-2")], audited_to={0: 3}), 0),
    ("the log's beginning was deleted", history(FIVE, "0 1 2 3 4", [Reader("2-4")], low=2), 0),
    ("nothing was promised: unknown, failed, never answered", history("AUFS", "0"), 0),
    ("in another partition than it was acknowledged in", history(FIVE, ["0 1 2 3", "4"]), 0),
]
VANISHED: list[Case] = [
    ("read, and then the log was cut off", history("A" * 15, " ".join(map(str, range(10))), [Reader(CUT_OFF)]), 5),
    ("handed over with acks=0", history("HH", "0", [Reader("0 1@1")]), 1),
    ("another one stands in its place", history("AAA", "0 2", [Reader("0 1@1 2@1")]), 1),
    ("read at two offsets, of which the log kept none", history("AA", "0", [Reader("0 1@1 1@2")]), 1),
    ("committed in the database, told, and gone", history("AU", "0", [Reader("0 1@1")], changes="0 1"), 1),
    ("its reader died in it, but its effect is there", history("AA", "0", [Reader("0")], effects="0 1"), 1),
    ("behind a processor", history("AA", "0", [Reader("0 1@1")], piped=True), 1),
    ("nothing is", history(FIVE), 0),
    ("gone, and nobody had read it", history(FIVE, "0 1 2 3"), 0),
    ("given to a reader that died in it", history(FIVE, "0 1 2 3", [Reader("0-3 4@4", 4)]), 0),
    ("taken out of a queue", history("AA", "", [Reader("0@0 1@1")], rereads=False), 0),
    ("the audit did not finish", history(FIVE, None, audited_to={0: 3}), 0),
    ("the log's beginning was deleted", history(FIVE, low=2), 0),
    ("one copy is left", history("AA", "0 1", [Reader("0-1 1@2")]), 0),
    ("read in one partition, in the log of another", history("AA", ["0", "1"], [Reader("0 1@1")]), 0),
    ("nothing was promised", history("AUFS", "0", [Reader("0 1@1 2@2 3@3")]), 0),
    ("not committed in the database", history("AA", "0", [Reader("0 1@1")], changes="0"), 0),
    ("what was read was withdrawn: lost", history("AA", "0 1x", [Reader("0 1")]), 0),
    ("nobody knows what is committed", history("AA", "0", [Reader("0 1@1")], committed_to={0: 0}), 0),
]
MISSED: list[Case] = [
    ("committed, then died before processing", history(FIVE, None, [Reader("0-4", 2, {0: 5}, **KILLED)]), 3),
    ("committed past what was never read", history(FIVE, None, [Reader("0-1", commits={0: 5}, **KILLED)]), 3),
    ("every reader drained, without a commit", history(FIVE, None, [Reader("0-1"), Reader("3-4")]), 1),
    ("nothing is", history(FIVE), 0),
    ("still ahead of the group", history(FIVE, None, [Reader("0-1", commits={0: 2}, **KILLED)]), 0),
    ("one copy is still ahead", history(FIVE, "0 1 2 3 4 3", [Reader("0-2 4", commits={0: 5}, **KILLED)]), 0),
    (
        "the group went back behind it",
        history(
            FIVE,
            None,
            [
                Reader("0-1", commits={0: 5}, drained=False),
                Reader("", commits={0: 2}, drained=False, at=READ + 10 * TICK),
            ],
        ),
        0,
    ),
    ("processed by the successor", history(FIVE, None, [Reader("0-4", 2, {0: 5}, **KILLED), Reader("2-4")]), 0),
    ("not promised", history("AAFUS", None, [Reader("0-1")]), 0),
    ("another partition's commit", history(FIVE, ["0 1 2", "3 4"], [Reader("0-2", commits={0: 99}, **KILLED)]), 0),
]
UNSEEN: list[Case] = [
    ("still ahead of the group", history(FIVE, None, [Reader("0-1", commits={0: 2}, **KILLED)]), 3),
    ("nobody read", history(FIVE, None, [Reader("", **KILLED)]), 5),
    ("the audit did not finish", history(FIVE, None, [Reader("0-1", **KILLED)], audited_to={0: 2}), 3),
    ("the log's beginning was deleted", history(FIVE, None, [Reader("2-4")], low=2), 2),
    ("nothing is", history(FIVE), 0),
    ("lost for sure", history(FIVE, "0 1 2"), 0),
    ("missed for sure", history(FIVE, None, [Reader("0-1")]), 0),
    ("not promised", history("UUSFF", "", [Reader("", **KILLED)], audited_to={0: 0}), 0),
]
MISPLACED: list[Case] = [
    ("at its place stands another, and it stands elsewhere", history("AA", "0 1", told="1@0"), 1),
    ("behind the end of the log", history(FIVE, told="4@5"), 1),
    ("two were told each other's place", history("AA", "0 1", told="0@1 1@0"), 2),
    ("its place holds nothing", history("AA", "0 - 1", told="1@1"), 1),
    ("a copy is left, but not the one that was confirmed", history("AAA", "0 1 2 1", told="1@9"), 1),
    ("in another partition at that offset", history("AA", ["0", "1"], told="1@0"), 1),
    ("of the second producer", history(["A", "A"], "0 1:0", told="1:0@0"), 1),
    ("taken out of a queue, and still there", history("AA", "0 1", told="1@2", rereads=False), 1),
    ("a processor was told so", history("A", "0", piped=True, publishers=["0 0@1"]), 1),
    ("withdrawn elsewhere", history("A", "- 0x", told="0@0"), 1),
    ("nothing is", history(FIVE), 0),
    ("twice in the log, confirmed was the second", history("AA", "0 1 0", told="0@2"), 0),
    ("its place was given away, and it is nowhere: lost", history("AAA", "0 2", told="1@1"), 0),
    ("its reader has it, the log does not: vanished", history("AA", "0", [Reader("0 1@1")], told="1@1"), 0),
    ("nobody was told of a place", history("AA", told="0@-1 1@-1"), 0),
    ("handed over, or unknown", history("HU", "0 1"), 0),
    ("the place was in the log in front of a processor", history("AA", "1 0", piped=True, told="0@0 1@1"), 0),
    ("a processor that wrote it, and its successor", history("A", "0 0", piped=True, publishers=["0 0@0", "0@1"]), 0),
    ("where a processor wrote it, its transaction was aborted", history("A", "0x 0", publishers=["0@0", "0@1"]), 0),
    ("the audit did not finish", history(FIVE, None, audited_to={0: 3}, told="1@4"), 0),
]
DUPLICATE: list[Case] = [
    ("twice in the log", history(FIVE, "0 1 2 2 3 4"), 1),
    ("three times is one id", history(FIVE, "0 1 2 2 2 3 4"), 1),
    ("the whole batch", history(FIVE, "0 1 2 3 4 0 1 2 3 4"), 5),
    ("in two partitions at the same offset", history(FIVE, ["0 1 2 3 4", "0"]), 1),
    ("read at two offsets, of which the log kept one", history(FIVE, None, [Reader("0-4 4@5")]), 1),
    ("read at two offsets, of which the log kept none", history(FIVE, "0 1 2 3", [Reader("0-3 4@4 4@5")]), 1),
    ("nothing is", history(FIVE), 0),
    ("one record, read twice", history(FIVE, None, [Reader("0-4 3-4")]), 0),
    ("the same number of two producers", history(["AA", "AA"], "0 1 1:0 1:1"), 0),
    ("a phantom twice", history("A.", "0 1 1"), 0),
]
REDELIVERED: list[Case] = [
    ("by one reader", history(FIVE, None, [Reader("0-4 4")]), 1),
    ("by a successor", history(FIVE, None, [Reader("0-4", 2, **KILLED), Reader("2-4")]), 3),
    ("three times is one record", history(FIVE, None, [Reader("0-4 4 4")]), 1),
    ("both copies of a duplicate", history(FIVE, "0 1 2 3 4 4", [Reader("0-5 4-5")]), 2),
    ("a record that the log lost", history(FIVE, "0 1 2 3", [Reader("0-3 4@4 4@4")]), 1),
    ("nothing is", history(FIVE), 0),
    ("two copies, each read once", history(FIVE, "0 1 2 3 4 4"), 0),
    ("another id at an offset that was written anew", history(FIVE, "0 1 2 4", [Reader("0-2 3@3 3")]), 0),
]
DUPLICATE_EFFECT: list[Case] = [
    ("one id twice", history(FIVE, effects="0 1 1 2"), 1),
    ("far apart", history(FIVE, effects="0 1 2 3 4 0 1"), 2),
    ("three times is one id", history(FIVE, effects="3 3 3"), 1),
    ("nothing is", history(FIVE, effects="0 1 2 3 4"), 0),
    ("no effects store", history(FIVE), 0),
    ("two producers", history(["A", "A"], "0 1:0", effects="0 1:0"), 0),
    ("an effect of nobody's", history("A", effects="7 7"), 0),
]
GHOST: list[Case] = [
    ("timed out, and in the log", history("AU"), 1),
    ("never answered, and in the log", history("AS"), 1),
    ("read, then truncated", history("AU", "0", [Reader("0 1@1")]), 1),
    ("nowhere", history("AU", "0"), 0),
    ("acknowledged", history("AA"), 0),
]
DROPPED: list[Case] = [
    ("timed out, and nowhere", history("AU", "0"), 1),
    ("never answered, and nowhere", history("AS", "0"), 1),
    ("in the log", history("AU"), 0),
    ("read, then truncated", history("AU", "0", [Reader("0 1@1")]), 0),
    ("acknowledged and lost", history("AA", "0"), 0),
    ("never sent", history("A.", "0"), 0),
]
RESURRECTED: list[Case] = [
    ("a change that was not committed is another thing", history("AA", changes="0"), 0),
    ("failed, and in the log", history("AF"), 1),
    ("failed, and read", history("AF", "0", [Reader("0 1@1")]), 1),
    ("failed, and nowhere", history("AF", "0"), 0),
    ("unknown, and in the log", history("AU"), 0),
]
REFUSED: list[Case] = [
    ("failed, and nowhere", history("AF", "0"), 1),
    ("failed, and in the log", history("AF"), 0),
    ("failed, and read", history("AF", "0", [Reader("0 1@1")]), 0),
    ("unknown, and nowhere", history("AU", "0"), 0),
]
ABORTED_READ: list[Case] = [
    ("delivered", history(FIVE, "0 1 2 3x 4x", [Reader("0 1 2 3@3 4@4")]), 2),
    ("delivered, not processed", history(FIVE, "0 1 2 3x 4x", [Reader("0 1 2 3@3 4@4", 0)]), 2),
    ("and committed elsewhere", history(FIVE, "0x 0 1 2 3 4", [Reader("0@0 1-5")]), 1),
    ("delivered although its send had failed", history("AF", "0 1x", [Reader("0 1@1")]), 1),
    ("in the log alone", history(FIVE, "0 1 2 3x 4x", [Reader("0-2")]), 0),
    ("committed", history(FIVE), 0),
]
TORN: list[Case] = [
    ("one of two was withdrawn", history("AA", "0 1x", piped=True, publishers=["0 1 0@0 1@1 c"]), 1),
    ("one of two is gone", history("AA", "0 -", piped=True, publishers=["0 1 0@0 1@1 c"]), 1),
    ("aborted, and one is committed", history("AA", "0 1x", piped=True, publishers=["0 1 0@0 1@1 a"]), 1),
    ("its processor died in it", history("AA", "0 1x", piped=True, publishers=["0 1 0@0 1@1 o"]), 1),
    ("whole again by the successor", history("AA", "0 1x 1", piped=True, publishers=["0@0 1@1 o", "1@2 c"]), 1),
    ("two transactions", history("AAAA", "0 1x 2x 3", piped=True, publishers=["0@0 1@1 c 2@2 3@3 c"]), 2),
    ("the second of two", history("AAAA", "0 1 2x 3", piped=True, publishers=["0@0 1@1 c 2@2 3@3 c"]), 1),
    ("of the second start", history("AAA", "0 1x 2", piped=True, publishers=["0@0 c", "1@1 2@2 o"]), 1),
    ("whole", history("AA", piped=True, publishers=["0 1 0@0 1@1 c"]), 0),
    ("withdrawn whole", history("AA", "0x 1x 0 1", piped=True, publishers=["0@0 1@1 a 0@2 1@3 c"]), 0),
    ("two, of which one is withdrawn", history("AA", "0x 1", piped=True, publishers=["0@0 a 1@1 c"]), 0),
    (
        "none of it is there: lost, not torn",
        history("AA", "- -", [Reader("")], piped=True, publishers=["0@0 1@1 c"]),
        0,
    ),
    ("the second was never written", history("AA", "0", piped=True, publishers=["0 1 0@0 o"]), 0),
    ("nobody knows what is committed", history("AA", "0 1x", publishers=["0@0 1@1 c"], committed_to={0: 1}), 0),
    ("no transactions", history("AA", "0 1x", piped=True, publishers=["0@0 1@1"]), 0),
]
REORDERED: list[Case] = [
    ("one step", history(FIVE, "0 2 1 3 4"), 1),
    ("a batch behind its successor", history("AAAAAA", "0 3 4 5 1 2"), 2),
    ("backwards", history(FIVE, "4 3 2 1 0"), 4),
    ("of the second producer, between the first's", history(["AA", "AA"], "0 1:1 1 1:0"), 1),
    ("in order", history(FIVE), 0),
    ("a copy of an earlier one is a duplicate", history(FIVE, "0 1 2 3 4 1"), 0),
    ("two partitions", history(FIVE, ["3 4", "0 1 2"]), 0),
    ("two producers", history(["AA", "AA"], "1:0 0 1:1 1"), 0),
    ("a phantom in between", history("AA.A", "0 2 1 3"), 0),
]
REWIND: list[Case] = [
    ("one step back", history(FIVE, None, [Reader("0-4 4")]), 1),
    ("ten back is one rewind", history("A" * 20, None, [Reader("0-14 5-19")]), 1),
    ("twice", history(FIVE, None, [Reader("0-2 1-3 2-4")]), 2),
    ("in one of two partitions", history("AAAA", ["0 1", "2 3"], [Reader("0 1/0 1 1/1 1/0")]), 1),
    ("forward", history(FIVE), 0),
    ("a successor starts anew", history(FIVE, None, [Reader("0-4"), Reader("2-4")]), 0),
    ("another partition's lower offset", history("AAAA", ["0 1", "2 3"], [Reader("0-1 1/0 1/1")]), 0),
]
SKIP: list[Case] = [
    ("over two records", history(FIVE, None, [Reader("0-1 4")]), 1),
    ("twice", history(FIVE, None, [Reader("0 2 4")]), 2),
    ("began behind the beginning", history(FIVE, None, [Reader("2-4")]), 1),
    ("given later, to itself", history(FIVE, None, [Reader("0 3-4 0-4")]), 1),
    ("given later, to another", history(FIVE, None, [Reader("0 4"), Reader("0-4", at=READ + 100 * TICK)]), 1),
    ("over a phantom", history("AA", "0 ? 1", [Reader("0 2")]), 1),
    ("in the second partition", history("AAAA", ["0", "1 2 3"], [Reader("0 1/0 1/2")]), 1),
    ("nothing is", history(FIVE), 0),
    ("over transaction markers", history(FIVE, "0 - 1 - - 2 3 4", [Reader("0 2 5-7")]), 0),
    ("over an aborted transaction", history(FIVE, "0 1x 2x - 1 2 3 4", [Reader("0 4-7")]), 0),
    ("given before, to another", history(FIVE, None, [Reader("0-4"), Reader("3-4", at=READ + 100 * TICK)]), 0),
    ("over what the audit does not know", history(FIVE, "0 1 - - 4", [Reader("0-1 4")]), 0),
    ("back is no skip", history(FIVE, None, [Reader("0-4 2-4")]), 0),
]
PHANTOM: list[Case] = [
    ("in the log and read is one", history("AA", "0 1 ?"), 1),
    ("never used number", history("AA.", "0 1 2"), 1),
    ("number beyond the end", history("AA", "0 1 9"), 1),
    ("unknown producer", history("AA", "0 1 5:0"), 1),
    ("one id at two places is one", history("AA", "0 1 9 9"), 1),
    ("two that can't be told apart, at two places", history("AA", "0 1 ? ?"), 2),
    ("read, in no log", history("AA", None, [Reader("0-1 ?@2")]), 1),
    ("in the effects store", history("AA", effects="0 1 9 9"), 1),
    ("nothing was sent at all", history("", "0 ?"), 2),
    ("nothing is", history("AA"), 0),
    ("failed, but sent", history("AF"), 0),
]
MISSED_EFFECT: list[Case] = [
    ("processed, without one", history(FIVE, effects="0 1 3"), 2),
    ("an effect of nobody's instead", history("AA", effects="0 9"), 1),
    ("also of one that nobody acknowledged", history("AU", effects="0"), 1),
    ("each has its own", history(FIVE, effects="4 3 2 1 0"), 0),
    ("not processed yet", history(FIVE, None, [Reader("0-4", processed=2, drained=False)], effects="0 1"), 0),
    ("no effects are kept", history(FIVE), 0),
]
PHANTOM_EVENT: list[Case] = [
    ("published, not committed", history("AAA", changes="0 2"), 1),
    ("read, though in no log", history("AA", "0", [Reader("0 1@1")], changes="0"), 1),
    ("though its writer believes it done", history("AU", changes=""), 2),
    ("nobody heard of it", history("AA", "0", changes="0"), 0),
    ("all committed, also what the writer never heard of", history("AU", changes="0 1"), 0),
    ("the log is the truth", history("AF", "0 1"), 0),
]
_SLOW = READ - SENT  # message n is sent at SENT + n ms and read at READ + n ms
LATE: list[Case] = [
    ("all of them", history(FIVE, deadline_us=_SLOW - 1), 5),
    ("the last", history(FIVE, None, [Reader("0-3"), Reader("4", at=READ + 5 * TICK)], deadline_us=_SLOW), 1),
    ("of the second producer", history(["A", "A"], "0 1:0", deadline_us=_SLOW), 1),
    ("just in time", history(FIVE, deadline_us=_SLOW), 0),
    ("no deadline", history(FIVE), 0),
    ("in time first, and again later", history(FIVE, None, [Reader("0-4 0-4")], deadline_us=_SLOW), 0),
    ("never", history(FIVE, "0 1 2 3", deadline_us=_SLOW), 0),
    (
        "in time was only what was withdrawn",
        history("A", "0x 0", [Reader("0@0"), Reader("0@1", at=READ + 5 * TICK)], deadline_us=_SLOW),
        1,
    ),
    ("a phantom", history("A", "0 ? 9", deadline_us=_SLOW), 0),
    ("the first number that was not to be sent", history("A", "0 1", deadline_us=_SLOW), 0),
]

CASES: dict[Word, list[Case]] = {
    Word.LOST: LOST,
    Word.VANISHED: VANISHED,
    Word.MISSED: MISSED,
    Word.UNSEEN: UNSEEN,
    Word.MISPLACED: MISPLACED,
    Word.DUPLICATE: DUPLICATE,
    Word.REDELIVERED: REDELIVERED,
    Word.DUPLICATE_EFFECT: DUPLICATE_EFFECT,
    Word.MISSED_EFFECT: MISSED_EFFECT,
    Word.GHOST: GHOST,
    Word.DROPPED: DROPPED,
    Word.RESURRECTED: RESURRECTED,
    Word.REFUSED: REFUSED,
    Word.ABORTED_READ: ABORTED_READ,
    Word.TORN_TRANSACTION: TORN,
    Word.REORDERED: REORDERED,
    Word.REWIND: REWIND,
    Word.SKIP: SKIP,
    Word.PHANTOM: PHANTOM,
    Word.PHANTOM_EVENT: PHANTOM_EVENT,
    Word.LATE: LATE,
}


CHECK = dict(zip(Word, CHECKERS, strict=True))


def find(word: Word, ledger: Ledger) -> Finding:
    return CHECK[word](Facts(ledger))


PARAMETERS = [
    pytest.param(word, ledger, count, id=f"{word}: {why}") for word in CASES for why, ledger, count in CASES[word]
]


@pytest.mark.parametrize("chunk", [1, 3, 1 << 18])
@pytest.mark.parametrize(("word", "ledger", "count"), PARAMETERS)
def test_it_speaks_when_it_must_and_only_then(
    word: Word, ledger: Ledger, count: int, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ids, "CHUNK", chunk)
    finding = find(word, ledger)
    assert (finding.word, finding.count) == (word, count)
    assert bool(finding.examples) == bool(count)


def test_every_word_has_cases_of_both_kinds() -> None:
    assert set(CASES) == set(Word)
    for word, cases in CASES.items():
        assert {bool(count) for _, _, count in cases} == {True, False}, word


def test_a_lost_message_is_named_with_the_place_that_was_acknowledged() -> None:
    finding = find(Word.LOST, history(FIVE, "0 1 2 3"))
    assert finding.examples == (
        MessageRef(0, 4, partition=0, offset=4, at_us=SENT + 4 * TICK + LATENCY, sent_us=SENT + 4 * TICK),
    )


def test_a_misplaced_message_is_named_with_the_place_that_was_told() -> None:
    (own,) = find(Word.MISPLACED, history("AA", "0 1", told="1@0")).examples
    (passed_on,) = find(Word.MISPLACED, history("A", "0", piped=True, publishers=["0 0@7"])).examples
    assert [(each.seq, each.partition, each.offset) for each in (own, passed_on)] == [(1, 0, 0), (0, 0, 7)]


def test_a_torn_transaction_is_named_by_the_first_message_that_it_lacks() -> None:
    ledger = history("AAAAA", "0x 1 2x 3 4x", piped=True, publishers=["1@1 2@2 0@0 c 3@3 4@4 c"])
    assert [ref.seq for ref in find(Word.TORN_TRANSACTION, ledger).examples] == [2, 4]


def test_at_most_five_are_named() -> None:
    finding = find(Word.LOST, history("A" * 20, "0 1"))
    assert (finding.count, [ref.seq for ref in finding.examples]) == (18, [2, 3, 4, 5, 6])


def test_a_phantom_effect_has_no_place_in_a_log() -> None:
    assert find(Word.PHANTOM, history("A", effects="9")).examples == (MessageRef(0, 9),)


def counts(facts: Facts) -> dict[Word, int]:
    findings = [check(facts) for check in CHECKERS]
    return {finding.word: finding.count for finding in findings if finding.count}


def test_an_aborted_read_is_told_by_the_record() -> None:
    """Id 1 stands withdrawn at offset 1 and committed at offset 3: read there too, it was processed twice."""
    facts = Facts(history("AAA", "0 1x - 1 2", [Reader("0 1 3 4")]))
    assert counts(facts) == {Word.ABORTED_READ: 1}
    assert facts.received.tolist() == [True, True, True]
    careful = Facts(history("AAA", "0 1x - 1 2", [Reader("0 3 4")]))
    assert counts(careful) == {}


def test_what_stands_withdrawn_alone_is_lost_although_it_was_read() -> None:
    facts = Facts(history("AA", "0 1x", [Reader("0 1")]))
    assert counts(facts) == {Word.ABORTED_READ: 1, Word.LOST: 1}


def test_committed_twice_is_a_duplicate_and_withdrawn_once_is_none() -> None:
    assert counts(Facts(history("A", "0 0x", [Reader("0")]))) == {}
    assert counts(Facts(history("A", "0 0x 0", [Reader("0 2")]))) == {Word.DUPLICATE: 1}


def test_a_transaction_that_never_ended_leaves_nothing_to_be_said() -> None:
    facts = Facts(history("AA", "0 1", [Reader("0")], committed_to={0: 1}))
    assert not facts.decided
    assert counts(facts)[Word.UNSEEN] == 1
