"""Postgres as a node: nobody gets in without its password, a kill costs no commit, and nothing is left behind."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

import psutil
import psycopg
import pytest

from brokerlab.brokers.kafka import BROKER as KAFKA
from brokerlab.brokers.postgres import BROKER
from brokerlab.brokers.postgres.client import connect
from brokerlab.core.errors import LabError
from brokerlab.labs.local import account, ports, processes, state
from brokerlab.labs.local.lab import LocalLab
from brokerlab.labs.local.starter import MARK
from brokerlab.labs.local.state import LabState

pytestmark = pytest.mark.lab


def started() -> tuple[LocalLab, LabState]:
    lab = LocalLab.up(BROKER.nodes(1), with_prometheus=False)
    found = state.load("local")
    assert found
    return lab, found


def nothing_is_left(lab: LabState) -> bool:
    return not (
        any(process.alive for process in lab.processes.values())
        or processes.marked(MARK, lab.lab_id)
        or any(ports.listens(number) for node in lab.nodes for number in node.ports.values())
        or lab.folder.exists()
        or account.home(lab.lab_id).exists()
    )


def test_nobody_gets_in_without_the_password_that_is_in_a_file_of_its_own(home: Path) -> None:
    lab, found = started()
    endpoint = lab.endpoint(BROKER.port)
    passfile = found.nodes[0].folder / "pgpass"
    secret = passfile.read_text().strip().rpartition(":")[2]
    assert passfile.stat().st_mode & 0o777 == 0o600
    assert len(secret) >= 32
    assert secret not in endpoint + (found.folder / "lab.json").read_text()
    server = psutil.Process(found.processes["postgres-1"].pid)
    assert secret not in " ".join([*server.cmdline(), *server.environ().values()])
    assert server.uids().real != 0
    assert {one.laddr.ip for one in server.net_connections()} == {"127.0.0.1"}
    with connect(endpoint) as link:
        assert link.execute("SELECT 1").fetchone() == (1,)
    for wrong in ("password=wrong", "password=''"):
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(endpoint.rpartition("passfile")[0] + f"passfile=/nowhere {wrong}")


def test_a_kill_ends_all_of_it_and_costs_no_commit(home: Path) -> None:
    lab, found = started()
    with connect(lab.endpoint(BROKER.port)) as link:
        link.execute("CREATE TABLE kept AS SELECT 42 AS number")
    open_one = connect(lab.endpoint(BROKER.port))
    lab.pause("postgres-1")
    assert lab.state("postgres-1") == "paused"
    lab.kill("postgres-1")
    assert lab.state("postgres-1") == "gone"
    assert not processes.marked(MARK, found.lab_id)
    with pytest.raises(psycopg.OperationalError):
        open_one.execute("SELECT 1")
    lab.restart("postgres-1")
    with connect(lab.endpoint(BROKER.port)) as link:
        assert link.execute("SELECT number FROM kept").fetchone() == (42,)
    assert LocalLab.down()
    assert nothing_is_left(found)


def test_it_is_added_to_a_lab_that_is_up_and_goes_with_it(home: Path) -> None:
    lab = LocalLab.up(KAFKA.nodes(1), with_prometheus=False)
    lab.add(BROKER.nodes(1))
    found = LocalLab.find()
    assert found
    assert (found.nodes(), found.nodes("kafka")) == (("kafka-1", "postgres-1"), ("kafka-1",))
    assert "host=" not in found.endpoint(KAFKA.port)
    with connect(found.endpoint(BROKER.port)) as link:
        assert link.execute("SELECT 1").fetchone() == (1,)
    whole = state.load("local")
    assert whole
    assert LocalLab.down()
    assert nothing_is_left(whole)


def test_one_that_does_not_come_up_leaves_the_lab_as_it_was(home: Path) -> None:
    lab, found = started()
    (spec,) = BROKER.nodes(1)
    broken = replace(spec, name="broken-1", data_files={**spec.data_files, "postgresql.conf": "no_such_setting = 1\n"})
    with pytest.raises(LabError, match=r"(?s)preparing broken-1 by postgres failed.*no_such_setting"):
        lab.add([broken])
    assert lab.nodes() == ("postgres-1",)
    assert lab.state("postgres-1") == "running"
    assert not (account.home(found.lab_id) / "broken-1").exists()
    assert state.load("local") == found


def test_a_server_that_was_killed_from_outside_is_found_gone_and_healed(home: Path) -> None:
    lab, found = started()
    os.kill(found.processes["postgres-1"].pid, signal.SIGKILL)
    processes.kill([found.processes["postgres-1"]])
    assert lab.state("postgres-1") == "gone"
    lab.heal()
    assert lab.state("postgres-1") == "running"
