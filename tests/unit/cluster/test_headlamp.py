"""Tokens by the TokenRequest API, durations, and the clipboard."""

from __future__ import annotations

from pathlib import Path

import pytest

from brokerlab.cluster import headlamp
from brokerlab.core.errors import LabError, UsageError
from brokerlab.kube.api import Kube
from tests.fakes.kube_api import KubeApi, forbidden


@pytest.mark.parametrize(
    ("text", "seconds"), [("24h", 86400), ("90m", 5400), ("1h30m", 5400), ("1d", 86400), ("600s", 600)]
)
def test_durations(text: str, seconds: int) -> None:
    assert headlamp.seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "24", "h", "1.5h", "24h ", "9m", "0h", "-1h", "1h x"])
def test_what_is_no_duration_or_too_short(text: str) -> None:
    with pytest.raises(UsageError):
        headlamp.seconds(text)


def test_the_token_is_asked_for_with_its_duration(api: KubeApi, kube: Kube) -> None:
    api.add({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "headlamp", "namespace": "headlamp"}})
    assert headlamp.token(kube, "1h") == "token-for-3600"
    assert "POST /api/v1/namespaces/headlamp/serviceaccounts/headlamp/token" in api.requests


def test_no_account_says_which_addon_brings_it(kube: Kube) -> None:
    with pytest.raises(LabError) as caught:
        headlamp.token(kube, "24h")
    assert "no service account headlamp in the namespace headlamp" in caught.value.message
    assert "brokerlab cluster up" in caught.value.hint


def test_no_right_to_a_token_is_named(api: KubeApi, kube: Kube) -> None:
    api.faults.append(("POST", 403, forbidden("ann", "create", "serviceaccounts/token", "", "headlamp")))
    with pytest.raises(LabError, match="the right to create serviceaccounts/token in the namespace 'headlamp'"):
        headlamp.token(kube, "24h")


def test_the_token_goes_to_the_clipboard_by_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first program fails (no display), the next one takes it."""
    taken = tmp_path / "taken"
    for name, text in (("wl-copy", "exit 1"), ("xclip", f'cat > {taken}; echo "$@" >> {taken}')):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert headlamp.copy("geheim") == "xclip"
    assert taken.read_text() == "geheim-selection clipboard\n"


def test_no_clipboard_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LabError, match="no program for the clipboard"):
        headlamp.copy("x")
