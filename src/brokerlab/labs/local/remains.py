"""Taking down a lab, or whatever is left of one: by what is written down, whoever wrote it, in whatever version."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Collection, Iterable
from signal import Signals

from brokerlab.core.lab import Progress
from brokerlab.labs.local import account, processes, state
from brokerlab.labs.local.starter import MARK
from brokerlab.labs.local.state import LabState, NodeRecord

ENDING_S = 5


def clear(kind: str, say: Progress) -> bool:
    """Take down what the lab of that kind has left; returns whether there was anything. The caller holds its lock."""
    found = state.load(kind)
    if found:
        say("taking the lab down" if found.alive else f"removing what an earlier {kind} lab left behind")
        take_down(found)
    return found is not None


def take_down(lab: LabState) -> None:
    """End every process of a lab by force (its data are discarded), and remove its folder.

    Nodes are not asked to end first: the last of a quorum would wait for a majority that is gone. But one that would
    leave something in the system (Postgres: a piece of shared memory) is ended by the signal that lets it clean up.
    """
    _let_clean_up(lab, lab.nodes)
    processes.kill(lab.processes.values())
    if lab.lab_id and not lab.complete:
        # Between a process's start and its line in lab.json lies a moment in which its starter may have died.
        processes.kill(processes.marked(MARK, lab.lab_id))
    if lab.lab_id:
        shutil.rmtree(account.home(lab.lab_id), ignore_errors=True)
    shutil.rmtree(lab.folder, ignore_errors=True)
    with contextlib.suppress(OSError):
        (lab.folder / "lab.json").unlink(missing_ok=True)


def remove_nodes(lab: LabState, names: Collection[str]) -> None:
    """End these nodes, and remove their folders, however far their start had come."""
    _let_clean_up(lab, [node for node in lab.nodes if node.name in names])
    processes.kill(lab.processes[name] for name in names if name in lab.processes)
    for name in names:
        for home in (lab.folder, account.home(lab.lab_id)):
            shutil.rmtree(home / name, ignore_errors=True)


def _let_clean_up(lab: LabState, nodes: Iterable[NodeRecord]) -> None:
    for node in nodes:
        process = lab.processes.get(node.name)
        if process and node.ended_by != "SIGKILL":
            processes.resume(process)
            processes.end(process, ENDING_S, Signals[node.ended_by])
