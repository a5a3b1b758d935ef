"""`brokerlab scenario run acks` for real: as a newcomer types it, interrupted, killed, twice at once, elsewhere."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree as ET

import psutil
import pytest

from brokerlab.core.wait import until

pytestmark = pytest.mark.lab

RUN = ("scenario", "run", "acks", "--messages", "600", "--rate", "600")


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "brokerlab", *arguments]


def brokerlab(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*arguments), capture_output=True, text=True, check=False, timeout=300)


@contextmanager
def started(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A command that runs while the test goes on; ended at the latest with the test."""
    child = subprocess.Popen(command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


def await_line(child: subprocess.Popen[str], part: str) -> None:
    """Read its standard error up to the line that has this part."""
    assert child.stderr is not None
    seen = []
    for line in child.stderr:
        seen.append(line)
        if part in line:
            return
    assert child.stdout is not None
    pytest.fail(f"{part!r} never came:\n{''.join(seen)}{child.stdout.read()}")


def nothing_remains(home: Path) -> bool:
    """An agent that was just being started ends when it has come so far as to notice that nobody listens to it."""
    return until(lambda: not remains(home), "the last process to end", deadline=30, seen=lambda: str(remains(home)))


def remains(home: Path) -> list[str]:
    """The processes that belong to this test's folders: each is told of them, by its command line or environment."""
    found = []
    for process in psutil.process_iter():
        try:
            told = [*process.cmdline(), *process.environ().values()]
        except (psutil.Error, OSError):  # it has just ended
            continue
        if any(str(home) in each for each in told) and process.pid != os.getpid():
            found.append(" ".join(process.cmdline())[:200])
    return found


def states() -> list[str]:
    return [run["state"] for run in json.loads(brokerlab("runs", "list", "--json").stdout)]


def test_the_main_job(home: Path) -> None:
    ran = brokerlab(*RUN, "--json", "--junit", str(home / "acks.xml"), "--html", str(home / "acks.html"))
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)  # nothing else is on standard output
    by_name = {variant["variant"]: variant for variant in told["variants"]}
    assert by_name["acks=0"]["lost"] > 0
    assert by_name["acks=1"]["lost"] > 0
    assert by_name["acks=all"]["lost"] == 0
    assert by_name["acks=all+idempotence"]["lost"] == by_name["acks=all+idempotence"]["duplicated"] == 0
    for variant in by_name.values():
        assert variant["testimonies"]
        assert all(each["agrees"] for each in variant["testimonies"])
        assert all(each["balanced"] for each in variant["identities"])
    (kill,) = (receipt for receipt in told["receipts"] if receipt["fault"] == "kill")
    assert kill["facts"]["fail_over_s"] > 0
    settings = json.loads((home / "runs" / told["run"] / "settings.json").read_text())
    assert settings["broker/2"]["broker.session.timeout.ms"] == "2000", "so that a fail-over takes 2.5 s, not 10"
    assert settings["client"]["producer"] == "librdkafka by ctypes"
    suite = ET.parse(home / "acks.xml").getroot().find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("4", "0", "0")
    page = (home / "acks.html").read_text()
    for part in ("kill, ", "leader at first", "acknowledged by kafka-", "was seen to lead", " stands #", ", 2/3"):
        assert part in page, part
    again = brokerlab("scenario", "check", "last", "--json")
    assert (again.returncode, json.loads(again.stdout)) == (0, told)
    assert json.loads(brokerlab("runs", "show", "last", "--json").stdout) == told
    assert states() == ["held"]
    assert nothing_remains(home)


@pytest.mark.parametrize(
    ("phase", "number"),
    [
        ("starting 3 nodes", signal.SIGINT),
        ("starting producers", signal.SIGTERM),
        ("FAULT pause", signal.SIGINT),
        ("FAULT kill", signal.SIGTERM),
        ("reading every partition", signal.SIGINT),
    ],
)
def test_interrupted_in_any_phase_it_leaves_nothing(home: Path, phase: str, number: signal.Signals) -> None:
    with started(*RUN) as child:
        await_line(child, phase)
        child.send_signal(number)
        out, err = child.communicate(timeout=120)
    assert (child.returncode, out) == (130, "")
    assert "error: interrupted" in err
    assert "Traceback" not in err
    assert nothing_remains(home)
    assert set(states()) <= {"interrupted"}


def test_killed_in_the_middle_it_leaves_a_lab_that_can_be_taken_down(home: Path) -> None:
    with started(*RUN) as child:
        await_line(child, "FAULT pause")
        child.send_signal(signal.SIGSTOP)  # so that it has not ended before the others have asked
        assert states() == ["running"]
        second = brokerlab(*RUN)
        assert (second.returncode, second.stdout) == (4, "")
        assert "another run is using the lab" in second.stderr
        child.kill()
        child.wait()
    assert states() == ["interrupted"]
    assert brokerlab("lab", "down").returncode == 0
    assert nothing_remains(home)
    assert brokerlab("runs", "delete", "last", "--yes").returncode == 0
    assert states() == []


def test_a_cluster_that_is_not_ours_is_left_whole_and_nothing_is_passed(home: Path) -> None:
    up = brokerlab("lab", "up", "--no-prometheus", "--json", "--quiet")
    assert up.returncode == 0, up.stderr
    nodes = [each for each in json.loads(up.stdout)["processes"] if "client" in each["ports"]]
    servers = ",".join(f"127.0.0.1:{node['ports']['client']}" for node in nodes)
    ran = brokerlab(*RUN, "--bootstrap", servers, "--no-prometheus", "--json")
    told = json.loads(ran.stdout)
    assert (ran.returncode, told["verdict"]) == (3, "skipped"), ran.stderr
    assert {variant["verdict"] for variant in told["variants"]} == {"skipped"}
    assert any("pause" in reason or "kill" in reason for reason in told["reasons"])
    assert brokerlab("lab", "down").returncode == 0
    assert nothing_remains(home)
