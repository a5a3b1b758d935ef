"""The data folder as a formatted node needs it (StorageTool, initdb), made once and kept in the cache folder.

What the tool writes is the same for every node and lab, but for the files that a spec gives as `data_files`; those are
written for each node anew. The template is known by the program's version, the tool's command and the node's files.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from brokerlab.core import folders
from brokerlab.core.errors import LabError
from brokerlab.core.lab import Progress
from brokerlab.core.node import NodeSpec, Program
from brokerlab.labs.local import processes, render
from brokerlab.labs.local.runtime import Launcher


def template(spec: NodeSpec, launcher: Launcher, say: Progress) -> Path | None:
    """The folder to copy as a fresh node's data; None when the spec needs none."""
    if not spec.formatted_by:
        return None
    home = folders.cache() / "formatted"
    ready = home / launcher.key(*spec.formatted_by.arguments, *spec.files, *spec.files.values())
    if not ready.is_dir():
        say("formatting a data folder (once)")
        _make(spec, spec.formatted_by, launcher, ready)
    return ready


def _make(spec: NodeSpec, program: Program, launcher: Launcher, ready: Path) -> None:
    try:
        ready.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=ready.parent, prefix=".new-") as staging:
            made = Path(staging) / "data"
            if launcher.account:
                _elsewhere(spec, program, launcher, made)
            else:
                _run(spec, program, launcher, made.parent)
            _publish(made, ready)
    except OSError as error:
        raise LabError(
            f"the template of a data folder cannot be written to {ready.parent}: {error.strerror or error}",
            "free some space there, or set BROKERLAB_CACHE to a folder of yours",
        ) from error


def _elsewhere(spec: NodeSpec, program: Program, launcher: Launcher, made: Path) -> None:
    """Somebody else makes it, where they can reach it."""
    with tempfile.TemporaryDirectory(prefix="brokerlab-") as reachable:
        _run(spec, program, launcher, Path(reachable))
        shutil.copytree(Path(reachable) / "data", made)


def _run(spec: NodeSpec, program: Program, launcher: Launcher, folder: Path) -> None:
    values = _sample_values(spec, folder)
    render.write_files(folder, spec.files, values)
    if launcher.account:
        launcher.account.own(folder)
    processes.run(
        launcher.command(program, values), folder, f"formatting a data folder by {program.name}", launcher.account
    )


def _sample_values(spec: NodeSpec, folder: Path) -> dict[str, str]:
    """Values for every place-holder that the spec's files may hold: the tool reads the file, but uses no address."""
    own = render.own_values(render.kafka_uuid(), folder)
    return _Sample(own | render.addresses({spec.name: {}}))


class _Sample(dict[str, str]):
    """Stands in for addresses that do not exist yet: a different port number for each name."""

    def __missing__(self, name: str) -> str:
        self[name] = "127.0.0.1" if name.startswith("host_") else str(1 + len(self))
        return self[name]


def _publish(made: Path, ready: Path) -> None:
    try:
        made.rename(ready)
    except OSError:
        if not ready.is_dir():  # not because another starter was first
            raise


def fill(template_folder: Path | None, data: Path) -> None:
    """Make `data` from the template, unless it is there already."""
    if data.exists():
        return
    if template_folder:
        shutil.copytree(template_folder, data)
    else:
        data.mkdir(parents=True)
