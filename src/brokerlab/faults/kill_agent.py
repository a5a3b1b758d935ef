"""Kill an agent: SIGKILL one process of the workload in every variant, at a known point of its work.

The agents are held at that point first, so that what they have in hand is known and no luck is needed; then they die,
as an application does whose machine is gone: no flush, no commit, no farewell to the broker. Healing starts another
process in the place of each.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from brokerlab.core.protocols import Agent, Receipt, Scene
from brokerlab.faults import targets


@dataclass(frozen=True)
class KillAgent:
    """Kill one agent of a role in every variant, at a point of its work."""

    role: str
    at: str
    needs: frozenset[str] = frozenset({"agents"})

    def hurt(self, scene: Scene) -> Mapping[str, Any]:
        agents = targets.first_of_each_variant(scene, self.role)
        scene.crew.hold(agents, self.at)
        held = {agent.spec.variant: targets.counters(agent) for agent in agents}
        at_us = time.time_ns() // 1000
        scene.crew.kill(agents)
        gone = [agent.spec.process for agent in agents if agent.exit_code() is not None]
        return {"agents": [a.spec.process for a in agents], "at_us": at_us, "at": self.at, "gone": gone, "held": held}

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


def _killed(agent: Agent) -> bool:
    return agent.exit_code() not in (None, 0)
