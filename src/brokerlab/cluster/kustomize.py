"""A folder's manifests as kustomize builds them: by `kubectl kustomize`, or by the kustomize program."""

from __future__ import annotations

import shutil
from pathlib import Path

from brokerlab.cluster import tools
from brokerlab.core.errors import LabError, UsageError
from brokerlab.kube import applying
from brokerlab.kube.api import Json

NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")


def build(folder: Path) -> list[Json]:
    """Raises UsageError when there is no kustomization or it is wrong, LabError when no program can build it."""
    if not any((folder / name).is_file() for name in NAMES):
        raise UsageError(f"{folder} has no kustomization.yaml", "`brokerlab usecase new NAME` makes a working one")
    answer = tools.run([*_builder(), str(folder)])
    if answer.code != 0:
        reason = answer.err.strip().removeprefix("error: ").removeprefix("Error: ")
        raise UsageError(f"kustomize can't build {folder}: {' '.join(reason.split()) or 'it said nothing'}")
    manifests = applying.parsed(answer.out, str(folder))
    if not manifests:
        raise UsageError(f"{folder} builds nothing", "list its files under `resources` in kustomization.yaml")
    return manifests


def _builder() -> tuple[str, str]:
    for program, command in (("kustomize", "build"), ("kubectl", "kustomize")):
        if shutil.which(program):
            return program, command
    raise LabError("neither kubectl nor kustomize is on the PATH", tools.HOW_TO_GET["kustomize"])
