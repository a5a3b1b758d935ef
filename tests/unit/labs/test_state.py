"""The written state of a lab: whole or not at all, one lab at a time, and readable across versions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from brokerlab.core.errors import LabError
from brokerlab.core.wait import until
from brokerlab.labs.local import processes, remains, state
from brokerlab.labs.local.lab import LocalLab
from brokerlab.labs.local.processes import ProcessId
from brokerlab.labs.local.state import LabState, NodeRecord
from brokerlab.labs.local.status import status

HOLD = (
    "import sys; from brokerlab.labs.local import state\n"
    "with state.locked('local'):\n    print('held', flush=True); sys.stdin.read()"
)


@pytest.fixture
def lab(home: Path) -> LabState:
    node = NodeRecord(
        "kafka-1", ("java", "kafka.Kafka"), {"client": 20_001}, "client", state.folder("local") / "kafka-1"
    )
    return LabState("id", state.folder("local"), {}, (node,), "http://127.0.0.1:1", complete=True)


@pytest.fixture
def sleeper(tmp_path: Path) -> ProcessId:
    """A process that stands for one of the lab's; ended by the test, or when the minute is over."""
    one, _child = processes.start(["sleep", "60"], tmp_path, tmp_path / "log", {})
    return one


def test_what_is_saved_is_loaded(lab: LabState) -> None:
    lab = lab.with_process("kafka-1", ProcessId(1, 2.0, 3.0))
    lab.save()
    assert state.load("local") == lab


def test_its_ports_are_those_of_its_nodes_and_of_its_prometheus(lab: LabState) -> None:
    assert lab.ports == {20_001, 1}
    assert replace(lab, prometheus_url=None).ports == {20_001}


def test_without_a_file_there_is_no_lab() -> None:
    assert state.load("local") is None
    assert status().state == "down"


def test_a_file_that_is_no_state_is_a_sentence(lab: LabState) -> None:
    lab.save()
    (lab.folder / "lab.json").write_text('{"format": 1, "processes": {}, "nod')
    with pytest.raises(LabError, match=r"lab\.json cannot be read"):
        state.load("local")


def test_a_failed_save_leaves_the_old_state(lab: LabState, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a full disk."""
    lab.save()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fdopen", full)
    with pytest.raises(OSError, match="No space left"):
        replace(lab, complete=False).save()
    assert state.load("local") == lab
    assert [path.name for path in lab.folder.iterdir()] == ["lab.json"]


def test_a_dead_lab_is_not_found(lab: LabState, sleeper: ProcessId) -> None:
    lab.with_process("kafka-1", sleeper).save()
    assert LocalLab.find() is not None
    processes.kill([sleeper])
    assert LocalLab.find() is None
    assert status().state == "down"


def test_a_half_started_lab_is_not_found_but_shown_and_taken_down(lab: LabState, sleeper: ProcessId) -> None:
    replace(lab, complete=False).with_process("kafka-1", sleeper).save()
    assert LocalLab.find() is None
    assert status().state == "incomplete"
    assert LocalLab.down()
    assert not sleeper.alive
    assert not lab.folder.exists()


def test_a_process_nobody_wrote_down_is_taken_down_with_a_half_started_lab(lab: LabState, tmp_path: Path) -> None:
    one, _child = processes.start(["sleep", "60"], tmp_path, tmp_path / "log", {"BROKERLAB_LAB": lab.lab_id})
    replace(lab, complete=False).save()
    LocalLab.down()
    assert not one.alive


@pytest.mark.parametrize("number", [0, 99])
def test_a_lab_of_another_version_is_found_and_taken_down(lab: LabState, sleeper: ProcessId, number: int) -> None:
    record = {"format": number, "processes": {"broker": asdict(sleeper)}, "what": {"nobody": "knows"}}
    lab.folder.mkdir(parents=True)
    (lab.folder / "lab.json").write_text(json.dumps(record))
    with pytest.raises(LabError, match="another version of brokerlab is running"):
        LocalLab.find()
    with pytest.raises(LabError, match="another version"):
        LocalLab.up(())
    assert sleeper.alive
    assert LocalLab.down()
    assert not sleeper.alive
    assert not lab.folder.exists()


def test_a_process_that_has_a_dead_nodes_pid_survives_down(lab: LabState, sleeper: ProcessId) -> None:
    stale = replace(sleeper, created=sleeper.created - 1000, since_boot=sleeper.since_boot - 1000)
    lab.with_process("kafka-1", stale).save()
    LocalLab.down()
    assert sleeper.alive
    processes.kill([sleeper])


def test_down_without_a_lab_says_so(said: list[str]) -> None:
    assert not LocalLab.down(said.append)
    assert said == []


def test_two_starters_do_not_fight(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "LOCK_DEADLINE", 0.2)
    holder = subprocess.Popen([sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout and holder.stdout.readline() == b"held\n"
    with (
        pytest.raises(LabError, match="another brokerlab has been starting or stopping the local lab"),
        state.locked("local"),
    ):
        pass
    holder.kill()  # a lock is free again when its holder was killed
    holder.wait()
    holder.stdout.close()
    with state.locked("local"):
        assert (home / "state").is_dir()


def test_a_state_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("BROKERLAB_STATE", str(tmp_path / "file" / "state"))
    with pytest.raises(LabError, match=r"the state folder .* cannot be written"), state.locked("local"):
        pass


def test_clear_waits_until_the_process_is_gone(lab: LabState, sleeper: ProcessId, said: list[str]) -> None:
    lab.with_process("kafka-1", sleeper).save()
    assert remains.clear("local", said.append)
    until(lambda: not sleeper.alive, "nothing", deadline=0)
    assert said == ["taking the lab down"]
