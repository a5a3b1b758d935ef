"""The timeline of a run: its steps in order, and every fault healed in the end, however the timeline ends."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from types import TracebackType
from typing import Any, Literal

from brokerlab.core import message
from brokerlab.core.fault import Fault, Receipt, Scene
from brokerlab.core.lab import Lab, Sought
from brokerlab.core.scenario import Grow, Heal, Hurt, Join, Send, Span, Step
from brokerlab.core.watch import Watcher
from brokerlab.engine.staff import SUBSCRIBER
from brokerlab.engine.workload import Workload

ANSWER_S = 60


class Timeline:
    """A context manager: leaving it heals what is still hurt, and none of it is left out.

    What was hurt first is healed first: a killed node joins the others again, so those must not be paused any more.
    """

    def __init__(self, scene: Scene, workload: Workload, watcher: Watcher) -> None:
        self._active: dict[str, Mapping[str, Any]] = {}
        self._scene = replace(scene, active=self._active)
        self._workload, self._watcher = workload, watcher
        self._faults: dict[str, Fault] = {}
        self._unhealed: dict[str, Fault] = {}
        self._facts: dict[str, Mapping[str, Any]] = {}
        self._spans: list[Span] = []

    def __enter__(self) -> Timeline:
        return self

    @property
    def active(self) -> Mapping[str, Mapping[str, Any]]:
        """What the hurts that are not healed yet returned, by name; changes as they strike and are healed."""
        return self._active

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.heal()

    def play(self, steps: Sequence[Step]) -> None:
        for step in steps:
            match step:
                case Send():
                    with self._span("send", step.says):
                        self._send(step)
                case Grow():
                    with self._span("grow", f"{step.consumers} consumers"):
                        self._workload.grow(step.consumers)
                case Join():
                    with self._span("join", "a second group"):
                        self._join()
                case Hurt():
                    with self._span("hurt", step.name):
                        self._hurt(step)
                case Heal():
                    self._heal(step.name)

    def heal(self) -> None:
        """Heal all that is still hurt, first hurt first; one that can't be healed does not keep the others from it."""
        with ExitStack() as stack:
            for name in reversed(list(self._unhealed)):
                stack.callback(self._heal, name)

    def receipts(self) -> dict[str, Receipt]:
        """One receipt a hurt, by its name. To be asked for after healing."""
        return {name: self._faults[name].receipt(self._scene, facts) for name, facts in self._facts.items()}

    def spans(self) -> tuple[Span, ...]:
        """The steps that ended so far, heals of the timeline's end included."""
        return tuple(self._spans)

    @contextmanager
    def _span(self, kind: Literal["send", "grow", "join", "hurt", "heal"], name: str) -> Iterator[None]:
        started = time.time_ns() // 1000
        yield
        self._spans.append(Span(kind, name, started, time.time_ns() // 1000))

    def _send(self, step: Send) -> None:
        if step.says:
            self._watcher.say(step.says)
        load = self._workload.setting.load
        sending = load.messages / load.rate if load.rate else 0
        if step.rate is not None:
            self._workload.order(self._workload.setting.roles[-1], f"rate {step.rate}")
        limits = self._workload.allow(step.share)
        enough = time.monotonic() + step.at_most if step.at_most is not None else None
        self._workload.await_sent(limits, step.answered, deadline=2 * sending + ANSWER_S, enough=enough)

    def _join(self) -> None:
        self._workload.catch_up()
        self._scene.admin.admit(self._workload.setting.second_groups())
        self._workload.start(SUBSCRIBER)

    def _hurt(self, step: Hurt) -> None:
        # Before it strikes: a hurt that fails half-way is healed too.
        self._faults[step.name] = self._unhealed[step.name] = step.fault
        facts = dict(step.fault.hurt(self._scene))
        facts["counters"] = self._workload.counters()
        self._facts[step.name] = self._active[step.name] = facts
        self._watcher.fault(step.name, f"{step.name}: {_where(facts)}", active=True)

    def _heal(self, name: str) -> None:
        if name in self._unhealed:
            with self._span("heal", name):
                try:
                    self._keep_remains()
                finally:
                    self._unhealed[name].heal(self._scene)
            del self._unhealed[name]
            self._active.pop(name, None)
            self._watcher.fault(name, f"{name}: healed", active=False)

    def _keep_remains(self) -> None:
        """Before a dead node may be started again, and lose what only it had."""
        lab, setting = self._scene.lab, self._workload.setting
        for node in lab.nodes(self._scene.broker.name):
            if lab.state(node) != "gone":
                continue
            for variant, topic in self._scene.topics.items():
                mark = message.stamp(setting.run, variant)
                sought = Sought(self._scene.broker, topic, mark, setting.load.size)
                lab.keep_remains(node, sought, setting.ledger(variant))


def possible(steps: Sequence[Step], lab: Lab) -> tuple[tuple[Step, ...], tuple[str, ...]]:
    """The steps without the faults that this lab can't do, and a sentence for each of those."""
    lacking = {
        step.name: sorted(step.fault.needs - lab.capabilities)
        for step in steps
        if isinstance(step, Hurt) and not step.fault.needs <= lab.capabilities
    }
    kept = tuple(step for step in steps if not isinstance(step, Hurt | Heal) or step.name not in lacking)
    return kept, tuple(
        f"the fault {name!r} was skipped: the lab {lab.name!r} can't {_said(needs)}" for name, needs in lacking.items()
    )


def _said(needs: Sequence[str]) -> str:
    nodes = " and ".join(need for need in needs if not need.endswith("links"))
    network = "hurt its network" * ("links" in needs)
    between = "hurt the network between its nodes" * ("replica links" in needs)
    return " and ".join(filter(None, (nodes and f"{nodes} its nodes", network, between)))


def _where(facts: Mapping[str, Any]) -> str:
    hurt = facts.get("nodes") or facts.get("agents") or (facts.get("node", ""),)
    return ", ".join(hurt)
