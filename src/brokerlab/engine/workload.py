"""The workload of a run: its agents, one group of them a variant, told what to do and watched while they do it."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from brokerlab.core.agent import Agent, AgentSpec, stands_at
from brokerlab.core.errors import InconclusiveError
from brokerlab.core.lab import Lab
from brokerlab.core.wait import until
from brokerlab.core.words import ANSWERS
from brokerlab.engine.staff import SUBSCRIBER, Setting

READY_S = 180  # longer than a lab itself waits for a pod, its image pulled: what it has to say of it comes first
HOLD_S = 30
GONE_S = 10
CAUGHT_UP_S = 60
STOP_S = 5


@dataclass
class Workload:
    """The agents that were started, in order; `close` ends what still runs. Satisfies `Crew`."""

    lab: Lab
    setting: Setting
    agents: list[Agent] = field(default_factory=list)
    _excused: list[Agent] = field(default_factory=list)  # killed or replaced on purpose
    _limits: dict[str, int] = field(default_factory=dict)

    def start(self, role: str) -> None:
        """Start every agent of a role, all variants' at once, and return when each is ready."""
        started = self._start(self.setting.specs(role))
        if role != "auditor":
            self._await(started, ("ready", "working", "done"), f"the {role}s to connect", READY_S)

    def _start(self, specs: Iterable[AgentSpec]) -> list[Agent]:
        started = []
        for spec in specs:
            started.append(self.lab.start_agent(spec, self.setting.folder / "logs"))
            self.agents.append(started[-1])
        return started

    def grow(self, consumers: int) -> None:
        """When what was sent is processed, start so many consumers of each variant as are lacking."""
        self.catch_up()
        numbers = range(len(self.of("consumer")) // len(self.setting.variants), consumers)
        started = self._start(
            self.setting.spec("consumer", v, number, 0) for v in self.setting.variants for number in numbers
        )
        self._await(started, ("ready", "working"), "the further consumers to connect", READY_S)

    def catch_up(self) -> None:
        """Return when what was sent is processed."""
        what = "the consumers to process what was sent"
        until(self._caught_up, what, deadline=CAUGHT_UP_S, every=0.02, seen=self._seen)

    def _caught_up(self) -> bool:
        self.check()
        return all(counts.get("processed", 0) >= counts.get("sent", 0) for counts in self.counters().values())

    def of(self, role: str) -> list[Agent]:
        return list({agent.spec.name: agent for agent in self.agents if agent.spec.role == role}.values())

    def former(self, role: str) -> list[Agent]:
        latest = self.of(role)
        return [agent for agent in self.agents if agent.spec.role == role and agent not in latest]

    def senders(self) -> list[Agent]:
        """The agents that the messages come from."""
        return self.of(self.setting.roles[-1])

    def order(self, role: str, line: str) -> None:
        _tell(self.of(role), line)

    # ------------------------------------------------------------ what faults do to agents

    def hold(self, agents: Sequence[Agent], point: str, share: float | None = None) -> None:
        self._hold(agents, point, share, lambda standing: len(standing) == len(agents))

    def catch(self, role: str, point: str, share: float | None = None) -> list[Agent]:
        agents, wanted = self.of(role), {variant.name for variant in self.setting.variants}
        standing = self._hold(agents, point, share, lambda standing: {a.spec.variant for a in standing} == wanted)
        first: dict[str, Agent] = {}
        for agent in standing:
            first.setdefault(agent.spec.variant, agent)
        self.go([agent for agent in agents if agent is not first[agent.spec.variant]])
        return list(first.values())

    def _hold(
        self, agents: Sequence[Agent], point: str, share: float | None, enough: Callable[[Sequence[Agent]], bool]
    ) -> list[Agent]:
        """Returns those that stand at the point when they are enough."""
        _tell(agents, f"hold {point}")
        if share is not None:
            self.allow(share)
        standing: list[Agent] = []

        def held() -> bool:
            self.check()
            standing[:] = [agent for agent in agents if stands_at(agent, point)]
            return enough(standing)

        what = f"{', '.join(agent.spec.name for agent in agents)} to stand at {point!r}"
        until(held, what, deadline=HOLD_S, every=0.01, seen=self._seen)
        return standing

    def go(self, agents: Sequence[Agent]) -> None:
        _tell(agents, "go")

    def kill(self, agents: Sequence[Agent]) -> None:
        self._excused += agents
        _signal(agents, signal.SIGKILL)
        gone = "the killed agents to be gone"
        until(lambda: all(agent.exit_code() is not None for agent in agents), gone, deadline=GONE_S, every=0.01)

    def pause(self, agents: Sequence[Agent]) -> None:
        _signal(agents, signal.SIGSTOP)

    def resume(self, agents: Sequence[Agent]) -> None:
        _signal(agents, signal.SIGCONT)

    def replace(self, agents: Sequence[Agent]) -> list[Agent]:
        self._excused += agents
        started = self._start(replace(agent.spec, start=agent.spec.start + 1) for agent in agents)
        for agent in started:
            if agent.spec.name in self._limits:
                agent.order(f"limit {self._limits[agent.spec.name]}")
        self._await(started, ("ready", "working", "done"), "the replacements to connect", READY_S)
        return started

    # ------------------------------------------------------------ how far they are

    def counters(self) -> dict[str, dict[str, int]]:
        """The agents' counters, summed by variant; without a second group's, which counts the same messages again."""
        total: dict[str, dict[str, int]] = {variant.name: {} for variant in self.setting.variants}
        for agent in self.agents:
            if agent.spec.role == SUBSCRIBER:
                continue
            counts = total[agent.spec.variant]
            for name, value in agent.progress().items():
                if isinstance(value, int):
                    counts[name] = counts.get(name, 0) + value
        return total

    def allow(self, share: float) -> dict[str, int]:
        """Let every producer send up to this share of its messages; returns {agent's name: its limit}."""
        for agent in self.senders():
            self._limits[agent.spec.name] = round(agent.spec.messages * share)
            agent.order(f"limit {self._limits[agent.spec.name]}")
        return dict(self._limits)

    def await_sent(
        self, limits: Mapping[str, int], answered: Sequence[str], *, deadline: float, enough: float | None = None
    ) -> None:
        """Return when every producer has sent up to its limit, with an outcome each in the variants `answered`.

        enough: return anyway when the monotonic clock is so late.
        """

        def arrived() -> bool:
            self.check()
            return (enough is not None and time.monotonic() >= enough) or all(
                self._arrived(agent, limits[agent.spec.name], answered) for agent in self.senders()
            )

        until(arrived, "the producers to send", deadline=deadline, every=0.02, seen=self._seen)

    def _arrived(self, agent: Agent, limit: int, answered: Sequence[str]) -> bool:
        """What an earlier start of the agent had sent counts as sent, and as answered: more is not learned of it."""
        counts = agent.progress()
        before = int(counts.get("resumed", 0))
        if before + counts.get("sent", 0) < limit:
            return False
        if "*" not in answered and agent.spec.variant not in answered:
            return True
        return before + sum(int(counts.get(word, 0)) for word in ANSWERS) >= limit

    def await_done(self, role: str, what: str, deadline: float) -> None:
        self._await(self.of(role), ("done",), what, deadline)

    def check(self) -> None:
        """Raise if an agent ended that should not have."""
        for agent in self.agents:
            if any(agent is excused for excused in self._excused):
                continue
            code, state = agent.exit_code(), agent.progress().get("state")
            if state == "failed" or (code not in (None, 0)) or (code == 0 and state != "done"):
                reason = agent.progress().get("error") or agent.log(6) or "it left no log"
                log = self.setting.folder / "logs" / f"{agent.spec.process}.log"
                raise InconclusiveError(
                    f"the {agent.spec.role} of {agent.spec.variant} ended (exit code {code}): {reason}",
                    f"its log: {log}" if log.is_file() else "",  # one that never came has none
                )

    def _await(self, agents: Iterable[Agent], states: Sequence[str], what: str, deadline: float) -> None:
        chosen = list(agents)

        def arrived() -> bool:
            self.check()
            return all(agent.progress().get("state") in states for agent in chosen)

        def late() -> str:
            return _seen(agent for agent in chosen if agent.progress().get("state") not in states)

        until(arrived, what, deadline=deadline, every=0.02, seen=late)

    def _seen(self) -> str:
        return _seen(self.agents)

    def close(self) -> None:
        for agent in self.agents:
            agent.stop(STOP_S)


def _seen(agents: Iterable[Agent]) -> str:
    return "; ".join(f"{agent.spec.process} {dict(agent.progress())}" for agent in agents)


def _tell(agents: Iterable[Agent], line: str) -> None:
    for agent in agents:
        agent.order(line)


def _signal(agents: Iterable[Agent], number: int) -> None:
    for agent in agents:
        agent.signal(number)
