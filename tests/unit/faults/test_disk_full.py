"""Disk full: the leader's logs stop at their size, and the receipt wants another leader."""

from __future__ import annotations

from pathlib import Path

import pytest

from brokerlab.core.broker import PartitionState
from brokerlab.core.errors import InconclusiveError
from brokerlab.core.fault import Scene, Sighting
from brokerlab.faults.disk_full import DiskFull
from tests.fakes.scenes import MemoryAdmin, MemoryLab, MemoryNodes, crew

FAR_FUTURE = 1 << 60


def sighting(leader: int) -> Sighting:
    return Sighting(FAR_FUTURE, PartitionState("t", 0, leader, 0, (1, 2, 3), (1, 2, 3)))


@pytest.fixture
def seen() -> list[Sighting]:
    return []


@pytest.fixture
def lab(tmp_path: Path) -> MemoryLab:
    return MemoryLab(folder=tmp_path)


@pytest.fixture
def scene(lab: MemoryLab, seen: list[Sighting], tmp_path: Path) -> Scene:
    topics = {"one": "small", "two": "large"}
    return Scene(lab, MemoryNodes(), MemoryAdmin(leader=2), topics, dict, lambda: seen, {}, crew(tmp_path))


@pytest.fixture
def logs(tmp_path: Path) -> None:
    (tmp_path / "node-2").mkdir()
    for name, size in (("small", 10), ("large", 99), ("of another topic", 5000)):
        (tmp_path / "node-2" / f"{name}.log").write_bytes(bytes(size))


@pytest.mark.usefixtures("logs")
def test_the_leaders_logs_stop_growing_until_it_is_healed(scene: Scene, lab: MemoryLab, seen: list[Sighting]) -> None:
    facts = DiskFull().hurt(scene)
    assert lab.limits == {"node-2": 99}
    lab.states["node-2"] = "gone"
    DiskFull().heal(scene)
    DiskFull().heal(scene)
    assert lab.done == ["restart node-2"]
    assert not any(lab.limits[node] for node in ("node-1", "node-3"))
    seen.append(sighting(3))
    receipt = DiskFull().receipt(scene, facts)
    assert receipt.bit
    assert "node-2 could write no further record, and gave up; node-3 led after" in receipt.sentence


@pytest.mark.usefixtures("logs")
def test_a_leader_that_goes_on_leading_was_not_hurt(scene: Scene, lab: MemoryLab, seen: list[Sighting]) -> None:
    facts = DiskFull().hurt(scene)
    seen += [sighting(2), sighting(-1)]
    assert not DiskFull().receipt(scene, facts).bit
    DiskFull().heal(scene)
    assert lab.limits["node-2"] is None


def test_without_a_log_there_is_nothing_to_stop(scene: Scene) -> None:
    with pytest.raises(InconclusiveError, match="node-2 has no log"):
        DiskFull().hurt(scene)
