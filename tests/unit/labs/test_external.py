"""The external lab: somebody else's cluster is named, never hurt."""

from __future__ import annotations

import pytest

from brokerlab.core.errors import LabError, UsageError
from brokerlab.labs.external import ExternalLab, checked


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("kafka.example:9092", "kafka.example:9092"),
        (" a:1 , b:2 ", "a:1,b:2"),
        ("10.0.0.1:9092", "10.0.0.1:9092"),
        ("[::1]:9092", "[::1]:9092"),
    ],
)
def test_bootstrap_servers(said: str, meant: str) -> None:
    assert checked(said) == meant


@pytest.mark.parametrize("said", ["", ",", "kafka", "kafka:", "kafka:0", "kafka:70000", "http://kafka:9092", "a:1,b"])
def test_what_is_no_server_is_a_sentence(said: str) -> None:
    with pytest.raises(UsageError, match=r"HOST:PORT|no bootstrap server"):
        checked(said)


def test_it_has_no_nodes_and_refuses_to_hurt() -> None:
    lab = ExternalLab.up("127.0.0.1:9", with_prometheus=False, say=lambda _: None)
    assert lab.nodes() == ()
    assert lab.endpoint("client") == "127.0.0.1:9"
    assert lab.capabilities == frozenset({"agents"})
    assert lab.prometheus() is None
    for hurt in (lab.kill, lab.pause, lab.resume, lab.restart, lab.state, lab.logs):
        with pytest.raises(LabError, match="this cluster is not ours"):
            hurt("kafka-1")
    assert ExternalLab.down(lambda _: None)
    assert not ExternalLab.down(lambda _: None)
