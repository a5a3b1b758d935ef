"""Helm through pyhelm3 with a recorded helm: what is called, what is said, and what its failures mean."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import pytest

from brokerlab.cluster import helm
from brokerlab.cluster.helm import Chart, Release
from brokerlab.core import wait
from brokerlab.core.errors import DeadlineError, LabError
from tests.fakes.programs import Program, Said, install
from tests.fakes.tcp_proxy import Proxy, proxying

METADATA = {"apiVersion": "v2", "name": "kube-prometheus-stack", "version": "79.1.0"}
CHART_YAML = "apiVersion: v2\nname: kube-prometheus-stack\nversion: 79.1.0\n"
ABSENT = Said(err="Error: release: not found\n", code=1)
REPO = "https://charts.example"


def status(word: str, revision: int = 1) -> str:
    info = {"last_deployed": "2026-11-23T16:00:00Z", "status": word, "description": "x"}
    release = {"name": "monitoring", "namespace": "monitoring", "version": revision, "info": info, "manifest": ""}
    return json.dumps({**release, "config": {}, "chart": {"metadata": METADATA}, "hooks": []})


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def installed(**answers: Said | list[Said]) -> Program:
        table = {
            "version": Said("v3.19.0"),
            "show chart": Said(CHART_YAML),
            "status": [ABSENT, Said(status("deployed"))],
            "upgrade": Said(status("deployed")),
            "get all": Said(CHART_YAML),
            "uninstall": Said("release uninstalled"),
            **{key.replace("_", " "): value for key, value in answers.items()},
        }
        return install(tmp_path, monkeypatch, "helm", table)

    return installed


RELEASE = Release("monitoring", "monitoring", "workshop-mb")
PINNED = Chart("kube-prometheus-stack", REPO, "79.1.0")


def test_install_or_upgrade_at_the_pinned_version_in_the_context(fake) -> None:
    program, said = fake(), []
    found = RELEASE.deploy(PINNED, {"a": 1}, said.append)
    assert (found.number, found.status, found.chart, found.version) == (
        1,
        "deployed",
        "kube-prometheus-stack",
        "79.1.0",
    )
    upgrade = next(call for call in program.calls() if call.startswith("upgrade"))
    for part in ("monitoring kube-prometheus-stack", "--install", "--create-namespace", "--namespace monitoring"):
        assert part in upgrade
    assert f"--repo {REPO}" in upgrade
    assert "--version 79.1.0" in upgrade
    assert "--kube-context workshop-mb" in upgrade
    assert said[-1] == "helm upgrade --install monitoring (kube-prometheus-stack 79.1.0)"


def test_values_travel_by_standard_input_never_as_arguments(fake) -> None:
    program = fake()
    RELEASE.deploy(PINNED, {"grafana": {"adminPassword": "geheim"}}, lambda _: None)
    assert not [call for call in program.calls() if "geheim" in call]


def test_what_an_interrupted_helm_left_pending_is_taken_back_first(fake) -> None:
    pending = Said(status("pending-install"))
    program, said = fake(status=[pending, pending, Said(status("deployed"))]), []
    RELEASE.deploy(PINNED, {}, said.append)
    verbs = [call.split()[0] for call in program.calls()]
    assert verbs.index("uninstall") < verbs.index("upgrade")
    assert "release monitoring is pending-install" in said[0]


def test_no_release_is_none_and_uninstalling_it_is_fine(fake) -> None:
    fake(status=ABSENT, uninstall=ABSENT)
    assert RELEASE.revision() is None
    RELEASE.uninstall()


OWNERSHIP = (
    "Error: Unable to continue with install: rendered manifests contain a resource that already exists. "
    'ServiceAccount "monitoring-grafana" in namespace "monitoring" exists and cannot be imported into the current '
    "release: invalid ownership metadata; label validation error: missing key"
)


@pytest.mark.parametrize(
    ("said", "sentence", "hint"),
    [
        (OWNERSHIP, "ServiceAccount monitoring-grafana is there already, and is not the Helm release", "core rollback"),
        (
            'Error: failed to create resource: Apply failed with 1 conflict: conflict with "kubectl" using v1: .data.a',
            'another program owns parts of what the release monitoring installs: conflict with "kubectl"',
            "core rollback",
        ),
        (
            'Error: looks like "https://c.example" is not a valid chart repository or cannot be reached: no host',
            "the chart repository https://c.example can't be reached: no host",
            "--chart FOLDER",
        ),
        ('Error: chart "x" matching 1.2.3 not found in c index.', "no such chart or version: x 1.2.3", "search repo"),
        ('Error: chart "x" version "9" not found in repository', "no such chart or version: x 9", "search repo"),
        ("Error: UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress", "another helm", "wait"),
        (
            'Error: Kubernetes cluster unreachable: Get "https://1": refused',
            "helm can't reach the cluster",
            "--context",
        ),
        ("Error: values don't meet the specifications of the schema(s) in: a", "does not accept these values", "--set"),
        ("WARNING: group-readable\nError: something new", "helm failed with release monitoring: something new", ""),
        ("", "it said nothing", ""),
    ],
)
def test_what_helm_says_is_a_sentence(said: str, sentence: str, hint: str) -> None:
    found = helm.explained(said, "monitoring")
    assert sentence in found.message
    assert hint in found.hint
    assert "None" not in found.message


def test_an_ownership_conflict_reaches_the_user_as_the_sentence_that_fixes_it(fake, capfd) -> None:
    fake(upgrade=Said(err=OWNERSHIP, code=1))
    with pytest.raises(LabError) as caught:
        RELEASE.deploy(PINNED, {}, lambda _: None)
    assert "was installed in another way" in caught.value.message
    assert "`brokerlab core rollback`" in caught.value.hint
    assert capfd.readouterr().err == "", "pyhelm3's own warnings are not for the user"


def test_an_answer_that_is_not_understood_is_a_sentence(fake) -> None:
    fake(status=Said('{"name": "monitoring", "version": "x"'))
    with pytest.raises(LabError, match="was not understood"):
        RELEASE.revision()


def test_helms_own_deadline_is_a_deadline() -> None:
    assert isinstance(helm.explained("Error: timed out waiting for the condition", "m"), DeadlineError)


def test_a_missing_helm_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LabError) as caught:
        RELEASE.revision()
    assert "install Helm" in caught.value.hint


def test_an_api_server_that_goes_away_ends_helm_which_would_go_on_waiting(fake, monkeypatch) -> None:
    monkeypatch.setattr(helm, "LOOK", 0.1)
    program = fake(upgrade=Said(seconds=60))
    with proxying(None) as server:
        release = Release("monitoring", "monitoring", "workshop-mb", f"https://127.0.0.1:{server.port}")
        gone = threading.Thread(target=_shut_when_helm_is_at_work, args=(server, program))
        gone.start()
        begun = time.monotonic()
        with pytest.raises(LabError, match=f"127.0.0.1:{server.port} has gone away while helm was at work"):
            release.deploy(PINNED, {}, lambda _: None)
        gone.join()
    assert time.monotonic() - begun < 50


def _shut_when_helm_is_at_work(server: Proxy, program: Program) -> None:
    wait.until(lambda: any(call.startswith("upgrade") for call in program.calls()), "helm", deadline=40)
    server.shut()
