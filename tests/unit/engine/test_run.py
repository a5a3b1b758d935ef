"""A whole run on a memory broker: what it does wrong is found, what it does right is believed, all is undone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from brokerlab.core.errors import InconclusiveError
from brokerlab.core.files import write_json
from brokerlab.core.load import Load
from brokerlab.core.scenario import Heal, Hurt, Scenario, Send, Variant
from brokerlab.core.verdict import RunVerdict, Verdict
from brokerlab.core.watch import Silent
from brokerlab.core.words import Word
from brokerlab.engine import verdict as verdicts
from brokerlab.engine.plan import STORY, read_json, read_story
from brokerlab.engine.run import Request, run
from brokerlab.faults.kill_agent import KillAgent
from brokerlab.faults.pause import PauseFollowers
from brokerlab.ledger.read import load as load_ledger
from tests.fakes.memory_broker import Mischief
from tests.fakes.thread_lab import ThreadLab

STRICT = Variant("strict", "nothing")
PLAIN = Scenario(
    name="plain",
    question="?",
    claim="!",
    variants=(STRICT,),
    timeline=(Send(0.5, answered=("*",)), Hurt("pause", PauseFollowers()), Send(1.0)),
    explain=lambda verdict, story: (f"{verdict.verdict}: {len(story.receipts)} faults",),
    load=Load(messages=200, rate=0),
)


@pytest.fixture
def lab() -> ThreadLab:
    return ThreadLab()


def carry_out(lab: ThreadLab, folder: Path, scenario: Scenario = PLAIN) -> RunVerdict:
    request = Request(lab, lab.broker, "run", scenario, scenario.variants, scenario.load, folder)
    return run(request, Silent())


def test_a_broker_that_keeps_its_promises_holds(lab: ThreadLab, tmp_path: Path) -> None:
    verdict = carry_out(lab, tmp_path)
    assert verdict.verdict is Verdict.HELD, verdict.reasons
    assert verdict.explanation == ("held: 1 faults",)
    counts = verdict.variants[0].counts
    assert (counts["sent"], counts["acked"], counts["received"], counts["audited"]) == (200, 200, 200, 200)
    assert lab.broker.logs == {}, "the topics are deleted"
    assert set(lab.states.values()) == {"running"}, "the fault is healed"


@pytest.mark.parametrize(
    ("mischief", "word"),
    [
        (Mischief(loses={150}), Word.LOST),
        (Mischief(repeats={7}), Word.DUPLICATE),
        (Mischief(reorders={90}), Word.REORDERED),
        (Mischief(corrupts={11}), Word.PHANTOM),
        (Mischief(invents=(b"from nobody",)), Word.PHANTOM),
        (Mischief(resurrects={3}), Word.RESURRECTED),
        (Mischief(skips={20}), Word.MISSED),
        (Mischief(rewinds={60: 10}), Word.REDELIVERED),
    ],
    ids=lambda value: str(value) if isinstance(value, Word) else "",
)
def test_what_the_broker_does_wrong_is_found(lab: ThreadLab, tmp_path: Path, mischief: Mischief, word: Word) -> None:
    lab.broker.mischief = mischief
    verdict = carry_out(lab, tmp_path)
    assert verdict.verdict is Verdict.BROKEN
    assert verdict.variants[0].found(word) >= 1
    assert any(word in reason for reason in verdict.reasons)
    assert verdict.exit_code == 1


def test_the_same_seed_gives_the_same_load_and_the_same_faults(tmp_path: Path) -> None:
    def course(seed: int, folder: Path) -> tuple[object, ...]:
        """Which message went where with which key, what was done when in the load, and to whom."""
        keyed = replace(PLAIN, load=replace(PLAIN.load, seed=seed, keys=7, partitions=3))
        carry_out(ThreadLab(), folder, keyed)
        story, rows = read_story(folder), load_ledger(folder / "ledger" / "strict").audit.rows
        steps = [(span.kind, span.name) for span in story.spans]
        hurt = [(name, receipt.facts["nodes"]) for name, receipt in story.receipts.items()]
        return sorted(zip(rows["seq"].tolist(), rows["partition"].tolist(), strict=True)), steps, hurt

    first, again, other = (course(seed, tmp_path / str(n)) for n, seed in enumerate((5, 5, 6)))
    assert first == again
    assert first[0] != other[0]  # other keys
    assert first[1] == other[1]
    assert first[2] != other[2]  # another leader


def test_unknown_outcomes_are_permitted_either_way(lab: ThreadLab, tmp_path: Path) -> None:
    lab.broker.mischief = Mischief(ghosts={5}, drops={6})
    verdict = carry_out(lab, tmp_path)
    assert verdict.verdict is Verdict.HELD, verdict.reasons
    assert (verdict.variants[0].found(Word.GHOST), verdict.variants[0].found(Word.DROPPED)) == (1, 1)


def test_a_fault_that_did_not_show_what_it_must_is_inconclusive(lab: ThreadLab, tmp_path: Path) -> None:
    shy = replace(PLAIN, variants=(replace(STRICT, shows=frozenset({Word.LOST}), allows=frozenset({Word.LOST})),))
    verdict = carry_out(lab, tmp_path, shy)
    assert (verdict.verdict, verdict.exit_code) == (Verdict.INCONCLUSIVE, 3)


def test_a_lab_that_cannot_hurt_skips_and_never_passes(lab: ThreadLab, tmp_path: Path) -> None:
    lab.capabilities = frozenset()
    verdict = carry_out(lab, tmp_path)
    assert (verdict.verdict, verdict.exit_code) == (Verdict.SKIPPED, 3)
    assert "the fault 'pause' was skipped: the lab 'memory' can't pause its nodes" in verdict.reasons


def test_a_lab_that_cannot_hurt_still_finds_what_is_broken(lab: ThreadLab, tmp_path: Path) -> None:
    lab.capabilities = frozenset()
    lab.broker.mischief = Mischief(loses={150})
    assert carry_out(lab, tmp_path).verdict is Verdict.BROKEN


def test_a_stored_run_is_judged_as_it_was(lab: ThreadLab, tmp_path: Path) -> None:
    lab.broker.mischief = Mischief(loses={150}, repeats={7})
    verdict = carry_out(lab, tmp_path)
    assert verdicts.judge_folder(tmp_path, PLAIN) == verdict


def test_an_autopsy_says_who_led_when_the_message_was_acknowledged(lab: ThreadLab, tmp_path: Path) -> None:
    lab.broker.mischief = Mischief(loses={150})
    carry_out(lab, tmp_path)
    story, first = read_json(tmp_path / STORY), read_story(tmp_path).sightings[0]
    row = story["sightings"][0]
    row["at_us"], row["state"]["epoch"] = 1, 4  # before everything
    write_json(tmp_path / STORY, {**story, "sightings": [row]})
    (autopsy,) = verdicts.judge_folder(tmp_path, PLAIN).variants[0].autopsies
    assert (autopsy.leader, autopsy.epoch) == (read_story(tmp_path).nodes[first.state.leader], 4)
    write_json(tmp_path / STORY, {**story, "sightings": []})
    (autopsy,) = verdicts.judge_folder(tmp_path, PLAIN).variants[0].autopsies
    assert (autopsy.leader, autopsy.epoch) == ("", -1)


def test_the_story_has_the_timelines_spans_and_one_of_before_has_none(lab: ThreadLab, tmp_path: Path) -> None:
    carry_out(lab, tmp_path)
    assert [span.kind for span in read_story(tmp_path).spans] == ["send", "hurt", "send", "heal"]
    older = read_json(tmp_path / STORY)
    del older["spans"]
    write_json(tmp_path / STORY, older)
    assert read_story(tmp_path).spans == ()


def test_an_agent_that_fails_ends_the_run_and_everything_is_undone(lab: ThreadLab, tmp_path: Path) -> None:
    lab.broker.mischief = Mischief(unreadable_from=10)
    scenario = replace(PLAIN, load=replace(PLAIN.load, messages=20))
    with pytest.MonkeyPatch.context() as patch, pytest.raises(InconclusiveError, match="auditor to read"):
        patch.setattr("brokerlab.engine.run.AUDIT_S", 0.3)
        carry_out(lab, tmp_path, scenario)
    assert lab.broker.logs == {}
    assert set(lab.states.values()) == {"running"}


def test_testimonies_put_both_numbers_side_by_side() -> None:
    ledger = dict.fromkeys(("sent", "acked", "handed", "failed", "unknown", "delivered", "processed", "audited"), 0)
    ledger |= {"sent": 10, "acked": 8, "unknown": 2}
    told = {t.counter: t for t in verdicts.testimonies(ledger, {"sent": 10, "acked": 7}, unanswered=2)}
    assert told["sent"].agrees
    assert not told["acked"].agrees
    assert told["failed"].agrees, "a counter that never counted has no series"
    assert told["unknown"].agrees and told["unknown"].explanation.startswith("2 sends had no outcome")
    assert not any(t.agrees for t in verdicts.testimonies(ledger, None))
    for unanswered in (0, 1, 3):  # not as many as Prometheus lacks
        assert not {t.counter: t for t in verdicts.testimonies(ledger, {"sent": 10}, unanswered)}["unknown"].agrees


def killing(role: str, at: str, **options: str) -> Scenario:
    """Somebody dies at a point of its work, while messages flow."""
    return replace(
        PLAIN,
        variants=(replace(STRICT, options=options),),
        timeline=(
            Send(0.2),
            Hurt("kill", KillAgent(role, at, share=0.6)),
            Send(0.6, at_most=0.3),
            Heal("kill"),
            Send(1.0, answered=("*",)),
        ),
        load=Load(messages=600, rate=2000),
    )


@pytest.mark.parametrize("at", ["delivered", "midway", "processed"])
def test_a_consumer_that_is_killed_before_it_commits_is_replaced_and_its_batch_comes_again(
    lab: ThreadLab, tmp_path: Path, at: str
) -> None:
    verdict = carry_out(lab, tmp_path, killing("consumer", at))
    (strict,) = verdict.variants
    held = verdict.receipts[0].facts["held"]["strict"]
    assert strict.found(Word.REDELIVERED) == held["delivered"] - held["committed"] > 0
    assert strict.found(Word.LOST) == strict.found(Word.MISSED) == 0
    assert strict.counts["received"] == 600
    assert all(identity.balanced for identity in strict.identities)


def test_a_producer_that_is_killed_is_replaced_and_nothing_is_sent_twice(lab: ThreadLab, tmp_path: Path) -> None:
    lab.broker.mischief = Mischief(delay_polls=2)
    verdict = carry_out(lab, tmp_path, killing("producer", "sent"))
    (strict,) = verdict.variants
    assert verdict.verdict is Verdict.HELD, verdict.reasons
    assert strict.counts["sent"] == 600
    assert strict.counts["unknown"] == strict.found(Word.GHOST) > 0
