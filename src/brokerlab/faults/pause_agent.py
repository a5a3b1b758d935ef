"""Make a zombie: SIGSTOP an agent at a known point of its work, start another in its place, and let it go on later.

So does a process whose machine swaps, or whose virtual machine is moved: it does not know that time has passed, that
its group has given its partitions to another, and that what it has in hand was done without it. Healing lets it go on
with that, and ends it when it has, unless it was shut out before.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from brokerlab.core.agent import Agent, stands_at
from brokerlab.core.fault import Receipt, Scene
from brokerlab.core.wait import until
from brokerlab.faults import targets

PASSED_S = 60


@dataclass(frozen=True)
class PauseAgent:
    """Stop one agent of a role in every variant, start another in its place, and let the first go on afterwards.

    at: where it is stopped. until: the point to which it comes when it goes on; it is ended there. share: what may be
    sent while it is on its way to the first.
    """

    role: str
    at: str
    until: str
    share: float | None = None
    needs: frozenset[str] = frozenset({"agents"})

    def hurt(self, scene: Scene) -> Mapping[str, Any]:
        agents = targets.first_of_each_variant(scene, self.role)
        scene.crew.hold(agents, self.at, self.share)
        held = {agent.spec.variant: targets.counters(agent) for agent in agents}
        at_us = time.time_ns() // 1000
        scene.crew.pause(agents)
        scene.crew.replace(agents)
        return {"agents": [agent.spec.process for agent in agents], "at_us": at_us, "at": self.at, "held": held}

    def heal(self, scene: Scene) -> None:
        zombies = [agent for agent in scene.crew.former(self.role) if agent.exit_code() is None]
        scene.crew.resume(zombies)
        for agent in zombies:
            agent.order(f"hold {self.until}")
        until(
            lambda: all(_passed(agent, self.until) for agent in zombies),
            f"the zombies to come to {self.until!r}, or to be shut out",
            deadline=PASSED_S,
            seen=lambda: str([dict(agent.progress()) for agent in zombies]),
        )
        scene.crew.kill([agent for agent in zombies if agent.exit_code() is None])

    def receipt(self, scene: Scene, facts: Mapping[str, Any]) -> Receipt:
        zombies = {a.spec.process: a for a in scene.crew.former(self.role) if a.spec.process in facts["agents"]}
        fenced = sorted(a.spec.variant for a in zombies.values() if a.progress().get("state") == "fenced")
        went_on = sorted(a.spec.variant for a in zombies.values() if stands_at(a, self.until))
        failed = sorted({a.spec.variant for a in zombies.values()} - {*fenced, *went_on})
        bit = bool(facts["agents"]) and len(zombies) == len(facts["agents"]) and not failed
        sentence = (
            f"a {self.role} of every variant was stopped at {self.at!r}, replaced, and let go on as a zombie: "
            f"{_listed(fenced, 'was fenced in')}; {_listed(went_on, 'wrote what it had in hand in')}"
            if bit
            else f"not every {self.role} was stopped, replaced and went on or was fenced: stopped "
            f"{', '.join(facts['agents']) or 'none'}; ended otherwise in {' and '.join(failed) or 'none'}"
        )
        return Receipt("pause agent", bit, sentence, {**facts, "fenced": fenced, "went_on": went_on})


def _passed(agent: Agent, point: str) -> bool:
    return agent.exit_code() is not None or stands_at(agent, point)


def _listed(variants: list[str], what: str) -> str:
    return f"it {what} {' and '.join(variants) or 'none'}"
