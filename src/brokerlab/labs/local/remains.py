"""Taking down a lab, or whatever is left of one: by what is written down, whoever wrote it, in whatever version."""

from __future__ import annotations

import contextlib
import shutil

from brokerlab.core.protocols import Progress
from brokerlab.labs.local import processes, state
from brokerlab.labs.local.starter import MARK
from brokerlab.labs.local.state import LabState


def clear(kind: str, say: Progress) -> bool:
    """Take down what the lab of that kind has left; returns whether there was anything. The caller holds its lock."""
    found = state.load(kind)
    if found:
        say("taking the lab down" if found.alive else f"removing what an earlier {kind} lab left behind")
        take_down(found)
    return found is not None


def take_down(lab: LabState) -> None:
    """End every process of a lab by force (its data are discarded), and remove its folder.

    Nodes are not asked to end first: the last of a quorum would wait for a majority that is gone.
    """
    processes.kill(lab.processes.values())
    if lab.lab_id and not lab.complete:
        # Between a process's start and its line in lab.json lies a moment in which its starter may have died.
        processes.kill(processes.marked(MARK, lab.lab_id))
    shutil.rmtree(lab.folder, ignore_errors=True)
    with contextlib.suppress(OSError):
        (lab.folder / "lab.json").unlink(missing_ok=True)
