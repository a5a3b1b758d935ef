"""The lab and its nodes' wardens: what a dead node still has comes into the ledger."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from brokerlab.brokers.kafka import BROKER
from brokerlab.core import message
from brokerlab.core.lab import Sought
from brokerlab.labs.kubernetes.connection import Place
from brokerlab.labs.kubernetes.lab import About, KubernetesLab
from brokerlab.labs.kubernetes.parts import Images
from brokerlab.ledger.read import load
from brokerlab.pods.warden import Warden
from tests.unit.labs.kubernetes.conftest import Running


def test_what_a_dead_node_still_has_is_read_by_its_warden(place: Place, running: Running, tmp_path: Path) -> None:
    data, folder, mark = tmp_path / "data", tmp_path / "ledger", message.stamp("r", "v")
    (data / "t.v-0").mkdir(parents=True)
    values = message.build(mark, 0, np.array([3, 4], np.uint32), 100, 1)
    (data / "t.v-0" / "0.log").write_bytes(b"head".join([b"", *values, b""]))
    running("kafka-2", Warden(tmp_path, data, 1).routes())
    lab = KubernetesLab(About(place, Images("ours:1"), BROKER.nodes(3)))
    for _ in range(2):  # it dies twice
        lab.keep_remains("kafka-2", Sought(BROKER, "t.v", mark, 100), folder)
    assert sorted(path.name for path in folder.iterdir()) == ["kafka-2.1.remains", "kafka-2.2.remains"]
    found = load(folder).remains
    assert found is not None
    assert found["seq"].tolist() == [3, 4, 3, 4]
