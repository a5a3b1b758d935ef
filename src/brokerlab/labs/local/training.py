"""Makes the JVM's start-up cache when there is none: an ordinary start of the nodes, one of which records.

It has a folder and a lock of its own, so that it disturbs no lab that runs, and is taken down like one if interrupted.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from brokerlab.core.errors import BrokerlabError, LabError
from brokerlab.core.lab import Progress
from brokerlab.core.node import NodeSpec
from brokerlab.labs.local import aot, processes, startup, state
from brokerlab.labs.local.remains import clear, take_down
from brokerlab.labs.local.runtime import Runtime
from brokerlab.labs.local.starter import Starter
from brokerlab.labs.local.state import LabState

KIND = "training"
RECORDING_DEADLINE = 120  # seconds for a JVM to write its cache when it ends; it takes 5 to 10


def with_startup_cache(specs: Sequence[NodeSpec], runtime: Runtime, say: Progress) -> Runtime:
    """The runtime that uses the start-up cache, which is made now if there is none; without it if that fails."""
    cache = aot.path_for(runtime, specs[0])
    if not aot.is_valid(cache):
        try:
            _train(specs, runtime, cache, say)
        except (BrokerlabError, OSError) as error:
            say(f"no start-up cache could be made, so starts are slower: {str(error).splitlines()[0]}")
            return runtime
    return aot.using(runtime, cache)


def _train(specs: Sequence[NodeSpec], runtime: Runtime, cache: Path, say: Progress) -> None:
    cache.parent.mkdir(parents=True, exist_ok=True)
    with state.locked(KIND):
        if aot.is_valid(cache):  # another starter has made it meanwhile
            return
        say("making the JVM's start-up cache (once, 15 to 30 s)")
        clear(KIND, say)
        starter = Starter(LabState(secrets.token_hex(8), state.folder(KIND)))
        try:
            _record(specs, runtime, starter, cache, say)
        finally:
            take_down(starter.state)


def _record(specs: Sequence[NodeSpec], runtime: Runtime, starter: Starter, cache: Path, say: Progress) -> None:
    starter.state.save()
    with tempfile.TemporaryDirectory(dir=cache.parent, prefix=".new-") as staging:
        recorded = Path(staging) / cache.name
        nodes = startup.prepare(specs, runtime, starter.state, say)
        first = replace(nodes[0], command=_recording(nodes[0].command, aot.recording(runtime.java, recorded)))
        startup.start_all(
            (first, *nodes[1 : len(nodes) // 2 + 1]), starter
        )  # a majority is a quorum, and starts sooner
        processes.end(starter.state.processes[first.name], RECORDING_DEADLINE)
        if not recorded.is_file():
            raise LabError("the JVM wrote none")
        aot.publish(recorded, cache)


def _recording(command: tuple[str, ...], options: tuple[str, ...]) -> tuple[str, ...]:
    return (command[0], *options, *command[1:])
