"""A lab's beginning and end, and everything that can come between: nothing is ever left behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from brokerlab.brokers.kafka import BROKER
from brokerlab.core import folders
from brokerlab.core.errors import LabError
from brokerlab.core.node import NodeSpec
from brokerlab.core.wait import until
from brokerlab.labs.local import aot, ports, processes, render, state
from brokerlab.labs.local.lab import LocalLab
from brokerlab.labs.local.runtime import find_runtime
from brokerlab.labs.local.starter import MARK
from brokerlab.labs.local.state import LabState

pytestmark = pytest.mark.lab


def brokerlab(*arguments: str) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, "-m", "brokerlab", *arguments], stdout=pipe, stderr=pipe, text=True, start_new_session=True
    )


def begun(nodes: int) -> LabState:
    """The state of a lab that is being started, as soon as so many processes of nodes are written down."""

    def seen() -> LabState | None:
        found = state.load("local")
        return found if found and sum(name.startswith("kafka") for name in found.processes) >= nodes else None

    found = until(seen, "the lab to begin", deadline=60, every=0.005)
    assert found
    return found


def nothing_is_left(lab: LabState) -> bool:
    numbers = [port for node in lab.nodes for port in node.ports.values()]
    return (
        not any(process.alive for process in lab.processes.values())
        and processes.marked(MARK, lab.lab_id) == []
        and not any(ports.listens(number) for number in numbers)
        and not lab.folder.exists()
    )


def with_setting(specs: Sequence[NodeSpec], line: str) -> tuple[NodeSpec, ...]:
    return tuple(replace(spec, files={name: text + line for name, text in spec.files.items()}) for spec in specs)


def test_down_leaves_no_process_no_port_and_no_file(home: Path) -> None:
    LocalLab.up(BROKER.nodes(3))
    lab = state.load("local")
    assert lab
    assert set(lab.processes) == {"kafka-1", "kafka-2", "kafka-3", "links", "prometheus"}
    assert not nothing_is_left(lab)
    assert LocalLab.down()
    assert nothing_is_left(lab)
    assert LocalLab.find() is None


def test_a_lab_without_prometheus(home: Path) -> None:
    lab = LocalLab.up(BROKER.nodes(1), with_prometheus=False)
    assert lab.prometheus() is None
    assert "prometheus" not in lab.capabilities
    assert lab.nodes() == ("kafka-1",)


def test_a_starter_that_was_killed_leaves_a_lab_that_can_be_taken_down(home: Path) -> None:
    starter = brokerlab("lab", "up")
    lab = begun(nodes=2)
    starter.kill()
    starter.communicate()
    assert not nothing_is_left(lab)
    assert brokerlab("lab", "down").wait(60) == 0
    assert nothing_is_left(lab)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_start_leaves_nothing(home: Path, number: signal.Signals) -> None:
    starter = brokerlab("lab", "up")
    lab = begun(nodes=3)
    os.kill(starter.pid, number)
    _, said = starter.communicate(timeout=60)
    assert starter.returncode == 130
    assert "Traceback" not in said
    assert nothing_is_left(lab)


def test_of_two_starts_at_once_one_wins(home: Path) -> None:
    both = [brokerlab("lab", "up") for _ in range(2)]
    said = [one.communicate(timeout=120)[1] for one in both]
    assert sorted(one.returncode for one in both) == [0, 4]
    assert sum("a lab is running already" in text for text in said) == 1
    found = LocalLab.find()
    assert found and [found.state(node) for node in found.nodes()] == ["running"] * 3


def test_a_lab_outlives_its_starter(home: Path) -> None:
    starter = brokerlab("lab", "up", "--no-prometheus")
    _, said = starter.communicate(timeout=120)
    assert starter.returncode == 0, said
    found = LocalLab.find()
    assert found and [found.state(node) for node in found.nodes()] == ["running"] * 3


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as server:
        server.bind((ports.HOST, 0))
        server.listen()
        yield server.getsockname()[1]


def test_a_port_that_was_taken_meanwhile_is_a_sentence(home: Path, taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else took the controller's port between our look and Kafka's."""
    free = ports.free_ports(12)
    monkeypatch.setattr(render, "free_ports", lambda *_: [free[0], taken, *free[2:]])
    with pytest.raises(LabError, match=r"(?s)kafka-1 ended while it was starting.*[Aa]ddress already in use"):
        LocalLab.up(BROKER.nodes(3), with_prometheus=False)
    assert LocalLab.find() is None
    assert not state.folder("local").exists()


def test_a_broker_that_does_not_come_up_shows_why(home: Path) -> None:
    specs = with_setting(BROKER.nodes(1), "metric.reporters=no.such.Reporter\n")
    with pytest.raises(LabError, match=r"(?s)kafka-1 ended while it was starting.*no\.such\.Reporter") as failure:
        LocalLab.up(specs, with_prometheus=False)
    assert "\tat " not in failure.value.message
    assert not state.folder("local").exists()


def test_settings_that_cannot_be_formatted_show_why(home: Path) -> None:
    specs = with_setting(BROKER.nodes(1), "num.network.threads=none\n")
    with pytest.raises(LabError, match=r"(?s)StorageTool failed.*num\.network\.threads"):
        LocalLab.up(specs, with_prometheus=False)
    assert not state.folder("local").exists()


def test_a_cache_without_start_up_cache_that_cannot_be_written_only_costs_time(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Libraries and formatted folder are there, but nothing can be added: the folder of start-up caches is a file."""
    specs = BROKER.nodes(1)
    LocalLab.up(specs, with_prometheus=False)
    LocalLab.down()
    cache = home / "cache"
    cache.mkdir()
    for name in ("jars", "formatted"):
        (cache / name).symlink_to(folders.cache() / name)
    (cache / "aot").write_text("")
    monkeypatch.setenv("BROKERLAB_CACHE", str(cache))
    said: list[str] = []
    lab = LocalLab.up(specs, with_prometheus=False, say=said.append)
    assert lab.state("kafka-1") == "running"
    assert [text for text in said if "no start-up cache could be made" in text]


def test_a_damaged_start_up_cache_is_made_anew(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = home / "cache"
    cache.mkdir()
    (cache / "jars").symlink_to(folders.cache() / "jars")
    monkeypatch.setenv("BROKERLAB_CACHE", str(cache))
    specs = BROKER.nodes(1)
    said: list[str] = []
    LocalLab.up(specs, with_prometheus=False, say=said.append)
    LocalLab.down()
    file = aot.path_for(find_runtime(specs, None, said.append), specs[0])
    whole = file.stat().st_size
    os.truncate(file, whole // 2)
    LocalLab.up(specs, with_prometheus=False, say=said.append)
    assert len([text for text in said if "making the JVM's start-up cache" in text]) == 2
    assert file.stat().st_size > whole // 2
