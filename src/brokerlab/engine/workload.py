"""The workload of a run: its agents, one group of them a variant, told what to do and watched while they do it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from brokerlab.core.errors import InconclusiveError
from brokerlab.core.load import Load
from brokerlab.core.protocols import Agent, AgentSpec, Lab
from brokerlab.core.scenario import Variant
from brokerlab.core.wait import until
from brokerlab.core.words import ANSWERS

READY_S = 60
STOP_S = 5


@dataclass(frozen=True)
class Setting:
    """What all agents of a run have in common. topics: variant -> topic. settings: the user's own client properties."""

    run: str
    broker: str
    endpoint: str
    load: Load
    variants: Sequence[Variant]
    topics: Mapping[str, str]
    settings: Mapping[str, str]
    folder: Path  # the run's

    def shares(self) -> list[int]:
        """How many messages each producer of a variant sends; the first ones take what does not divide."""
        whole, rest = divmod(self.load.messages, self.load.producers)
        return [whole + (number < rest) for number in range(self.load.producers)]

    def ledger(self, variant: str) -> Path:
        return self.folder / "ledger" / slug(variant)


def slug(variant: str) -> str:
    """A variant's name as a topic's and a folder's name may be: "acks=1" -> "acks-1"."""
    return "".join(char if char.isalnum() else "-" for char in variant)


@dataclass
class Workload:
    """The agents that were started, in order; `close` ends what still runs."""

    lab: Lab
    setting: Setting
    agents: list[Agent] = field(default_factory=list)

    def start(self, role: str) -> None:
        """Start every agent of a role, all variants' at once, and return when each is ready."""
        specs = {"producer": self._producers, "consumer": self._consumers, "auditor": self._auditors}[role]()
        started = [self.lab.start_agent(spec, self.setting.folder / "logs") for spec in specs]
        self.agents += started
        if role != "auditor":
            self._await(started, ("ready", "working", "done"), f"the {role}s to connect", READY_S)

    def of(self, role: str) -> list[Agent]:
        return [agent for agent in self.agents if agent.spec.role == role]

    def order(self, role: str, line: str) -> None:
        for agent in self.of(role):
            agent.order(line)

    def counters(self) -> dict[str, dict[str, int]]:
        """The agents' counters, summed by variant."""
        total: dict[str, dict[str, int]] = {variant.name: {} for variant in self.setting.variants}
        for agent in self.agents:
            counts = total[agent.spec.variant]
            for name, value in agent.progress().items():
                if isinstance(value, int):
                    counts[name] = counts.get(name, 0) + value
        return total

    def allow(self, share: float) -> dict[str, int]:
        """Let every producer send up to this share of its messages; returns {agent's name: its limit}."""
        limits = {}
        for agent in self.of("producer"):
            limits[agent.spec.name] = round(agent.spec.messages * share)
            agent.order(f"limit {limits[agent.spec.name]}")
        return limits

    def await_sent(
        self, limits: Mapping[str, int], answered: Sequence[str], *, deadline: float, enough: float | None = None
    ) -> None:
        """Return when every producer has sent up to its limit, with an outcome each in the variants `answered`.

        enough: return anyway when the monotonic clock is so late.
        """

        def arrived() -> bool:
            self.check()
            return (enough is not None and time.monotonic() >= enough) or all(
                self._arrived(agent, limits[agent.spec.name], answered) for agent in self.of("producer")
            )

        until(arrived, "the producers to send", deadline=deadline, every=0.02, seen=self._seen)

    def _arrived(self, agent: Agent, limit: int, answered: Sequence[str]) -> bool:
        counts = agent.progress()
        if counts.get("sent", 0) < limit:
            return False
        if "*" not in answered and agent.spec.variant not in answered:
            return True
        return sum(int(counts.get(word, 0)) for word in ANSWERS) >= limit

    def await_done(self, role: str, what: str, deadline: float) -> None:
        self._await(self.of(role), ("done",), what, deadline)

    def check(self) -> None:
        """Raise if an agent ended that should not have."""
        for agent in self.agents:
            code, state = agent.exit_code(), agent.progress().get("state")
            if state == "failed" or (code not in (None, 0)) or (code == 0 and state != "done"):
                reason = agent.progress().get("error") or agent.log(6) or "it left no log"
                raise InconclusiveError(
                    f"the {agent.spec.role} of {agent.spec.variant} ended (exit code {code}): {reason}",
                    f"its log: {self.setting.folder / 'logs' / agent.spec.name}.log",
                )

    def _await(self, agents: Iterable[Agent], states: Sequence[str], what: str, deadline: float) -> None:
        chosen = list(agents)

        def arrived() -> bool:
            self.check()
            return all(agent.progress().get("state") in states for agent in chosen)

        until(arrived, what, deadline=deadline, every=0.02, seen=self._seen)

    def _seen(self) -> str:
        return "; ".join(f"{agent.spec.name} {dict(agent.progress())}" for agent in self.agents)

    def close(self) -> None:
        for agent in self.agents:
            agent.stop(STOP_S)

    # ------------------------------------------------------------ specs

    def _producers(self) -> list[AgentSpec]:
        return [
            self._spec("producer", variant, number, variant.producer, messages=messages)
            for variant in self.setting.variants
            for number, messages in enumerate(self.setting.shares())
        ]

    def _consumers(self) -> list[AgentSpec]:
        return [
            self._spec("consumer", variant, number, variant.consumer)
            for variant in self.setting.variants
            for number in range(self.setting.load.consumers)
        ]

    def _auditors(self) -> list[AgentSpec]:
        return [self._spec("auditor", variant, 0, {}) for variant in self.setting.variants]

    def _spec(
        self, role: str, variant: Variant, number: int, settings: Mapping[str, str], *, messages: int = 0
    ) -> AgentSpec:
        """One agent's spec; its ledger is a file of its variant's folder (an auditor's: the folder)."""
        name = f"{role}-{slug(variant.name)}-{number}"
        folder = self.setting.ledger(variant.name)
        return AgentSpec(
            role=role,
            name=name,
            run=self.setting.run,
            variant=variant.name,
            broker=self.setting.broker,
            endpoint=self.setting.endpoint,
            topic=self.setting.topics[variant.name],
            ledger=str(folder),
            metrics=str(self.setting.folder / "metrics"),
            settings={**self.setting.settings, **settings},
            load=self.setting.load,
            producer=number,
            messages=messages,
            group=self.setting.topics[variant.name],
        )
