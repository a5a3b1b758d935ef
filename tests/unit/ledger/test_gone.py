"""Where a message that is nowhere now had got to: in the client, on the wire, in the broker."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from brokerlab.core import message
from brokerlab.ledger import remains
from brokerlab.ledger.facts import Facts
from brokerlab.ledger.gone import BROKER, CLIENT, ELSEWHERE, WIRE, gone
from brokerlab.ledger.ledger import Ledger
from brokerlab.ledger.read import load
from tests.fakes.histories import Reader, history


def placed(ledger: Ledger) -> dict[str, list[int]]:
    return {place: np.flatnonzero(ids).tolist() for place, ids in gone(Facts(ledger)).items() if ids.any()}


@pytest.mark.parametrize(
    ("why", "ledger", "expected"),
    [
        ("all there", history("AAA", remains="0 1"), {}),
        ("handed over, and no broker had it", history("HHH", "0", remains="0"), {WIRE: [1, 2]}),
        ("acknowledged, and the dead leader alone had it", history("AAA", "0", remains="0 1 2"), {BROKER: [1, 2]}),
        ("given up, in doubt", history("AUU", "0", remains="0 1"), {WIRE: [2], BROKER: [1]}),
        ("refused by the client", history("AF", "0", remains="0"), {CLIENT: [1]}),
        ("never answered", history("HSS", "0", remains="0 2"), {CLIENT: [1], BROKER: [2]}),
        ("the dead had what others have as well", history("AA", remains="0 1"), {}),
        ("read, then truncated", history("AA", "0", [Reader("0 1@1")], remains="0 1"), {}),
        ("nobody looked", history("AHUFS", "0"), {CLIENT: [3, 4], ELSEWHERE: [1, 2]}),
        ("nothing could be read there", history("AHF", "0", remains=""), {CLIENT: [2], ELSEWHERE: [1]}),
        ("somebody else's", history("AH", "0", remains="0 9 1:1"), {WIRE: [1]}),
        ("an unfinished audit", history("AH", "0", audited_to={0: 0}, remains="0"), {}),
    ],
)
def test_each_is_in_one_place(why: str, ledger: Ledger, expected: dict[str, list[int]]) -> None:
    assert placed(ledger) == expected, why


def messages(*seqs: int, mark: int = 5, size: int = 100) -> list[bytes]:
    return message.build(mark, 1, np.array(seqs, np.uint32), size, 1)


def test_messages_are_found_in_whatever_holds_them(tmp_path: Path) -> None:
    one, two, three = messages(1, 2, 3)
    strangers = b"".join(messages(8, mark=6))
    torn = three[:-1] + b"x"
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_bytes(b"\x07" + one + b"between" + strangers + torn + two[:50])
    second.write_bytes(two + message.build(5, 1, np.array([9], np.uint32), 100, 1)[0][8:])
    assert remains.keep(remains.place(tmp_path / "ledger", "kafka-1"), 5, 100, [first, second]) == 2
    assert remains.keep(remains.place(tmp_path / "ledger", "kafka-1"), 5, 100, []) == 0
    rows = load(tmp_path / "ledger").remains
    assert rows is not None
    assert rows[["producer", "seq"]].tolist() == [(1, 1), (1, 2)]


@pytest.mark.parametrize("piece", [99, 100, 101, 250, 1 << 20])
def test_a_file_is_read_piece_by_piece_and_each_message_found_once(
    tmp_path: Path, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remains, "PIECE", piece)
    log = tmp_path / "log"
    log.write_bytes(b"-".join(messages(*range(50))))
    assert remains.keep(remains.place(tmp_path / "ledger", "kafka-1"), 5, 100, [log]) == 50
    monkeypatch.setattr(remains, "TAIL", 1000)
    assert remains.keep(remains.place(tmp_path / "ledger", "kafka-1"), 5, 100, [log]) == 9


def test_messages_of_any_size_are_found() -> None:
    for size in (message.MIN_SIZE, 29, 1000):
        data = b"..".join(messages(0, 7, size=size))
        assert message.find(data, 5, size)["seq"].tolist() == [0, 7]
    assert len(message.find(b"", 5, 100)) == 0
