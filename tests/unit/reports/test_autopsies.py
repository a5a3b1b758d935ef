"""A message's story: every step with who and where, and no more than is known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from brokerlab.core.verdict import Autopsy, MessageRef
from brokerlab.core.words import CAUSED, MEANING, Cause, Word
from brokerlab.reports import autopsies
from tests.fakes.dossiers import LOST, at, dossier

SCENERY = dossier().scenery("acks=1")


def texts(autopsy: Autopsy) -> list[str]:
    return [event.text for event in autopsies.events(autopsy, SCENERY)]


def test_a_lost_message_from_being_sent_to_the_audit() -> None:
    assert texts(LOST) == [
        "sent (during pause)",
        "acknowledged by kafka-1 (leader epoch unknown) after 1 ms: partition 0, offset 7 (during pause)",
        "the fault kill began",
        "nobody was seen to lead",
        "kafka-2 (leader epoch unknown) was seen to lead",
        "the audit found it in no log",
        "at partition 0, offset 7 stands #9 now",
    ]
    assert autopsies.conclusion(LOST).startswith("Truncated")
    assert "given away" not in autopsies.conclusion(replace(LOST, instead=None))


def test_an_epoch_that_was_told_is_said() -> None:
    assert texts(replace(LOST, epoch=4))[1].startswith("acknowledged by kafka-1 (leader epoch 4) after")
    assert texts(replace(LOST, leader=""))[1].startswith("acknowledged after")


def test_what_was_acknowledged_in_front_of_a_processor_has_no_place_behind_it() -> None:
    piped = replace(SCENERY, piped=True)
    told = [event.text for event in autopsies.events(replace(LOST, leader=""), piped)]
    assert told[1] == "acknowledged in front of the processor after 1 ms (during pause)"
    never = Autopsy(Word.LOST, MessageRef(0, 3, at_us=at(5), sent_us=at(4)))
    told = [event.text for event in autopsies.events(never, piped)]
    assert told[1].startswith("acknowledged in front of the processor")


def test_what_was_handed_over_has_no_place_and_nobody_to_blame() -> None:
    handed = Autopsy(Word.LOST, MessageRef(1, 3, at_us=at(5), sent_us=at(4)))
    assert texts(handed)[:2] == ["sent", "handed to the socket; nobody confirms anything"]
    assert "never written, or only by a broker" in autopsies.conclusion(handed)
    assert autopsies.name(handed.message) == "#3 of producer 1"


def test_a_lost_message_is_placed_by_what_the_dead_broker_had() -> None:
    message = MessageRef(0, 3, at_us=at(5), sent_us=at(4))
    on_wire = Autopsy(Word.LOST, message, place="gone_on_wire")
    assert autopsies.conclusion(on_wire).startswith("Lost on the wire")
    in_broker = Autopsy(Word.LOST, message, place="gone_in_broker")
    assert autopsies.conclusion(in_broker).startswith("Truncated: only the broker that died had it")
    assert texts(in_broker)[-1].startswith("the broker that had died had it in its files")


def test_what_vanished_was_delivered_and_cut_off() -> None:
    vanished = replace(LOST, word=Word.VANISHED, delivered=(MessageRef(0, 7, 0, 7, at(7), by="consumer-0.1"),))
    told = texts(vanished)
    assert "delivered to consumer-0.1 from partition 0, offset 7 (during pause)" in told
    assert {"the fault kill began", "the audit found it in no log"} <= set(told)
    assert autopsies.conclusion(vanished).startswith("Truncated")
    assert autopsies.conclusion(vanished).endswith("who reads the log again, or joins later, will not.")


def test_what_is_misplaced_is_told_with_the_place_that_was_said() -> None:
    misplaced = Autopsy(Word.MISPLACED, MessageRef(0, 3, 0, 7, at(4), at(3)), logged=(MessageRef(0, 3, 0, 5),))
    assert texts(misplaced)[-1] == "the audit found it at partition 0, offset 5"
    said = "Misplaced: its place was said to be partition 0, offset 7, and "
    assert autopsies.conclusion(misplaced) == said + "nothing stands there."
    assert autopsies.conclusion(replace(misplaced, instead=MessageRef(0, 9, 0, 7))) == said + "#9 stands there."


def test_duplicates_are_attributed() -> None:
    twice = (MessageRef(0, 3, 0, 3), MessageRef(0, 3, 0, 8))
    written = Autopsy(Word.DUPLICATE, MessageRef(0, 3, 0, 3, at(4), at(3)), logged=twice)
    assert texts(written)[-1] == "the audit found it at partition 0, offset 3 and at partition 0, offset 8"
    retried = replace(written, causes=(Cause.PRODUCER_RETRY,))
    assert autopsies.conclusion(retried) == f"Producer retry: {CAUSED[Cause.PRODUCER_RETRY]}."
    passed_on = (replace(twice[0], by="processor-0.1"), replace(twice[1], by="processor-0.2"))
    succeeded = replace(written, logged=passed_on, causes=(Cause.SUCCESSOR, Cause.ZOMBIE))
    assert "offset 3, written by processor-0.1, and at" in texts(succeeded)[-1]
    told = autopsies.conclusion(succeeded)
    assert CAUSED[Cause.SUCCESSOR] in told
    assert CAUSED[Cause.ZOMBIE] in told
    read = (MessageRef(0, 3, 0, 3, at(7), by="consumer-0.1"), MessageRef(0, 3, 0, 3, at(19)))
    redelivered = Autopsy(Word.REDELIVERED, MessageRef(0, 3, 0, 3, at(4), at(3)), twice[:1], read)
    assert texts(redelivered)[2:] == [
        "delivered to consumer-0.1 from partition 0, offset 3 (during pause)",
        "delivered from partition 0, offset 3",
        "the audit found it at partition 0, offset 3",
    ]
    again = replace(redelivered, causes=(Cause.CONSUMER_REDELIVERY,))
    assert autopsies.conclusion(again).startswith("Consumer redelivery: it stands in the log once")


@pytest.mark.parametrize("word", [Word.MISSED, Word.RESURRECTED, Word.ABORTED_READ])
def test_every_other_word_is_concluded_with_its_meaning(word: Word) -> None:
    assert MEANING[word] in autopsies.conclusion(Autopsy(word, MessageRef(0, 1, 0, 1)))
