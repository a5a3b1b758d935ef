"""Defaults: flag > environment > file > built in, and a sentence for what the file has wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run

IMPOSSIBLE = "is impossible"


def test_file_then_environment_then_flag(brokerlab: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each source gives an impossible number; the one that is complained about is the one that won."""
    run = ("scenario", "run", "acks")
    monkeypatch.setenv("BROKERLAB_SCENARIO_RUN_SIZE", "5")
    assert f"5 {IMPOSSIBLE}" in brokerlab(*run).err
    assert f"6 {IMPOSSIBLE}" in brokerlab(*run, "--size", "6").err
    (home / "brokerlab.toml").write_text('[runs]\n[scenario.run]\nlab = "external"\nsize = 100\n')
    assert f"5 {IMPOSSIBLE}" in brokerlab(*run).err
    monkeypatch.delenv("BROKERLAB_SCENARIO_RUN_SIZE")
    assert "--lab external needs" in brokerlab(*run).err


def test_the_users_own_file_counts_when_there_is_none_here(brokerlab: Run, home: Path, tmp_path: Path) -> None:
    own = tmp_path / "config" / "brokerlab" / "brokerlab.toml"
    own.parent.mkdir(parents=True)
    own.write_text('[scenario.run]\nlab = "external"\n')
    assert "--lab external needs" in brokerlab("scenario", "run", "acks").err
    (home / "brokerlab.toml").write_text("[scenario.run]\nsize = 1\n")
    assert "'size' can't be 1" in brokerlab("scenario", "run", "acks").err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[scenario.run]\nmesages = 5\n", "[scenario.run] of brokerlab.toml: there is no 'mesages' here"),
        ("[scenario.rnu]\nmessages = 5\n", "[scenario] of brokerlab.toml: there is no 'rnu' here"),
        ("[scenrio]\n", "brokerlab.toml: there is no 'scenrio' here"),
        ("messages = 5\n", "brokerlab.toml: there is no 'messages' here"),
        ("[scenario.run]\nmessages = 'many'\n", "[scenario.run] of brokerlab.toml: 'messages' can't be 'many'"),
        ("[scenario.run]\nmessages = 0\n", "'messages' can't be 0: 0 is impossible"),
        ("[scenario.run]\nmessages = true\n", "'messages' must not be true or false"),
        ("[scenario.run]\nkeep = 'yes'\n", "'keep' must be true or false, it is 'yes'"),
        ("[scenario.run]\nonly = 'acks=1'\n", "'only' must be a list"),
        ("[scenario.run]\nlab = 'cloud'\n", "'lab' can't be 'cloud'"),
        ("scenario = 3\n", "'scenario' must be a table"),
        ("[scenario.run\n", "is no valid TOML"),
        ("[scenario]\nrun = 5\n", "'run' must be a table"),
    ],
)
def test_what_the_file_has_wrong_is_a_sentence(brokerlab: Run, home: Path, text: str, said: str) -> None:
    (home / "brokerlab.toml").write_text(text)
    ran = brokerlab("scenario", "run", "acks")
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_the_nearest_key_is_offered(brokerlab: Run, home: Path) -> None:
    (home / "brokerlab.toml").write_text("[scenario.run]\nmesages = 5\n")
    assert "did you mean 'messages'?" in brokerlab("scenario", "run", "acks").err


def test_dashes_and_underscores_are_the_same(brokerlab: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BROKERLAB_RUNS")
    for key in ("runs-dir", "runs_dir"):
        (home / "brokerlab.toml").write_text(f'[runs.list]\n{key} = "elsewhere"\n')
        assert "no runs in elsewhere" in brokerlab("runs", "list").err


def test_a_file_that_the_environment_names_must_be_there(brokerlab: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROKERLAB_CONFIG", "gone.toml")
    ran = brokerlab("runs", "list")
    assert (ran.code, ran.out) == (2, "")
    assert "gone.toml is not there" in ran.err
