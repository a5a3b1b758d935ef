"""The store of run folders: one folder a run, private to its owner, never overwritten.

A run's id sorts by time: `20261123-163239-acks-7f3a` (UTC, the scenario, four random hex digits). A folder holds
plan.json, settings.json, story.json, witness.json and verdict.json, `ledger/`, `logs/` and `metrics/`. Its owner.json
names the process that carries the run out: with that process gone and no verdict, the run was interrupted.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, cast

from brokerlab.core.errors import UsageError
from brokerlab.core.files import write_json

OWNER, PLAN, VERDICT = "owner.json", "plan.json", "verdict.json"
FOLDERS = ("ledger", "logs", "metrics")
LAST = "last"
_DELETED = ".deleted-"

State = Literal["running", "interrupted", "held", "broken", "inconclusive", "skipped"]


@dataclass(frozen=True)
class StoredRun:
    """One run folder."""

    folder: Path

    @property
    def run(self) -> str:
        return self.folder.name

    @property
    def started(self) -> datetime | None:
        """When it was made, by its id (UTC)."""
        try:
            return datetime.strptime(self.run[:15], "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
        except ValueError:
            return None

    @property
    def scenario(self) -> str:
        return str(self._json(PLAN).get("scenario", "?"))

    @property
    def messages(self) -> int | None:
        """Messages a variant; None when the run did not get as far as a plan."""
        load = self._json(PLAN).get("load", {})
        return load.get("messages") if isinstance(load, dict) else None

    @property
    def state(self) -> State:
        verdict = self._json(VERDICT).get("verdict")
        if verdict in ("held", "broken", "inconclusive", "skipped"):
            return cast(State, verdict)
        return "running" if _alive(self._json(OWNER)) else "interrupted"

    def verdict(self) -> dict[str, Any]:
        """verdict.json. Raises UsageError when there is none."""
        found = self._json(VERDICT)
        if not found:
            raise UsageError(f"run {self.run} is {self.state}: it has no verdict", f"its folder is {self.folder}")
        return found

    def _json(self, name: str) -> dict[str, Any]:
        try:
            found = json.loads((self.folder / name).read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}


def create(runs: Path, scenario: str, now: datetime | None = None) -> StoredRun:
    """A new, empty run folder below `runs`. Raises UsageError when it can't be made (no rights, no space)."""
    stamp = (now or datetime.now(UTC)).astimezone(UTC).strftime("%Y%m%d-%H%M%S")
    try:
        runs.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder = _fresh(runs, f"{stamp}-{scenario}")
        for name in FOLDERS:
            (folder / name).mkdir(mode=0o700)
        write_json(folder / OWNER, _me())
    except OSError as error:
        raise UsageError(
            f"no run folder can be made in {runs}: {error.strerror}", "name another one with --runs-dir"
        ) from None
    return StoredRun(folder)


def _fresh(runs: Path, stem: str) -> Path:
    """A folder that was not there before: making it fails when it exists, so two runs at once get two."""
    while True:
        folder = runs / f"{stem}-{secrets.token_hex(2)}"
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            continue
        return folder


def found(runs: Path) -> Iterator[StoredRun]:
    """The runs that are there, oldest first."""
    if runs.is_dir():
        yield from sorted(
            (StoredRun(path) for path in runs.iterdir() if _is_run(path)), key=lambda stored: stored.folder.name
        )


def find(runs: Path, name: str) -> StoredRun:
    """The one run whose id is `name` or begins with it; "last": the latest; else the run folder of that path, which may
    have come from elsewhere. Raises UsageError."""
    stored = list(found(runs))
    if name == LAST and stored:
        return stored[-1]
    matching = [each for each in stored if each.run == name] or [each for each in stored if each.run.startswith(name)]
    if len(matching) == 1:
        return matching[0]
    if not matching and _is_run(Path(name)):
        return StoredRun(Path(name).resolve())
    if not matching:
        raise UsageError(f"there is no run {name!r} in {runs}", "brokerlab runs list shows the runs there are")
    ids = ", ".join(each.run for each in matching)
    raise UsageError(f"{name!r} is the beginning of {len(matching)} runs", f"say more of it: {ids}")


def delete(stored: StoredRun) -> None:
    """Remove a run and all that it wrote. It disappears in one step; what is left of it after a crash is no run."""
    if stored.state == "running":
        raise UsageError(f"run {stored.run} is still running", "stop it first")
    doomed = stored.folder.with_name(_DELETED + stored.run)
    try:
        stored.folder.rename(doomed)
        shutil.rmtree(doomed)
    except OSError as error:
        raise UsageError(f"run {stored.run} can't be deleted: {error.strerror}", f"see {doomed.parent}") from None


def _is_run(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink() and (path / OWNER).is_file()


def _me() -> dict[str, Any]:
    import psutil

    return {"pid": os.getpid(), "started": psutil.Process().create_time()}


def _alive(owner: dict[str, Any]) -> bool:
    import psutil

    try:
        return bool(psutil.Process(owner["pid"]).create_time() == owner["started"])
    except (KeyError, TypeError, ValueError, psutil.Error):
        return False
