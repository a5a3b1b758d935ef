"""Every failure is a sentence on standard error and a documented exit code; standard output stays clean."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from brokerlab import catalog
from brokerlab.core.errors import BrokerlabError, DeadlineError, InconclusiveError, LabError, UsageError
from tests.cli.conftest import Run


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["scenaro"], "no such command 'scenaro'. Did you mean 'scenario'?"),
        (["scenario", "lst"], "no such command 'lst'. Did you mean 'list'?"),
        (["scenario", "show", "acsk"], "there is no scenario 'acsk'"),
        (["scenario", "run", "acks", "--only", "acks=al"], "there is no variant of acks 'acks=al'"),
        (["scenario", "run", "acks", "--mesages", "5"], "no such option: --mesages"),
        (["scenario", "run", "acks", "--messages", "0"], "0 is impossible, it is between 1 and 4,294,967,295"),
        (["scenario", "run", "acks", "--messages", "many"], "invalid value for '--messages'"),
        (["scenario", "run", "acks", "--size", "27"], "27 is impossible, it is between 28 and 1,000,000"),
        (["scenario", "run", "acks", "--rate", "-1"], "-1 is impossible"),
        (["scenario", "run", "acks", "--producers", "0"], "0 is impossible, it is between 1 and 1,000"),
        (["scenario", "run", "acks", "--messages", "2", "--producers", "3"], "3 producers can't share 2 messages"),
        (["scenario", "run", "acks", "--lab", "external"], "--lab external needs to know where the cluster is"),
        (["scenario", "run", "acks", "--properties", "none.properties"], "does not exist"),
        (["scenario", "run"], "missing argument"),
        (["scenario", "check", "last"], "there is no run 'last'"),
        (["runs", "show", "2026"], "there is no run '2026'"),
        (["runs", "delete", "2026", "--yes"], "there is no run '2026'"),
    ],
)
def test_a_wrong_request_is_a_sentence_and_exit_code_2(brokerlab: Run, arguments: list[str], said: str) -> None:
    ran = brokerlab(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert ran.err.startswith("error: ")
    assert "Traceback" not in ran.err


def test_the_nearest_name_is_offered(brokerlab: Run) -> None:
    assert "did you mean 'acks'?" in brokerlab("scenario", "show", "acsk").err
    assert "did you mean 'acks=all'?" in brokerlab("scenario", "run", "acks", "--only", "acks=al").err


def test_a_line_of_a_properties_file_that_is_no_pair_is_named_but_not_printed(brokerlab: Run, home: Path) -> None:
    (home / "client.properties").write_text("# TLS\nsecurity.protocol=SSL\n\nhunter2\n")
    ran = brokerlab("scenario", "run", "acks", "--properties", "client.properties")
    assert (ran.code, ran.out) == (2, "")
    assert "client.properties, line 4: this is no key=value" in ran.err
    assert "hunter2" not in ran.err


@pytest.mark.parametrize(
    ("error", "code"),
    [(UsageError, 2), (InconclusiveError, 3), (DeadlineError, 3), (LabError, 4), (BrokerlabError, 70)],
)
def test_our_errors_have_their_codes(
    brokerlab: Run, monkeypatch: pytest.MonkeyPatch, error: type[BrokerlabError], code: int
) -> None:
    def fail() -> list[str]:
        raise error("the port is taken", "free it")

    monkeypatch.setattr(catalog, "scenario_names", fail)
    ran = brokerlab("scenario", "list")
    assert (ran.code, ran.out, ran.err) == (code, "", "error: the port is taken\n hint: free it\n")
    assert "Traceback" in brokerlab("--debug", "scenario", "list").err


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_disk_that_says_no_is_no_bug(brokerlab: Run, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def fail() -> list[str]:
        raise OSError(number, os.strerror(number), "/data/ledger")

    monkeypatch.setattr(catalog, "scenario_names", fail)
    ran = brokerlab("scenario", "list")
    assert (ran.code, ran.out) == (4, "")
    assert os.strerror(number).lower() in ran.err.lower()
    assert ("/data/ledger" in ran.err) and ("BROKERLAB_RUNS" in ran.err)


def test_a_bug_is_one_sentence_and_a_private_file_with_the_traceback(
    brokerlab: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(catalog, "scenario_names", lambda: 1 / 0)
    ran = brokerlab("scenario", "list")
    assert (ran.code, ran.out) == (70, "")
    assert "a bug in brokerlab, sorry: ZeroDivisionError: division by zero" in ran.err
    assert "Traceback" not in ran.err
    (written,) = (tmp_path / "state" / "tracebacks").iterdir()
    assert str(written) in ran.err
    assert "ZeroDivisionError" in written.read_text()
    assert written.stat().st_mode & 0o777 == 0o600


def test_a_bug_is_told_even_when_its_traceback_has_no_home(
    brokerlab: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    monkeypatch.setattr(catalog, "scenario_names", lambda: 1 / 0)
    ran = brokerlab("scenario", "list")
    assert ran.code == 70
    path = Path(ran.err.split("the traceback is in ")[1].split(";")[0])
    assert "ZeroDivisionError" in path.read_text()
    path.unlink()


def test_debug_shows_the_traceback_of_a_bug(brokerlab: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "scenario_names", lambda: 1 / 0)
    assert "Traceback (most recent call last)" in brokerlab("--debug", "scenario", "list").err
    monkeypatch.setenv("BROKERLAB_DEBUG", "1")
    assert "Traceback (most recent call last)" in brokerlab("scenario", "list").err


def test_ctrl_c_is_130(brokerlab: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> list[str]:
        raise KeyboardInterrupt

    monkeypatch.setattr(catalog, "scenario_names", interrupted)
    ran = brokerlab("scenario", "list")
    assert (ran.code, ran.out) == (130, "")
    assert "interrupted" in ran.err


def test_ctrl_c_stays_130_when_undoing_fails(brokerlab: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> list[str]:
        try:
            raise KeyboardInterrupt
        finally:
            raise InconclusiveError("kafka-1 did not come back")

    monkeypatch.setattr(catalog, "scenario_names", interrupted)
    ran = brokerlab("scenario", "list")
    assert (ran.code, ran.out) == (130, "")
    assert "interrupted, and not all could be undone: kafka-1 did not come back" in ran.err


WAITING = """
import sys, time
from brokerlab import catalog
from brokerlab.cli.main import main

def names():
    try:
        print("waiting", flush=True)
        time.sleep(60)
    finally:
        print("healed", flush=True)

catalog.scenario_names = names
sys.exit(main(["scenario", "list"]))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_heals_before_it_ends_the_command(home: Path, number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WAITING], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "waiting\n"
        child.send_signal(number)
        out, err = child.communicate(timeout=30)
    assert (child.returncode, out) == (130, "healed\n")
    assert "interrupted" in err


def test_a_reader_that_goes_away_is_no_verdict(home: Path) -> None:
    """`brokerlab scenario show acks | head -0`: exit code 141 as from a shell, not 1, which would say broken."""
    reader, writer = os.pipe()
    os.close(reader)
    ran = subprocess.run(
        [sys.executable, "-m", "brokerlab", "scenario", "show", "acks", "--json"],
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writer)
    assert (ran.returncode, ran.stderr) == (141, "")
