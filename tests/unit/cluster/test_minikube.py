"""The minikube program behind recorded answers: versions, progress, what is left alone, what is started."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from packaging.version import Version

from brokerlab.cluster import minikube, minikube_events, tools
from brokerlab.core.errors import DeadlineError, LabError
from tests.fakes.programs import Program, Said, install

RECORDED = Path(__file__).parent / "recorded"


def recorded(name: str) -> str:
    return (RECORDED / name).read_text("utf-8")


def said_version(version: str) -> Said:
    return Said(json.dumps({"commit": "x", "minikubeVersion": version}))


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def installed(**answers: Said | list[Said]) -> Program:
        table = {
            "version": Said(recorded("version.json")),
            "profile list": Said(recorded("profile-list-ok.json")),
            "addons list": Said(recorded("addons-list.json")),
            "addons enable": Said(),
            "start": Said(recorded("start-ok.jsonl")),
            **{key.replace("_", " "): value for key, value in answers.items()},
        }
        return install(tmp_path, monkeypatch, "minikube", table)

    return installed


@pytest.mark.parametrize("version", ["v1.35.0", "v1.38.1", "v2.0.0", "v1.100.0"])
def test_versions_are_compared_as_versions(fake, version: str) -> None:
    """The Taskfile stripped the dots: 2.0.0 failed, and 1.9.10 passed."""
    fake(version=said_version(version))
    assert minikube.version() == Version(version)


@pytest.mark.parametrize("version", ["v1.34.0", "v1.9.10", "v1.35.0-beta.0"])
def test_an_old_minikube_is_refused(fake, version: str) -> None:
    fake(version=said_version(version))
    with pytest.raises(LabError, match=r"too old: 1\.35\.0 or later"):
        minikube.version()


def test_a_missing_minikube_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LabError) as caught:
        minikube.version()
    assert "not on the PATH" in caught.value.message
    assert "install minikube" in caught.value.hint


def test_a_profile_as_it_is_listed(fake) -> None:
    fake()
    found = minikube.running()
    assert (found.driver, found.address, found.kubernetes) == ("docker", "192.168.49.2", "v1.34.0")
    assert (found.cpus, found.memory_mb, found.addons["headlamp"]) == (2, 4096, True)


def test_a_running_cluster_is_left_alone_and_missing_addons_are_enabled(fake) -> None:
    program, said = fake(), []
    minikube.up("workshop-mb", {"cpus": "2"}, minikube.ADDONS, said.append)
    assert not [call for call in program.calls() if call.startswith("start")]
    enabled = [call.split()[2] for call in program.calls() if call.startswith("addons enable")]
    assert enabled == ["metrics-server", "registry", "ingress-dns", "kubetail"]
    assert "enabling addon registry" in said


@pytest.mark.parametrize(("before", "word"), [("none", "making"), ("stopped", "starting")])
def test_a_stopped_or_absent_cluster_is_started_and_its_progress_told(fake, before: str, word: str) -> None:
    lists = [Said(recorded(f"profile-list-{before}.json")), Said(recorded("profile-list-ok.json"))]
    program, said = fake(profile_list=lists), []
    found = minikube.up("workshop-mb", {"cpus": "2", "memory": "4g"}, (), said.append)
    assert found.running
    assert "start --profile=workshop-mb --output=json --cpus=2 --memory=4g" in program.calls()
    assert said[0] == f"{word} the minikube profile workshop-mb"
    assert "[8/19] Creating docker container (CPUs=2, Memory=4096MB) ..." in said
    assert "downloading preload 42%" in said


def test_an_addon_that_this_minikube_lacks_is_told_and_left_out(fake) -> None:
    """kubetail came with minikube 1.37.0; the workshop asks for 1.35.0."""
    known = json.loads(recorded("addons-list.json"))
    del known["kubetail"]
    program, said = fake(addons_list=Said(json.dumps(known))), []
    minikube.enable("workshop-mb", ["kubetail", "registry"], said.append)
    assert any("no addon kubetail" in sentence for sentence in said)
    assert [call for call in program.calls() if "enable" in call] == ["addons enable registry --profile=workshop-mb"]


def test_a_failed_start_gives_minikubes_own_reason(fake) -> None:
    fake(profile_list=Said(recorded("profile-list-none.json")), start=Said(recorded("start-no-docker.jsonl"), code=50))
    with pytest.raises(LabError) as caught:
        minikube.up("workshop-mb", {}, (), lambda _: None)
    assert "ended with 50" in caught.value.message
    assert "Is the docker daemon running?" in caught.value.message
    assert "Start the Docker service" in caught.value.message


def test_a_start_that_fails_without_events_gives_its_last_line(fake) -> None:
    fake(start=Said(err="panic: no such file\n", code=2))
    with pytest.raises(LabError, match="ended with 2: panic: no such file"):
        minikube.start("workshop-mb", {}, lambda _: None)


def test_what_does_not_exist_or_does_not_run_is_a_sentence(fake, tmp_path: Path) -> None:
    fake(profile_list=[Said(recorded("profile-list-none.json")), Said(recorded("profile-list-stopped.json"))])
    with pytest.raises(LabError, match="there is no minikube profile workshop-mb"):
        minikube.running()
    with pytest.raises(LabError, match=r"does not run \(it is Stopped\)"):
        minikube.running()


def test_an_error_of_profile_list_is_not_an_empty_list(fake) -> None:
    fake(profile_list=Said('{"error":{"Op":"open"}}', err="permission denied", code=80))
    with pytest.raises(LabError, match=r"exit code 80\): permission denied"):
        minikube.profile()


def test_stop_and_delete_name_the_profile(fake) -> None:
    program = fake(stop=Said(), delete=Said(err="no such profile", code=85))
    minikube.stop("workshop-mb")
    with pytest.raises(LabError, match="ended with 85: no such profile"):
        minikube.delete("workshop-mb")
    assert program.calls() == ["stop --profile=workshop-mb", "delete --profile=workshop-mb"]


def test_the_names_lead_to_the_tunnel_on_macos_with_docker(fake, monkeypatch: pytest.MonkeyPatch) -> None:
    fake()
    found = minikube.running()
    assert minikube.reachable_address(found) == "192.168.49.2"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert minikube.reachable_address(found) == "127.0.0.1"


def test_a_program_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, "minikube", {"version": Said(seconds=60)})
    with pytest.raises(DeadlineError, match="waited 1 s for `minikube version` to end"):
        tools.run(["minikube", "version"], deadline=1)


def test_leaving_the_block_ends_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Ctrl-C in the middle of `minikube start` does."""
    install(tmp_path, monkeypatch, "minikube", {"start": Said("one\n", seconds=60)})
    with pytest.raises(KeyboardInterrupt), tools.lines(["minikube", "start"]) as running:
        for line in running:
            assert line == "one\n"
            raise KeyboardInterrupt
    assert running.process.poll() is not None


@pytest.mark.parametrize(
    "line", ["", "not json", "[]", "{}", '{"type": 1, "data": {}}', '{"type": "io.k8s.other.step", "data": {}}', "null"]
)
def test_what_is_no_event_is_none(line: str) -> None:
    assert minikube_events.parse(line) is None


def test_steps_without_numbers_are_told_too() -> None:
    event = '{"type":"io.k8s.sigs.minikube.step","data":{"currentstep":"","message":"Stopping node","totalsteps":"2"}}'
    parsed = minikube_events.parse(event)
    assert parsed is not None
    assert parsed.sentence == "Stopping node"
