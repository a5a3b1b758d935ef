"""The store of run folders: private, never overwritten, found by a prefix, and honest about what was cut short."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from brokerlab.core.errors import UsageError
from brokerlab.core.files import write_json
from brokerlab.ledger import store

WHEN = datetime(2026, 11, 23, 16, 32, 39, tzinfo=UTC)


def made(runs: Path, scenario: str = "acks", verdict: str = "held") -> store.StoredRun:
    run = store.create(runs, scenario, WHEN)
    write_json(run.folder / store.PLAN, {"scenario": scenario, "load": {"messages": 2000}})
    write_json(run.folder / store.VERDICT, {"verdict": verdict})
    return run


def orphaned(run: store.StoredRun) -> store.StoredRun:
    """As if the process that carried it out had been killed: its pid is now another process's, or nobody's."""
    owner = json.loads((run.folder / store.OWNER).read_text())
    write_json(run.folder / store.OWNER, {**owner, "started": owner["started"] - 1})
    return run


def test_a_new_run_is_private_and_has_its_folders(tmp_path: Path) -> None:
    run = store.create(tmp_path / "runs", "acks", WHEN)
    assert run.run.startswith("20261123-163239-acks-")
    assert run.started == WHEN
    assert sorted(path.name for path in run.folder.iterdir() if path.is_dir()) == ["ledger", "logs", "metrics"]
    for folder in (tmp_path / "runs", run.folder, run.folder / "ledger"):
        assert folder.stat().st_mode & 0o777 == 0o700


def test_two_runs_in_the_same_second_get_two_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter(["aaaa", "aaaa", "bbbb"])
    monkeypatch.setattr("secrets.token_hex", lambda _: next(drawn))
    assert [store.create(tmp_path, "acks", WHEN).run[-4:] for _ in range(2)] == ["aaaa", "bbbb"]


def test_state_of_a_run(tmp_path: Path) -> None:
    assert store.create(tmp_path, "acks").state == "running"
    assert orphaned(store.create(tmp_path, "acks")).state == "interrupted"
    assert orphaned(made(tmp_path, verdict="broken")).state == "broken"
    torn = orphaned(store.create(tmp_path, "acks"))
    (torn.folder / store.VERDICT).write_text('{"verdict": "he')
    assert torn.state == "interrupted"


def test_a_run_is_found_by_its_beginning(tmp_path: Path) -> None:
    first, second = made(tmp_path, "acks"), made(tmp_path, "other")
    assert store.find(tmp_path, first.run) == first
    assert store.find(tmp_path, "20261123-163239-o") == second
    assert store.find(tmp_path, "last") == second
    with pytest.raises(UsageError, match="beginning of 2 runs") as caught:
        store.find(tmp_path, "2026")
    assert first.run in caught.value.hint
    with pytest.raises(UsageError, match="there is no run 'x'"):
        store.find(tmp_path, "x")
    with pytest.raises(UsageError, match="there is no run 'last'"):
        store.find(tmp_path / "none", "last")


def test_what_is_no_run_is_not_listed(tmp_path: Path) -> None:
    run = made(tmp_path)
    (tmp_path / "notes").mkdir()
    (tmp_path / "a-link").symlink_to(run.folder)
    (tmp_path / "file").write_text("")
    assert list(store.found(tmp_path)) == [run]


def test_deleting(tmp_path: Path) -> None:
    running, done = store.create(tmp_path, "acks"), orphaned(made(tmp_path))
    with pytest.raises(UsageError, match="still running"):
        store.delete(running)
    store.delete(done)
    assert list(tmp_path.iterdir()) == [running.folder]


def test_a_file_in_the_way_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("")
    with pytest.raises(UsageError, match="no run folder can be made"):
        store.create(tmp_path / "runs", "acks")
