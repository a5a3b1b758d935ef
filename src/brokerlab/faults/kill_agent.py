"""Kill an agent: SIGKILL one process of the workload in every variant, at a known point of its work.

The agents are held at that point first, so that what they have in hand is known and no luck is needed; then they die,
as an application does whose machine is gone: no flush, no commit, no farewell to the broker. Healing starts another
process in the place of each.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from brokerlab.core.agent import Agent
from brokerlab.core.fault import Receipt, Scene
from brokerlab.core.wait import until
from brokerlab.faults import targets

GATHERED = 0.1  # of a variant's messages
KEPT_BACK = 0.1  # of them: sent only when many have gathered, so that there is a next batch in any case
GATHER_S = 60


@dataclass(frozen=True)
class KillAgent:
    """Kill one agent of a role in every variant, at a point of its work.

    share: what may be sent while it is on its way to that point; None: messages flow already. gather: a later point of
    its loop, where it is held first until many messages wait for it: so that what it has in hand when it dies is many.
    """

    role: str
    at: str
    share: float | None = None
    gather: str = ""
    needs: frozenset[str] = frozenset({"agents"})

    def hurt(self, scene: Scene) -> Mapping[str, Any]:
        agents = self._brought_there(scene)
        held = {agent.spec.variant: targets.counters(agent) for agent in agents}
        at_us = time.time_ns() // 1000
        scene.crew.kill(agents)
        gone = [agent.spec.process for agent in agents if agent.exit_code() is not None]
        return {"agents": [a.spec.process for a in agents], "at_us": at_us, "at": self.at, "gone": gone, "held": held}

    def _brought_there(self, scene: Scene) -> list[Agent]:
        if not self.gather:
            return scene.crew.catch(self.role, self.at, self.share)
        agents, before = targets.first_of_each_variant(scene, self.role), _written(scene)
        scene.crew.hold(agents, self.gather, None if self.share is None else self.share - KEPT_BACK)
        _await_more(scene, agents, before)
        scene.crew.hold(agents, self.at, self.share)
        return agents

    def heal(self, scene: Scene) -> None:
        """What was held but not killed, because hurting failed half-way, goes on."""
        agents = scene.crew.of(self.role)
        scene.crew.go(agents)
        scene.crew.replace([agent for agent in agents if _killed(agent)])

    def receipt(self, scene: Scene, facts: Mapping[str, Any]) -> Receipt:
        bit = bool(facts["agents"]) and facts["gone"] == facts["agents"]
        names = ", ".join(facts["agents"])
        sentence = (
            f"a {self.role} of every variant ({names}) was killed at the point {self.at!r} of its work, and replaced"
            if bit
            else f"the kill did not bite: of {names or 'no agents'}, gone were {', '.join(facts['gone']) or 'none'}"
        )
        return Receipt("kill agent", bit, sentence, facts)


def _written(scene: Scene) -> dict[str, int]:
    """Messages a variant that wait for their readers, or were read already."""
    return {variant: counts.get("acked", 0) + counts.get("handed", 0) for variant, counts in scene.counters().items()}


def _await_more(scene: Scene, agents: Sequence[Agent], before: Mapping[str, int]) -> None:
    goals = {a.spec.variant: before[a.spec.variant] + a.spec.load.messages * GATHERED for a in agents}

    def gathered() -> bool:
        written = _written(scene)
        return all(written[variant] >= goal for variant, goal in goals.items())

    what = "messages to gather in front of the agents that are to be killed"
    until(gathered, what, deadline=GATHER_S, seen=lambda: f"{_written(scene)} of {goals}")


def _killed(agent: Agent) -> bool:
    return agent.exit_code() not in (None, 0)
