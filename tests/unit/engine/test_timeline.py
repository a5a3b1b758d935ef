"""The timeline: steps in order, every fault healed whatever happens, receipts for what was hurt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brokerlab.core import message
from brokerlab.core.errors import DeadlineError, InconclusiveError
from brokerlab.core.fault import Receipt, Scene
from brokerlab.core.load import Load
from brokerlab.core.scenario import Heal, Hurt, Send, Story, Variant
from brokerlab.core.watch import Silent
from brokerlab.engine.staff import Setting, slug
from brokerlab.engine.timeline import Timeline, possible
from brokerlab.engine.workload import Workload
from brokerlab.ledger.read import load as load_ledger
from tests.fakes.scenes import FakeAgent, MemoryAdmin, MemoryLab, MemoryNodes


@dataclass
class Scratch:
    """A fault that writes down what it does. `breaks` names the method that raises."""

    log: list[str]
    name: str = "scratch"
    breaks: str = ""
    needs: frozenset[str] = frozenset()
    active: list[Mapping[str, Any]] = field(default_factory=list)

    def hurt(self, scene: Scene) -> Mapping[str, Any]:
        self._do("hurt")
        self.active.append(dict(scene.active))
        return {"node": "node-1"}

    def heal(self, scene: Scene) -> None:
        self._do("heal")

    def receipt(self, scene: Scene, facts: Mapping[str, Any]) -> Receipt:
        return Receipt(self.name, True, f"{facts['node']} was scratched", facts)

    def _do(self, what: str) -> None:
        self.log.append(f"{what} {self.name}")
        if self.breaks == what:
            raise RuntimeError(f"{what} broke")


@pytest.fixture
def workload(tmp_path: Path) -> Workload:
    variants = (Variant("quick", ""), Variant("slow", ""))
    load = Load(messages=101, rate=0, producers=2)
    topics = {"quick": "t.quick", "slow": "t.slow"}
    made = Workload(MemoryLab(), Setting("r", "memory", "x:1", load, variants, topics, {}, tmp_path))
    made.start("producer")
    return made


@pytest.fixture
def timeline(workload: Workload) -> Callable[[], Timeline]:
    scene = Scene(
        workload.lab, MemoryNodes(), MemoryAdmin(), workload.setting.topics, workload.counters, lambda: (), {}, workload
    )
    return lambda: Timeline(scene, workload, Silent())


def test_steps_are_played_in_order_and_limits_follow_the_shares(timeline, workload) -> None:
    log: list[str] = []
    with timeline() as playing:
        playing.play((Send(0.5), Hurt("a", Scratch(log)), Send(1.0, answered=("*",)), Heal("a")))
    assert log == ["hurt scratch", "heal scratch"]
    orders = {agent.spec.name: agent.orders for agent in workload.agents if isinstance(agent, FakeAgent)}
    assert orders["producer-quick-0"] == ["limit 26", "limit 51"]
    assert orders["producer-quick-1"] == ["limit 25", "limit 50"]
    assert workload.counters()["slow"]["sent"] == 101


def test_what_is_not_healed_by_a_step_is_healed_at_the_end_first_hurt_first(timeline) -> None:
    log: list[str] = []
    with timeline() as playing:
        playing.play((Hurt("a", Scratch(log, "a")), Hurt("b", Scratch(log, "b"))))
        playing.heal()
        assert log == ["hurt a", "hurt b", "heal a", "heal b"]
    assert log == ["hurt a", "hurt b", "heal a", "heal b"]  # and once is enough


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_healed_when_the_experiment_is_interrupted(timeline, error: type[BaseException]) -> None:
    log: list[str] = []
    with pytest.raises(error), timeline() as playing:
        playing.play((Hurt("a", Scratch(log, "a")),))
        raise error
    assert log == ["hurt a", "heal a"]


def test_a_hurt_that_fails_half_way_is_healed(timeline) -> None:
    log: list[str] = []
    with pytest.raises(RuntimeError, match="hurt broke"), timeline() as playing:
        playing.play((Hurt("a", Scratch(log, "a", breaks="hurt")),))
    assert log == ["hurt a", "heal a"]


def test_one_heal_that_fails_does_not_keep_the_others_from_healing(timeline) -> None:
    log: list[str] = []
    with pytest.raises(RuntimeError, match="heal broke"), timeline() as playing:
        playing.play((Hurt("a", Scratch(log, "a", breaks="heal")), Hurt("b", Scratch(log, "b"))))
    assert log == ["hurt a", "hurt b", "heal a", "heal b"]


def test_a_later_fault_sees_which_are_active_and_the_counters_then(timeline) -> None:
    second = Scratch([], "b")
    with timeline() as playing:
        playing.play((Send(0.5), Hurt("a", Scratch([], "a")), Hurt("b", second)))
        assert second.active == [{"a": {"node": "node-1", "counters": playing._workload.counters()}}]
        assert {name: receipt.bit for name, receipt in playing.receipts().items()} == {"a": True, "b": True}


def test_a_variant_that_answers_nothing_is_waited_for_only_when_asked(timeline, workload, monkeypatch) -> None:
    for agent in workload.agents:
        agent.stuck = agent.spec.variant == "slow"
    monkeypatch.setattr("brokerlab.engine.timeline.ANSWER_S", 0.1)
    with timeline() as playing:
        playing.play((Send(0.5, answered=("quick",)),))
        with pytest.raises(DeadlineError, match="the producers to send"):
            playing.play((Send(1.0, answered=("*",)),))


def test_an_agent_that_dies_ends_the_run_with_its_last_words(timeline, workload) -> None:
    workload.agents[0].code = 1
    with pytest.raises(InconclusiveError, match="its last words"), timeline() as playing:
        playing.play((Send(0.5),))


def test_faults_that_a_lab_cannot_do_are_left_out_with_a_sentence() -> None:
    lab = MemoryLab(name="external", capabilities=frozenset())
    steps = (Send(0.5), Hurt("a", Scratch([], needs=frozenset({"kill", "pause"}))), Send(1.0), Heal("a"))
    kept, skipped = possible(steps, lab)
    assert kept == (Send(0.5), Send(1.0))
    assert skipped == ("the fault 'a' was skipped: the lab 'external' can't kill and pause its nodes",)
    assert possible(steps, MemoryLab()) == (steps, ())


def test_every_step_has_its_span_and_so_has_a_heal_that_no_step_asked_for(timeline) -> None:
    with timeline() as playing:
        playing.play((Send(0.5, says="half"), Hurt("a", Scratch([])), Hurt("b", Scratch([])), Send(1.0), Heal("b")))
    spans = playing.spans()
    assert [(span.kind, span.name) for span in spans] == [
        ("send", "half"),
        ("hurt", "a"),
        ("hurt", "b"),
        ("send", ""),
        ("heal", "b"),
        ("heal", "a"),
    ]
    times = [at for span in spans for at in (span.started_us, span.ended_us)]
    assert times == sorted(times)


def test_a_faults_window_is_from_its_hurt_to_its_heal(timeline) -> None:
    with timeline() as playing:
        playing.play((Hurt("a", Scratch([])), Hurt("b", Scratch([])), Heal("b")))
    spans = playing.spans()
    windows = Story({}, (), {}, {}, spans=spans).windows
    assert [(window.name, window.started_us, window.ended_us) for window in windows] == [
        ("a", spans[0].started_us, spans[3].ended_us),
        ("b", spans[1].started_us, spans[2].ended_us),
    ]


def test_slug() -> None:
    assert slug("acks=all+idempotence") == "acks-all-idempotence"


def test_a_step_that_may_not_last_goes_on_while_they_still_send(timeline, workload) -> None:
    for agent in workload.agents:
        agent.stuck = True
    with timeline() as playing:
        playing.play((Send(0.5, answered=("*",), at_most=0.1), Hurt("a", Scratch([]))))
    assert workload.counters()["slow"] == {"sent": 51, "acked": 0}


def test_what_a_dead_node_has_is_read_before_it_is_healed(timeline: Callable[[], Timeline], tmp_path: Path) -> None:
    """Healing starts it again, and then its log is truncated."""
    lab = timeline()._scene.lab
    assert isinstance(lab, MemoryLab)
    lab.folder = tmp_path
    log = tmp_path / "node-1" / "t.quick.log"
    log.parent.mkdir()
    values = message.build(message.stamp("r", "quick"), 0, np.array([3, 4], np.uint32), 100, 1)
    log.write_bytes(b"\x00head".join([b"", *values, b""]))

    class Killer(Scratch):
        def hurt(self, scene: Scene) -> Mapping[str, Any]:
            scene.lab.kill("node-1")
            return super().hurt(scene)

        def heal(self, scene: Scene) -> None:
            log.write_bytes(b"")

    with timeline() as played:
        played.play([Hurt("kill", Killer([])), Heal("kill")])
    quick, slow = (load_ledger(tmp_path / "ledger" / variant).remains for variant in ("quick", "slow"))
    assert quick is not None
    assert slow is not None
    assert (quick["seq"].tolist(), len(slow)) == ([3, 4], 0)


def test_a_node_whose_files_cannot_be_read_is_healed_all_the_same(
    timeline: Callable[[], Timeline], tmp_path: Path
) -> None:
    lab, log = timeline()._scene.lab, list[str]()
    assert isinstance(lab, MemoryLab)
    lab.folder, lab.states["node-1"] = tmp_path, "gone"
    (tmp_path / "node-1" / "t.quick.log").mkdir(parents=True)
    with pytest.raises(IsADirectoryError), timeline() as played:
        played.play([Hurt("a", Scratch(log)), Heal("a")])
    assert "heal scratch" in log
