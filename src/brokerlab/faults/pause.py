"""Pause: SIGSTOP followers, so that they stop replicating while everyone still believes in them; SIGCONT heals.

A fetch that a follower had already sent is answered with the next message that arrives, and would replicate one batch
more: so `hurt` returns only when the fetches under way have run out (`replica.fetch.wait.max.ms`, KafkaConfig), while
nothing is being sent. The stall must stay below `replica.lag.time.max.ms`, or the leader shrinks its ISR.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from brokerlab.core.fault import Receipt, Scene
from brokerlab.core.wait import elapse
from brokerlab.faults import targets

DEFAULT_FETCH_WAIT_MS = 500  # KafkaConfig's default of replica.fetch.wait.max.ms


@dataclass(frozen=True)
class PauseFollowers:
    """Stop every follower of the experiment's partitions."""

    needs: frozenset[str] = frozenset({"pause"})

    def hurt(self, scene: Scene) -> Mapping[str, Any]:
        leader, nodes = targets.leader(scene), targets.followers(scene)
        fetch_wait = _fetch_wait_s(scene, leader)
        for node in nodes:
            scene.lab.pause(node)
        elapse(fetch_wait * 1.2, "the followers' last fetches to run out")
        states = {node: scene.lab.state(node) for node in nodes}
        return {"nodes": nodes, "states": states, "leader": leader, "at_us": time.time_ns() // 1000}

    def heal(self, scene: Scene) -> None:
        for node in scene.lab.nodes():
            if scene.lab.state(node) == "paused":
                scene.lab.resume(node)

    def receipt(self, scene: Scene, facts: Mapping[str, Any]) -> Receipt:
        stopped = [node for node, state in facts["states"].items() if state == "paused"]
        bit = bool(stopped) and len(stopped) == len(facts["nodes"])
        names = " and ".join(facts["nodes"])
        sentence = (
            f"{names} (followers) were stopped: {facts['leader']} alone received what was sent then"
            if bit
            else f"the pause did not bite: of {names or 'no followers'}, stopped were {', '.join(stopped) or 'none'}"
        )
        return Receipt("pause", bit, sentence, facts)


def _fetch_wait_s(scene: Scene, node: str) -> float:
    settings = scene.admin.settings([]).get(f"broker/{scene.broker.node_id(node)}", {})
    return int(settings.get("replica.fetch.wait.max.ms", DEFAULT_FETCH_WAIT_MS)) / 1000
