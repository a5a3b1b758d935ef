"""Rendering node specs: every documented place-holder is filled in, an unknown one is an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from brokerlab.core.node import JavaProgram, NodeSpec
from brokerlab.labs.local import render

PROGRAM = JavaProgram("Main", "jars", ("${data}", "${port_a_1_client}"), ("-Xmx1m",), {"key": "${cluster_id}"})


def spec(name: str) -> NodeSpec:
    return NodeSpec(name, PROGRAM, ("client", "control-plane"), "client")


def test_every_port_of_every_node_has_its_own_number() -> None:
    ports = render.assign_ports([spec("a-1"), spec("a-2")])
    numbers = [number for own in ports.values() for number in own.values()]
    assert list(ports) == ["a-1", "a-2"]
    assert len(set(numbers)) == 4


def test_dashes_become_underscores_in_place_holders() -> None:
    values = render.addresses({"a-1": {"control-plane": 7}})
    assert values == {"host_a_1": "127.0.0.1", "port_a_1_control_plane": "7"}


def test_the_command_has_everything_in_the_order_that_java_wants() -> None:
    values = {"data": "/d", "port_a_1_client": "7", "cluster_id": "c"}
    found = render.command(Path("/java"), ["-XX:AOTCache=f"], "a.jar:b.jar", PROGRAM, values)
    assert found == ("/java", "-XX:AOTCache=f", "-Xmx1m", "-cp", "a.jar:b.jar", "-Dkey=c", "Main", "/d", "7")


def test_an_unknown_place_holder_is_an_error() -> None:
    with pytest.raises(KeyError, match="port_a_9"):
        render.fill("${port_a_9}", {})


def test_files_are_written_below_the_folder(tmp_path: Path) -> None:
    render.write_files(tmp_path, {"conf/a.properties": "x=${data}\n"}, {"data": "/d"})
    assert (tmp_path / "conf" / "a.properties").read_text() == "x=/d\n"


def test_uuids_have_the_form_that_kafka_wants() -> None:
    found = {render.kafka_uuid() for _ in range(200)}
    assert len(found) == 200
    assert all(len(one) == 22 and not one.startswith("-") for one in found)
