"""An agent's ledger, brought back from its pod: every file, each checked by its size and sha256 before it counts.

Files are written a piece at a time beside where they belong, and renamed when they are whole: memory stays small, and
what is in the ledger's folder is what the agent wrote.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from brokerlab.core.errors import InconclusiveError
from brokerlab.core.wait import until
from brokerlab.kube.pods import BrokenError, PodHttp
from brokerlab.labs.kubernetes.connection import AGAIN_S, HICCUP_S


def bring(keeper: PodHttp, folder: Path) -> None:
    """Bring all files of a pod's ledger into `folder`, unless another agent of that pod still writes: that one's will.

    Raises InconclusiveError when they do not come whole, however often they are asked for within a while.
    """
    folder.mkdir(parents=True, exist_ok=True)
    problem = ""

    def whole() -> bool:
        nonlocal problem
        try:
            listed = keeper.json("get", "ledger")
            problem = "" if listed["running"] else _bring(keeper, listed["files"], folder)
        except BrokenError as error:
            problem = error.message
        return not problem

    try:
        until(
            whole, f"the ledger of {keeper.pod} to come whole", deadline=HICCUP_S, every=AGAIN_S, seen=lambda: problem
        )
    except OSError as error:
        raise InconclusiveError(
            f"the ledger could not be written to {folder}: {error.strerror}", "free some space there"
        ) from error


def _bring(keeper: PodHttp, files: list[Any], folder: Path) -> str:
    """Returns what is wrong with the first file that did not come whole; "" = nothing."""
    for about in files:
        staged = folder / f".{about['name']}.coming"
        try:
            keeper.save(f"ledger/{about['name']}", staged)
            problem = wrong(staged, about)
            if problem:
                return problem
            staged.replace(folder / about["name"])
        finally:
            staged.unlink(missing_ok=True)
    return ""


def wrong(path: Path, about: Any) -> str:
    """What distinguishes a file from what its keeper says of it; "" = nothing."""
    size = path.stat().st_size
    if size != about["size"]:
        return f"of {about['name']} came {size} bytes, it has {about['size']}"
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return "" if digest == about["sha256"] else f"{about['name']} came with another checksum than it has"
