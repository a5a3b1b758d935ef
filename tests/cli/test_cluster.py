"""The cluster's commands as a user meets them: output, exit codes, and what they ask before they do it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.fakes.kube_api import KubeApi, ready_deployment, serving
from tests.fakes.programs import Program, Said, install

RECORDED = Path(__file__).parents[1] / "unit" / "cluster" / "recorded"

CHART_YAML = "apiVersion: v2\nname: c\nversion: 79.1.0\n"
DEPLOYED = json.dumps(
    {
        "name": "monitoring",
        "namespace": "monitoring",
        "version": 1,
        "info": {"last_deployed": "2026-11-23T16:00:00Z", "status": "deployed"},
        "chart": {"metadata": {"apiVersion": "v2", "name": "c", "version": "79.1.0"}},
        "manifest": "",
        "hooks": [],
    }
)


def recorded(name: str) -> Said:
    return Said((RECORDED / name).read_text())


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[KubeApi]:
    with serving(KubeApi()) as server:
        server.add(
            {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "headlamp", "namespace": "headlamp"}}
        )
        monkeypatch.setenv("KUBECONFIG", str(server.kubeconfig(tmp_path)))
        yield server


@pytest.fixture
def company(api: KubeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> KubeApi:
    """The same API server behind a context that is no minikube's."""
    monkeypatch.setenv("KUBECONFIG", str(api.kubeconfig(tmp_path, minikube=False, name="company")))
    return api


def minikube(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **answers: Said | list[Said]) -> Program:
    table = {
        "version": recorded("version.json"),
        "profile list": recorded("profile-list-ok.json"),
        "addons list": recorded("addons-list.json"),
        "addons enable": Said(),
        "start": recorded("start-ok.jsonl"),
        "stop": Said(),
        "delete": Said(),
        **{key.replace("_", " "): value for key, value in answers.items()},
    }
    return install(tmp_path, monkeypatch, "minikube", table)


def test_up_prints_only_the_token_and_says_what_is_next(
    brokerlab: Run, api: KubeApi, tmp_path: Path, monkeypatch
) -> None:
    lists = [recorded("profile-list-none.json"), recorded("profile-list-ok.json")]
    program = minikube(tmp_path, monkeypatch, profile_list=lists)
    ran = brokerlab("cluster", "up", "--cpus", "4", "--memory", "8g", "--driver", "docker")
    assert (ran.code, ran.out) == (0, "token-for-86400\n")
    assert "start --profile=workshop-mb --output=json --cpus=4 --memory=8g --driver=docker" in program.calls()
    assert "[17/19] Verifying Kubernetes components..." in ran.err
    assert "brokerlab dns add" in ran.err


def test_up_for_machines_is_one_object_with_the_token(
    brokerlab: Run, api: KubeApi, tmp_path: Path, monkeypatch
) -> None:
    minikube(tmp_path, monkeypatch)
    told = json.loads(brokerlab("cluster", "up", "--json", "--quiet").out)
    assert (told["state"], told["address"], told["token"]) == ("OK", "192.168.49.2", "token-for-86400")


def test_up_of_a_running_cluster_starts_nothing(brokerlab: Run, api: KubeApi, tmp_path: Path, monkeypatch) -> None:
    program = minikube(tmp_path, monkeypatch)
    assert brokerlab("cluster", "up", "--quiet").code == 0
    assert not [call for call in program.calls() if call.startswith("start")]


def test_up_with_an_old_minikube(brokerlab: Run, tmp_path: Path, monkeypatch) -> None:
    minikube(tmp_path, monkeypatch, version=Said('{"minikubeVersion": "v1.9.10"}'))
    ran = brokerlab("cluster", "up")
    assert (ran.code, ran.out) == (4, "")
    assert "error: minikube 1.9.10 is too old: 1.35.0 or later is needed" in ran.err


@pytest.mark.parametrize(
    ("found", "expected"), [("ok", (0, "OK")), ("stopped", (4, "Stopped")), ("none", (4, "absent"))]
)
def test_status(brokerlab: Run, tmp_path: Path, monkeypatch, found: str, expected: tuple[int, str]) -> None:
    minikube(tmp_path, monkeypatch, profile_list=recorded(f"profile-list-{found}.json"))
    ran = brokerlab("cluster", "status", "--json")
    assert (ran.code, json.loads(ran.out)["state"]) == expected
    assert brokerlab("cluster", "status").code == expected[0]


def test_stop_keeps_and_down_asks(brokerlab: Run, tmp_path: Path, monkeypatch) -> None:
    """The Taskfile's cluster.stop deleted without asking."""
    program = minikube(tmp_path, monkeypatch)
    assert brokerlab("cluster", "stop").code == 0
    refused = brokerlab("cluster", "down")
    assert refused.code == 2
    assert "say --yes" in refused.err
    assert not [call for call in program.calls() if call.startswith("delete")]
    assert brokerlab("cluster", "down", "--yes").code == 0
    assert "delete --profile=workshop-mb" in program.calls()


def test_down_of_nothing_is_fine(brokerlab: Run, tmp_path: Path, monkeypatch) -> None:
    minikube(tmp_path, monkeypatch, profile_list=recorded("profile-list-none.json"))
    ran = brokerlab("cluster", "down")
    assert ran.code == 0
    assert "nothing to delete" in ran.err


def test_the_tunnel_says_why_it_asks_for_a_password(brokerlab: Run, tmp_path: Path, monkeypatch) -> None:
    program = minikube(tmp_path, monkeypatch, tunnel=Said(code=0))
    ran = brokerlab("cluster", "tunnel")
    assert ran.code == 0
    assert "only root may listen on ports 80 and 443" in ran.err
    assert "tunnel --profile=workshop-mb" in program.calls()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_in_the_middle_of_up_ends_minikube_too(tmp_path: Path, monkeypatch, number: signal.Signals) -> None:
    started = Said((RECORDED / "start-ok.jsonl").read_text(), seconds=60)
    program = minikube(tmp_path, monkeypatch, profile_list=recorded("profile-list-none.json"), start=started)
    child = subprocess.Popen([sys.executable, "-m", "brokerlab", "cluster", "up"], stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 30
    while not any(call.startswith("start") for call in program.calls()) and time.monotonic() < end:
        time.sleep(0.02)
    assert child.stderr is not None
    for line in child.stderr:
        if "Done!" in line:
            break
    child.send_signal(number)
    _, err = child.communicate(timeout=30)
    assert child.returncode == 130
    assert "interrupted" in err
    assert "Traceback" not in err


def test_dns_add_twice_is_once_and_remove_leaves_the_old_file(brokerlab: Run, tmp_path: Path, monkeypatch) -> None:
    minikube(tmp_path, monkeypatch)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "nowhere"))
    path = tmp_path / "hosts"
    path.write_bytes(b"127.0.0.1 localhost\r\n# no newline")
    old = path.read_bytes()
    hosts = ("--hosts-file", str(path))
    dry = brokerlab("dns", "add", "--dry-run", *hosts)
    assert "+192.168.49.2 grafana.test" in dry.out
    assert path.read_bytes() == old
    assert brokerlab("dns", "add", "--host", "shop.test", *hosts).code == 0
    assert json.loads(brokerlab("dns", "status", "--json", *hosts).out)["entries"]["shop.test"] == "192.168.49.2"
    assert "shop.test" in brokerlab("dns", "status", *hosts).out
    new = path.read_bytes()
    assert "needs no change" in brokerlab("dns", "add", "--host", "shop.test", *hosts).err
    assert path.read_bytes() == new != old
    assert brokerlab("dns", "remove", *hosts).code == 0
    assert path.read_bytes() == old


def test_dns_with_broken_markers_asks_nobody_and_changes_nothing(brokerlab: Run, tmp_path: Path, monkeypatch) -> None:
    program = minikube(tmp_path, monkeypatch)
    path = tmp_path / "hosts"
    path.write_bytes(b"# >>> minikube-workshop-mb\n1.1.1.1 a.test\n127.0.0.1 localhost\n")
    for command in ("add", "remove", "status"):
        ran = brokerlab("dns", command, "--hosts-file", str(path))
        assert (ran.code, ran.out) == (4, "")
        assert "on line 1, '# <<< minikube-workshop-mb' on line none" in ran.err
    assert program.calls() == []
    assert path.read_bytes().startswith(b"# >>>")


def test_dns_warns_of_an_earlier_line_that_wins(brokerlab: Run, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "nowhere"))
    path = tmp_path / "hosts"
    path.write_bytes(b"10.9.9.9 grafana.test\n")
    ran = brokerlab("dns", "add", "--ip", "10.0.0.7", "--hosts-file", str(path))
    assert "an earlier line says grafana.test is 10.9.9.9" in ran.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(("--ip", "1.2.3"), "no IP address"), (("--ip", "1.2.3.4", "--host", "a b"), "no host name")],
)
def test_dns_refuses_what_does_not_belong_there(brokerlab: Run, tmp_path: Path, monkeypatch, arguments, said) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "nowhere"))
    path = tmp_path / "hosts"
    path.write_bytes(b"x")
    ran = brokerlab("dns", "add", *arguments, "--hosts-file", str(path))
    assert ran.code == 2
    assert said in ran.err
    assert path.read_bytes() == b"x"


def test_only_the_token_on_standard_output(brokerlab: Run, api: KubeApi) -> None:
    ran = brokerlab("headlamp", "token", "--duration", "1h")
    assert (ran.code, ran.out, ran.err) == (0, "token-for-3600\n", "")
    assert json.loads(brokerlab("headlamp", "token", "--json").out)["token"] == "token-for-86400"
    assert brokerlab("headlamp", "token", "--duration", "5m").code == 2


def test_another_cluster_is_asked_about_before_anything_changes(
    brokerlab: Run, company: KubeApi, tmp_path, monkeypatch
) -> None:
    company.install_operator()
    company.becomes["Deployment"] = ready_deployment
    install(tmp_path, monkeypatch, "kustomize", {"build": recorded("kustomize-shop.yaml")})
    assert brokerlab("usecase", "new", "shop").code == 0
    before = dict(company.objects)
    for command in (("usecase", "deploy", "shop"), ("core", "deploy")):
        ran = brokerlab(*command)
        assert ran.code == 2
        assert "say --yes" in ran.err
    assert company.objects == before
    ran = brokerlab("usecase", "deploy", "shop", "--yes", "--timeout", "5")
    assert "the cluster has no Prometheus" in ran.err
    assert company.has("apps/v1", "Deployment", "shop", "shop")


def test_usecase_new_list_and_what_is_wrong_with_names(brokerlab: Run, home: Path) -> None:
    assert "no usecases" in brokerlab("usecase", "list").err
    made = brokerlab("usecase", "new", "shop", "--image", "example/shop:1")
    assert made.out.splitlines()[0] == "usecases/shop/k8s/base/deployment.yaml"
    assert "image: example/shop:1" in (home / "usecases/shop/k8s/base/deployment.yaml").read_text()
    assert json.loads(brokerlab("usecase", "list", "--json").out)[0]["name"] == "shop"
    again = brokerlab("usecase", "new", "shop")
    assert (again.code, "is there already" in again.err) == (2, True)
    assert brokerlab("usecase", "new", "Shop!").code == 2
    assert "did you mean shop?" in brokerlab("usecase", "status", "shpo").err


def test_core_status_without_anything_installed(brokerlab: Run, api: KubeApi, tmp_path: Path, monkeypatch) -> None:
    install(
        tmp_path,
        monkeypatch,
        "helm",
        {"version": Said("v3.19.0"), "status": Said(err="Error: release: not found", code=1)},
    )
    ran = brokerlab("core", "status")
    assert (ran.code, "not installed" in ran.out) == (0, True)
    assert json.loads(brokerlab("core", "status", "--json").out) == {"release": None, "pods": [], "ingresses": []}
    assert "nothing to delete" in brokerlab("core", "rollback").err


def test_deploy_for_machines_tells_what_status_tells(brokerlab: Run, api: KubeApi, tmp_path: Path, monkeypatch) -> None:
    chart = tmp_path / "chart"
    chart.mkdir()
    (chart / "Chart.yaml").write_text(CHART_YAML)
    known = {"show chart": Said(CHART_YAML), "get all": Said(CHART_YAML), "upgrade": Said(DEPLOYED)}
    absent = Said(err="Error: release: not found", code=1)
    statuses = [absent, Said(DEPLOYED)]
    install(tmp_path, monkeypatch, "helm", {"version": Said("v3.19.0"), "status": statuses, **known})
    meta = {"name": "monitoring-grafana", "namespace": "monitoring"}
    api.add({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": {}})
    api.becomes["Deployment"] = ready_deployment
    ran = brokerlab("core", "deploy", "--chart", str(chart), "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["release"] == {"number": 1, "status": "deployed", "chart": "c", "version": "79.1.0"}
    assert brokerlab("core", "status", "--json").out == ran.out


def test_a_rollback_shows_what_goes_and_asks(brokerlab: Run, api: KubeApi, tmp_path: Path, monkeypatch) -> None:
    install(
        tmp_path,
        monkeypatch,
        "helm",
        {"version": Said("v3.19.0"), "status": Said(err="Error: release: not found", code=1)},
    )
    api.add({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "monitoring"}})
    shown = brokerlab("core", "rollback", "--dry-run")
    assert (shown.code, "namespace monitoring" in shown.out) == (0, True)
    assert brokerlab("core", "rollback").code == 2
    assert api.has("v1", "Namespace", "monitoring")
    assert brokerlab("core", "rollback", "--yes").code == 0
    assert not api.has("v1", "Namespace", "monitoring")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--set", "a"), "is no assignment"),
        (("--values", "nowhere.yaml"), "the values file nowhere.yaml can't be used"),
        (("--chart", "nowhere"), "nowhere"),
        (("--context", "prod"), "no context 'prod'"),
    ],
)
def test_core_deploy_refuses_before_it_touches_anything(brokerlab: Run, api: KubeApi, arguments, said: str) -> None:
    ran = brokerlab("core", "deploy", *arguments)
    assert (ran.code, said in ran.err) == (2, True)
    assert api.requests == []


@pytest.mark.parametrize(
    "command",
    [
        ("core", "deploy"),
        ("core", "status"),
        ("core", "rollback", "--yes"),
        ("headlamp", "token"),
        ("usecase", "status", "shop"),
        ("open", "grafana", "--forward"),
    ],
)
def test_an_api_server_that_is_gone_is_one_sentence(brokerlab: Run, tmp_path: Path, monkeypatch, command) -> None:
    path = KubeApi(url="http://127.0.0.1:1").kubeconfig(tmp_path)
    monkeypatch.setenv("KUBECONFIG", str(path))
    install(tmp_path, monkeypatch, "kustomize", {"build": recorded("kustomize-shop.yaml")})
    brokerlab("usecase", "new", "shop")
    ran = brokerlab(*command)
    assert ran.code == 4
    assert "the API server http://127.0.0.1:1 of context 'workshop-mb' does not answer: connection refused" in ran.err
    assert "Traceback" not in ran.err


def test_open_prints_and_names_the_pages_it_knows(brokerlab: Run, api: KubeApi, monkeypatch) -> None:
    from brokerlab.cluster import pages

    assert brokerlab("open", "kibana").code == 2
    monkeypatch.setattr(pages, "unreachable", lambda _: "")
    assert brokerlab("open", "grafana", "--print").out == "http://grafana.test\n"
    ran = brokerlab("open", "grafana", "--forward")
    assert (ran.code, "there is no Service monitoring-grafana" in ran.err) == (4, True)


def test_a_named_context_is_reached_by_a_port_forward(brokerlab: Run, company: KubeApi, monkeypatch) -> None:
    """The .test names lead to one cluster, which may be another one."""
    from brokerlab.cluster import pages

    monkeypatch.setattr(pages, "unreachable", lambda _: "")
    ran = brokerlab("open", "grafana", "--context", "company", "--namespace", "watch")
    assert "no Service monitoring-grafana in the namespace watch" in ran.err


def test_doctor_shows_both_and_its_code_is_the_labs_or_the_clusters(
    brokerlab: Run, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "nowhere"))
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    both = brokerlab("doctor", "--json")
    names = [check["name"] for check in json.loads(both.out)]
    assert {"Java", "Kafka", "docker", "minikube", "helm", "kubectl", "kubeconfig"} <= set(names)
    alone = brokerlab("doctor", "--cluster")
    assert (both.code, alone.code) == (0, 4)
    assert "Java" not in alone.out
    assert brokerlab("doctor", "--cluster", "--fix").code == 2


def test_doctor_tells_a_docker_that_does_not_run_from_one_that_is_not_there(
    brokerlab: Run, tmp_path: Path, monkeypatch
) -> None:
    install(tmp_path, monkeypatch, "docker", {"": Said()})
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    told = brokerlab("doctor", "--cluster").out
    assert re.search("^unusable +docker", told, re.MULTILINE)
    assert "\ndocker, for cluster up: start the Docker daemon (connection refused)\n" in told


def test_the_clusters_commands_import_nothing_heavy_for_their_help() -> None:
    """`--help` of each group loads neither the kubernetes client nor pyhelm3, docker or rich."""
    text = (
        "import sys; from brokerlab.cli.main import main\n"
        "for group in ('cluster', 'dns', 'core', 'headlamp', 'usecase', 'open'): main([group, '--help'])\n"
        "heavy = {'kubernetes', 'pyhelm3', 'docker', 'rich', 'yaml', 'asyncio'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True, env=dict(os.environ))
    assert ran.stderr.strip() == "[]"
