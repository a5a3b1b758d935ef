"""Ledger files: what is written is read back, mapped; a torn tail is said; what is no whole ledger gets a sentence."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brokerlab.core.broker import Outcomes
from brokerlab.core.errors import BrokerlabError, InconclusiveError, UsageError
from brokerlab.core.words import Outcome
from brokerlab.ledger import files, records
from brokerlab.ledger.appended import AuditWriter, DeliveriesWriter, RowsWriter
from brokerlab.ledger.read import load, reasons
from brokerlab.ledger.sends import SendsWriter

MARK = 77


def outcomes(seqs: list[int], outcome: Outcome = Outcome.ACKED, reason: int = 0) -> Outcomes:
    count = len(seqs)
    return Outcomes(
        np.array(seqs, np.uint32),
        np.full(count, outcome, np.uint8),
        np.full(count, 1, np.int16),
        np.array(seqs, np.int64) + 1000,
        np.full(count, reason, np.uint8),
    )


def deliveries(count: int) -> np.ndarray:
    rows = np.zeros(count, records.DELIVERY)
    rows["offset"] = rows["seq"] = np.arange(count)
    return rows


def whole_folder(folder: Path) -> None:
    sends = SendsWriter(folder / "producer-0.sends", MARK, 0, 10)
    sends.sent(0, 8, at=100)
    sends.resolved(outcomes([0, 1, 2]), [""], at=350)
    consumer = DeliveriesWriter(folder / "consumer-0.1.deliveries", MARK)
    consumer.delivered(deliveries(5))
    consumer.processed(5)
    consumer.delivered(deliveries(2))
    consumer.committed({0: 5, 1: 7}, at=400)
    audit = AuditWriter(folder / "audit-0.audit", MARK, {0: (0, 3), 1: (2, 2)})
    audit.audited(np.zeros(2, records.AUDITED), {0: 2})


def test_a_folder_reads_back_as_it_was_written(tmp_path: Path) -> None:
    whole_folder(tmp_path)
    ledger = load(tmp_path, deadline_us=9)
    (sends,) = ledger.sends
    assert sends["outcome"].tolist() == [Outcome.ACKED] * 3 + [Outcome.SENT] * 5 + [Outcome.UNUSED] * 2
    assert sends["latency"].tolist()[:3] == [250] * 3
    assert sends["offset"].tolist()[:4] == [1000, 1001, 1002, -1]
    (consumer,) = ledger.consumers
    assert (len(consumer.deliveries), consumer.processed, consumer.drained) == (7, 5, False)
    assert consumer.commits["offset"].tolist() == [5, 7]
    assert not ledger.audit.complete
    assert [(p.partition, p.low, p.high, p.position) for p in ledger.audit.partitions] == [(0, 0, 3, 2), (1, 2, 2, 2)]
    assert ledger.deadline_us == 9
    assert ledger.torn == ()


def test_arrays_are_mapped_not_copied(tmp_path: Path) -> None:
    whole_folder(tmp_path)
    ledger = load(tmp_path)
    assert all(
        isinstance(rows, np.memmap) for rows in (*ledger.sends, ledger.consumers[0].deliveries, ledger.audit.rows)
    )


def test_a_torn_tail_is_said_and_not_counted(tmp_path: Path) -> None:
    whole_folder(tmp_path)
    with (tmp_path / "consumer-0.1.deliveries").open("ab") as file:
        file.write(b"x" * 30)
    ledger = load(tmp_path)
    assert len(ledger.consumers[0].deliveries) == 7
    assert len(ledger.torn) == 1
    assert "consumer-0.1.deliveries ends with 30 bytes" in ledger.torn[0]


@pytest.mark.parametrize(
    "name", ["producer-0.sends", "consumer-0.1.deliveries", "consumer-0.1.commits", "audit-0.audit"]
)
@pytest.mark.parametrize(
    ("cut", "says"),
    [(0, "truncated"), (50, "truncated"), (-1, "truncated")],
    ids=["empty", "in the header", "one byte"],
)
def test_a_truncated_file_is_a_sentence(tmp_path: Path, name: str, cut: int, says: str) -> None:
    whole_folder(tmp_path)
    path = tmp_path / name
    os.truncate(path, cut if cut >= 0 else path.stat().st_size + cut)
    with pytest.raises(InconclusiveError, match=says):
        load(tmp_path)


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("magic", b"nothing", "not a ledger file"),
        ("version", 2, "version 2"),
        ("row", 7, "corrupt"),
        ("mark", 1, "runs"),
    ],
)
def test_a_file_of_another_kind_version_or_run_is_a_sentence(
    tmp_path: Path, field: str, value: bytes | int, says: str
) -> None:
    whole_folder(tmp_path)
    path = tmp_path / "consumer-0.1.deliveries"
    data = np.array(value, files.HEADER[field]).tobytes()
    with path.open("r+b") as file:
        file.seek(files.field_offset(field))
        file.write(data)
    with pytest.raises(InconclusiveError, match=says):
        load(tmp_path)


@given(st.data())
def test_whatever_stands_in_a_header_no_traceback_comes(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("ledger")
    whole_folder(folder)
    path = data.draw(st.sampled_from(sorted(folder.iterdir())))
    at = data.draw(st.integers(0, files.HEADER.itemsize - 1))
    with path.open("r+b") as file:
        file.seek(at)
        file.write(data.draw(st.binary(min_size=1, max_size=8)))
    try:
        load(folder)
        reasons(folder)
    except BrokerlabError as error:
        assert path.name in error.message


def test_a_ledger_is_never_overwritten(tmp_path: Path) -> None:
    whole_folder(tmp_path)
    before = (tmp_path / "producer-0.sends").read_bytes()
    with pytest.raises(UsageError, match="exists already"):
        SendsWriter(tmp_path / "producer-0.sends", MARK, 0, 10)
    assert (tmp_path / "producer-0.sends").read_bytes() == before


def test_a_full_disk_is_a_sentence_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full, raising=False)
    with pytest.raises(InconclusiveError, match="No space left"):
        SendsWriter(tmp_path / "producer-0.sends", MARK, 0, 10)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_producer_is_said(tmp_path: Path) -> None:
    SendsWriter(tmp_path / "producer-1.sends", MARK, 1, 3)
    ledger = load(tmp_path)
    assert [len(rows) for rows in ledger.sends] == [0, 3]
    assert ledger.torn == ("producer 0 left no ledger file",)


def test_several_auditors_are_joined(tmp_path: Path) -> None:
    for number in (0, 1):
        audit = AuditWriter(tmp_path / f"audit-{number}.audit", MARK, {number: (0, 2)})
        rows = np.zeros(2, records.AUDITED)
        rows["partition"] = number
        audit.audited(rows, {number: 2})
    ledger = load(tmp_path)
    assert ledger.audit.complete
    assert ledger.audit.rows["partition"].tolist() == [0, 0, 1, 1]


def test_an_empty_folder_is_an_empty_ledger(tmp_path: Path) -> None:
    ledger = load(tmp_path)
    assert ledger.size == 0
    assert not ledger.audit.complete


def test_reasons_are_kept_and_too_many_do_no_harm(tmp_path: Path) -> None:
    sends = SendsWriter(tmp_path / "producer-0.sends", MARK, 0, 300)
    sends.sent(0, 300, at=0)
    texts = [""]
    for number in range(1, 256):
        texts.append(f"reason {number} " + "x" * 90)
        sends.resolved(outcomes([number], Outcome.UNKNOWN, number), texts, at=1)
    kept = reasons(tmp_path)[0]
    assert kept[1].startswith("reason 1 ")
    assert load(tmp_path).sends[0]["reason"][255] == 255


@given(st.lists(st.integers(0, 60), max_size=8))
def test_every_append_is_counted_when_it_returns(tmp_path_factory: pytest.TempPathFactory, sizes: list[int]) -> None:
    path = tmp_path_factory.mktemp("rows") / "a.deliveries"
    writer, written = RowsWriter(path, files.DELIVERIES, MARK), 0
    for size in sizes:
        writer.append(deliveries(size))
        written += size
        opened = files.read(path, files.DELIVERIES)
        assert (len(opened.rows), opened.torn) == (written, "")


@given(st.permutations(list(range(20))))
@settings(deadline=None)
def test_outcomes_in_any_order_find_their_rows(tmp_path_factory: pytest.TempPathFactory, order: list[int]) -> None:
    path = tmp_path_factory.mktemp("sends") / "p.sends"
    writer = SendsWriter(path, MARK, 0, 20)
    writer.sent(0, 20, at=5)
    for part in (order[:7], order[7:]):
        writer.resolved(outcomes(part), [""], at=9)
    rows = files.read(path, files.SENDS).rows
    assert rows["offset"].tolist() == [1000 + seq for seq in range(20)]
    assert set(rows["latency"].tolist()) == {4}


def test_a_replacement_goes_on_in_the_file_of_the_producer_that_was_killed(tmp_path: Path) -> None:
    path = tmp_path / "producer-0.sends"
    killed = SendsWriter(path, MARK, 0, 10)
    killed.sent(0, 6, at=100)
    killed.resolved(outcomes([0, 1], reason=1), ["", "a"], at=350)
    again = SendsWriter(path, MARK, 0, 10, again=True)
    assert again.used == 6
    again.sent(6, 4, at=500)
    again.resolved(outcomes([6, 7], reason=1), ["", "b"], at=600)
    again.ended()
    (sends,) = load(tmp_path).sends
    assert sends["outcome"].tolist() == [*[Outcome.ACKED] * 2, *[Outcome.SENT] * 4, *[Outcome.ACKED] * 2, 1, 1]
    texts = reasons(tmp_path)[0]
    assert [texts[reason] for reason in sends["reason"][[0, 1, 6, 7]]] == ["a", "a", "b", "b"]


def test_a_processors_start_has_its_own_transactions(tmp_path: Path) -> None:
    for start, ends in ((1, [4, 9]), (2, []), (3, None)):
        with closing(RowsWriter(tmp_path / f"p.{start}.published", files.PUBLISHED, MARK, number=start, began=start)):
            pass
        if ends is not None:
            with closing(RowsWriter(tmp_path / f"p.{start}.transactions", files.TRANSACTIONS, MARK)) as writer:
                writer.append(np.array([(end, 1, b"") for end in ends], records.TRANSACTION))
    found = [each.transactions for each in load(tmp_path).publishers]
    assert [None if rows is None else rows["end"].tolist() for rows in found] == [[4, 9], [], None]
