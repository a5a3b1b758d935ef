"""The agents' loops over a broker of memory: what it does right and wrong stands in the ledger, message by message."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from brokerlab.core.errors import UsageError
from brokerlab.core.load import Load
from brokerlab.core.words import Outcome
from brokerlab.ledger.ledger import Ledger
from brokerlab.ledger.read import load as load_ledger
from brokerlab.ledger.read import reasons
from brokerlab.ledger.records import PHANTOM_PRODUCER
from brokerlab.ledger.sends import SendsWriter
from tests.fakes.memory_broker import MemoryBroker, Mischief
from tests.fakes.small_run import TOPIC, SmallRun

N = 100


def run(folder: Path, mischief: Mischief, **settings: str) -> Ledger:
    return SmallRun(folder, MemoryBroker(mischief), settings=settings).all()


def outcomes(ledger: Ledger) -> dict[str, int]:
    counted = np.bincount(ledger.sends[0]["outcome"], minlength=len(Outcome))
    return {outcome.name: int(counted[outcome]) for outcome in Outcome if counted[outcome]}


def delivered(ledger: Ledger) -> list[int]:
    return [int(seq) for seq in ledger.consumers[0].deliveries["seq"]]


def test_a_broker_that_keeps_its_promises(tmp_path: Path) -> None:
    ledger = run(tmp_path, Mischief())
    assert outcomes(ledger) == {"ACKED": N}
    assert delivered(ledger) == list(range(N))
    assert ledger.consumers[0].processed == N
    assert ledger.consumers[0].drained
    assert ledger.consumers[0].commits["offset"][-1] == N
    assert ledger.audit.complete
    assert ledger.audit.rows["seq"].tolist() == list(range(N))
    assert ledger.sends[0]["offset"].tolist() == list(range(N))
    assert ledger.torn == ()


def test_acks_0_is_handed_over_and_never_acked(tmp_path: Path) -> None:
    ledger = run(tmp_path, Mischief(), acks="0")
    assert outcomes(ledger) == {"HANDED": N}
    assert set(ledger.sends[0]["offset"].tolist()) == {-1}


def test_a_lost_message_is_acked_and_in_no_log(tmp_path: Path) -> None:
    ledger = run(tmp_path, Mischief(loses={7, 99}))
    assert outcomes(ledger) == {"ACKED": N}
    assert {7, 99}.isdisjoint(delivered(ledger))
    assert {7, 99}.isdisjoint(ledger.audit.rows["seq"].tolist())


def test_a_repeated_message_is_at_two_offsets(tmp_path: Path) -> None:
    ledger = run(tmp_path, Mischief(repeats={5}))
    assert ledger.audit.rows["offset"][ledger.audit.rows["seq"] == 5].tolist() == [5, 6]
    assert delivered(ledger).count(5) == 2


def test_a_reordered_message_stands_behind_a_younger_one(tmp_path: Path) -> None:
    assert delivered(run(tmp_path, Mischief(reorders={8})))[7:10] == [7, 9, 8]


def test_failures_and_unknowns_keep_their_class_and_reason(tmp_path: Path) -> None:
    ledger = run(tmp_path, Mischief(fails={1}, resurrects={2}, ghosts={3}, drops={4}))
    assert outcomes(ledger) == {"ACKED": N - 4, "FAILED": 2, "UNKNOWN": 2}
    assert {2, 3} <= set(delivered(ledger))
    assert {1, 4}.isdisjoint(delivered(ledger))
    reason = int(ledger.sends[0]["reason"][1])
    assert reasons(tmp_path)[0][reason] == "so it was asked of this fake"


@pytest.mark.parametrize("value", [b"", b"short", bytes(100), b"x" * 4000])
def test_what_nobody_sent_is_a_phantoms(tmp_path: Path, value: bytes) -> None:
    ledger = run(tmp_path, Mischief(invents=(value,)))
    assert ledger.audit.rows["producer"].tolist() == [0] * N + [PHANTOM_PRODUCER]
    assert ledger.consumers[0].deliveries["producer"][-1] == PHANTOM_PRODUCER


def test_a_message_with_one_wrong_bit_is_a_phantoms(tmp_path: Path) -> None:
    ledger = run(tmp_path, Mischief(corrupts={3}))
    assert ledger.audit.rows["producer"][3] == PHANTOM_PRODUCER


def test_a_rewind_and_a_skip_are_in_the_deliveries(tmp_path: Path) -> None:
    seen = delivered(run(tmp_path, Mischief(rewinds={20: 10}, skips={50})))
    assert seen.count(15) == 2
    assert 50 not in seen


def test_an_audit_that_ends_early_is_incomplete(tmp_path: Path) -> None:
    small = SmallRun(tmp_path, MemoryBroker(Mischief(unreadable_from=40)))
    small.produce()
    small.consume()
    with pytest.raises(UsageError, match="enough"):
        small.agent(small.spec("auditor"), "enough")  # no such order: the way to end a loop that would wait for ever
    ledger = load_ledger(tmp_path)
    assert not ledger.audit.complete
    assert ledger.audit.partitions[0].high == N


def test_a_client_with_little_room_gets_everything_in_order(tmp_path: Path) -> None:
    small = SmallRun(tmp_path, MemoryBroker(Mischief(room=7, delay_polls=2)))
    assert delivered(small.all()) == list(range(N))


def test_who_does_not_wait_for_room_loses_what_the_client_refuses_and_is_told(tmp_path: Path) -> None:
    small = SmallRun(tmp_path, MemoryBroker(Mischief(room=7, delay_polls=2)), options={"full": "drop"})
    ledger = small.all()
    assert outcomes(ledger) == {"ACKED": 7, "FAILED": N - 7}
    assert delivered(ledger) == list(range(7))


def test_who_ends_at_once_learns_nothing_of_what_the_client_still_has(tmp_path: Path) -> None:
    small = SmallRun(tmp_path, MemoryBroker(Mischief(delay_polls=1000)), options={"exit": "at-once"})
    small.agent(small.spec("producer", 0, N), f"limit {N}")  # nobody has to tell it to finish
    assert outcomes(load_ledger(tmp_path)) == {"SENT": N}


def test_keys_stay_in_their_partition_and_in_order(tmp_path: Path) -> None:
    small = SmallRun(tmp_path, load=Load(messages=N, rate=0, partitions=3, keys=5))
    rows = small.all().audit.rows
    assert sorted(rows["seq"].tolist()) == list(range(N))
    for partition in range(3):
        seqs = rows["seq"][rows["partition"] == partition]
        assert np.all(np.diff(seqs.astype(np.int64)) > 0)


def test_without_keys_batches_go_round_the_partitions(tmp_path: Path) -> None:
    small = SmallRun(tmp_path, load=Load(messages=50_000, rate=0, partitions=3))
    counts = np.bincount(small.all().audit.rows["partition"])
    assert counts.min() >= 10_000


def test_a_limit_is_kept_and_a_send_without_outcome_stays_sent(tmp_path: Path) -> None:
    small = SmallRun(tmp_path, MemoryBroker(Mischief(never_answers={9})))
    spec = small.spec("producer", 0, N)
    with pytest.raises(UsageError, match="stop here"):
        small.agent(spec, "limit 10", "stop here")
    small = SmallRun(tmp_path / "other", MemoryBroker(Mischief(delay_polls=1)))
    report = small.produce(limit=10)
    assert report.counts["sent"] == report.counts["acked"] == 10


def test_progress_tells_the_states_in_order(tmp_path: Path) -> None:
    small = SmallRun(tmp_path)
    small.all()
    states = [json.loads(line)["state"] for line in small.told["producer-0"]]
    assert states[0] == "starting"
    assert states[-1] == "done"
    assert states.index("ready") < states.index("working")
    last = json.loads(small.told["consumer-0"][-1])
    assert (last["delivered"], last["processed"], last["committed"]) == (N, N, N)
    assert len(small.broker.logs[TOPIC][0]) == json.loads(small.told["auditor-0"][-1])["audited"]


def test_a_consumer_that_starts_again_goes_on_in_a_new_file(tmp_path: Path) -> None:
    small = SmallRun(tmp_path)
    small.produce()
    small.consume()
    small.consume()
    ledger = load_ledger(tmp_path)
    assert [consumer.name for consumer in ledger.consumers] == ["consumer-0.1", "consumer-0.2"]
    assert [len(consumer.deliveries) for consumer in ledger.consumers] == [N, 0]


def test_a_replacement_sends_nothing_before_it_is_told_how_much(tmp_path: Path) -> None:
    small = SmallRun(tmp_path)
    spec = small.spec("producer", 0, N)
    SendsWriter(tmp_path / "producer-0.sends", 0, 0, N).sent(0, 10, at=1)
    report = small.agent(replace(spec, start=2), "finish")
    assert (report.counts["resumed"], report.counts["sent"], small.broker.logs[TOPIC]) == (10, 0, [[]])
