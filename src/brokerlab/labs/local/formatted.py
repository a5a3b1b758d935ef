"""The data folder as a formatted node needs it (Kafka: StorageTool), made once and kept in the cache folder.

What the tool writes is the same for every node and lab, but for the files that a spec gives as `data_files`; those are
written for each node anew. The template is known by the libraries, the tool's command and the node's files.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from brokerlab.core import folders
from brokerlab.core.errors import LabError
from brokerlab.core.node import JavaProgram, NodeSpec
from brokerlab.core.protocols import Progress
from brokerlab.labs.local import render
from brokerlab.labs.local.logs import without_frames
from brokerlab.labs.local.runtime import Runtime

DEADLINE = 60  # seconds; it takes one to three


def template(spec: NodeSpec, runtime: Runtime, say: Progress) -> Path | None:
    """The folder to copy as a fresh node's data; None when the spec needs none."""
    if not spec.formatted_by:
        return None
    home = folders.cache() / "formatted"
    ready = home / runtime.key(*spec.formatted_by.arguments, *spec.files, *spec.files.values())
    if not ready.is_dir():
        say("formatting a data folder (once)")
        _make(spec, spec.formatted_by, runtime, ready)
    return ready


def _make(spec: NodeSpec, program: JavaProgram, runtime: Runtime, ready: Path) -> None:
    try:
        ready.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=ready.parent, prefix=".new-") as staging:
            _run(spec, program, runtime, Path(staging))
            _publish(Path(staging) / "data", ready)
    except OSError as error:
        raise LabError(
            f"the template of a data folder cannot be written to {ready.parent}: {error.strerror or error}",
            "free some space there, or set BROKERLAB_CACHE to a folder of yours",
        ) from error


def _run(spec: NodeSpec, program: JavaProgram, runtime: Runtime, folder: Path) -> None:
    values = _sample_values(spec)
    render.write_files(folder, spec.files, values)
    command = render.command(runtime.java.path, (), runtime.class_path, program, values)
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=DEADLINE, check=False)
    except subprocess.TimeoutExpired as error:
        raise LabError(f"{program.main} did not format a data folder within {DEADLINE} s") from error
    if done.returncode:
        raise LabError(
            f"{program.main} could not format a data folder:\n{without_frames(done.stdout + done.stderr, 8)}"
        )


def _sample_values(spec: NodeSpec) -> dict[str, str]:
    """Values for every place-holder that the spec's files may hold: the tool reads the file, but uses no address."""
    own = render.own_values(render.kafka_uuid())
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
