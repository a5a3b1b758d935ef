"""How the lab comes up, is found again and goes down, on an API server that has no controllers but those given here."""

from __future__ import annotations

from typing import Any

import pytest

from brokerlab.brokers.kafka import BROKER
from brokerlab.brokers.postgres import BROKER as POSTGRES
from brokerlab.core.errors import LabError, UsageError
from brokerlab.kube.api import Kube
from brokerlab.labs.kubernetes import files, life, objects, support, witness
from brokerlab.labs.kubernetes.connection import Place
from brokerlab.labs.kubernetes.parts import Images
from tests.fakes.kube_api import KubeApi, ready_deployment
from tests.fakes.scraping import active

IMAGES = Images("ours:1")
SPECS = BROKER.nodes(3)
STORE = POSTGRES.nodes(1)
ORDER = life.Order(IMAGES, SPECS, STORE)


def silent(_sentence: str) -> None: ...


def ready_set(thing: Any) -> None:
    replicas = thing["spec"]["replicas"]
    generation = thing["metadata"]["generation"]
    thing["status"] = {"observedGeneration": generation, "updatedReplicas": replicas, "readyReplicas": replicas}


@pytest.fixture
def controllers(api: KubeApi) -> None:
    api.becomes |= {"Deployment": ready_deployment, "StatefulSet": ready_set}


@pytest.fixture
def lab(kube: Kube) -> Place:
    return Place(kube, "brokerlab")


def kinds(api: KubeApi) -> set[tuple[str, str]]:
    return {(each["kind"], each["metadata"]["name"]) for each in api.objects.values()}


def test_up_find_down(api: KubeApi, lab: Place, controllers: None) -> None:
    up = life.up(lab, ORDER, silent)
    assert up.nodes() == ("kafka-1", "kafka-2", "kafka-3")
    assert up.capabilities == {"agents", "kill", "pause", "restart", "logs", "links", "prometheus"}
    assert {("StatefulSet", "kafka"), ("Deployment", "outpost"), ("Deployment", "prometheus")} <= kinds(api)
    found = life.find(lab, SPECS)
    assert found is not None
    assert (found.nodes(), found.capabilities) == (up.nodes(), up.capabilities)
    assert found.endpoint("client") == ",".join(f"kafka-{n}.kafka.brokerlab.svc:9092" for n in (1, 2, 3))
    assert life.down(lab, silent)
    assert api.objects == {}
    assert not life.down(lab, silent)
    assert life.find(lab, SPECS) is None


def test_a_lab_for_a_broker_of_the_users_has_no_nodes_to_hurt(api: KubeApi, lab: Place, controllers: None) -> None:
    life.up(lab, life.Order(IMAGES, bootstrap="mine:9092", with_prometheus=False), silent)
    assert not {name for kind, name in kinds(api) if kind == "StatefulSet" or name == "prometheus"}
    found = life.find(lab, SPECS)
    assert found is not None
    assert (found.nodes(), found.endpoint("client"), found.capabilities) == ((), "mine:9092", {"agents"})


def test_in_a_namespace_that_was_there_only_ours_is_deleted(api: KubeApi, lab: Place, controllers: None) -> None:
    api.add({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "brokerlab"}})
    mine = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "mine", "namespace": "brokerlab"}}
    api.add(mine)
    life.up(lab, ORDER, silent)
    assert life.exists(lab)
    assert life.down(lab, silent)
    assert kinds(api) == {("Namespace", "brokerlab"), ("ConfigMap", "mine")}
    assert not life.exists(lab)


def test_what_is_not_ours_is_never_taken_over(api: KubeApi, lab: Place, controllers: None) -> None:
    api.add({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "brokerlab"}})
    theirs = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "kafka", "namespace": "brokerlab"}}
    api.add(theirs)
    with pytest.raises(LabError, match="has a Service kafka that is not ours"):
        life.up(lab, ORDER, silent)
    assert kinds(api) == {("Namespace", "brokerlab"), ("Service", "kafka")}


def test_a_start_that_does_not_come_to_its_end_leaves_nothing(
    api: KubeApi, lab: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "READY_S", 0.1)
    with pytest.raises(LabError, match="statefulset/kafka"):
        life.up(lab, ORDER, silent)
    assert api.objects == {}


def test_a_further_broker_is_added_and_found_again(api: KubeApi, lab: Place, controllers: None) -> None:
    up = life.up(lab, ORDER, silent)
    assert ("Secret", "postgres") in kinds(api)
    assert ("StatefulSet", "postgres") not in kinds(api)
    assert life.find(lab, SPECS, STORE).nodes() == up.nodes()
    up.add(STORE, say=silent)
    found = life.find(lab, SPECS, STORE)
    for each in (up, found):
        assert (each.nodes("postgres"), len(each.nodes())) == (("postgres-1",), 4)
        assert each.endpoint("sql").startswith("host=postgres-1.postgres.brokerlab.svc port=9092 ")
        assert each.endpoint("client").count(",") == 2
        assert "links" in each.capabilities
    assert life.down(lab, silent)
    assert api.objects == {}


def test_a_further_broker_that_does_not_come_up_does_not_stay(
    api: KubeApi, lab: Place, controllers: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    up = life.up(lab, ORDER, silent)
    before = kinds(api)
    del api.becomes["StatefulSet"]
    monkeypatch.setattr(objects, "READY_S", 0.1)
    with pytest.raises(LabError, match="statefulset/postgres"):
        up.add(STORE, say=silent)
    assert (kinds(api), up.nodes("postgres")) == (before, ())
    theirs = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "postgres", "namespace": "brokerlab"}}
    api.add(theirs)
    with pytest.raises(LabError, match="has a Service postgres that is not ours"):
        up.add(STORE, say=silent)
    assert kinds(api) == {*before, ("Service", "postgres")}


PROXY = "/api/v1/namespaces/monitoring/pods/prometheus-0:9090/proxy/api/v1/targets"
EVERY: dict[str, Any] = {"podMonitorSelector": {}, "podMonitorNamespaceSelector": {}}


@pytest.fixture
def operated(api: KubeApi) -> KubeApi:
    """With a Prometheus of the operator's, whose pod is not there yet."""
    api.install_operator()
    api.add({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "monitoring"}})
    meta = {"name": "prometheus-operated", "namespace": "monitoring", "labels": {"operated-prometheus": "true"}}
    service = {"ports": [{"port": 9090}], "selector": {"app": "prometheus"}}
    api.add({"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": service})
    selecting(api, EVERY)
    return api


def selecting(api: KubeApi, spec: dict[str, Any]) -> None:
    meta = {"name": "k", "namespace": "monitoring"}
    api.add({"apiVersion": "monitoring.coreos.com/v1", "kind": "Prometheus", "metadata": meta, "spec": spec})


def running(api: KubeApi) -> None:
    pod = {"name": "prometheus-0", "namespace": "monitoring", "labels": {"app": "prometheus"}}
    status = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    api.add({"apiVersion": "v1", "kind": "Pod", "metadata": pod, "spec": {"containers": []}, "status": status})


def finds(api: KubeApi, *health: str) -> None:
    found = [active(each, pool="podMonitor/brokerlab/agents/0") for each in health]
    api.objects[PROXY] = {"kind": "Targets", "metadata": {"name": ""}, "data": {"activeTargets": found}}


def test_the_operators_prometheus_is_used_when_it_scrapes_the_lab(
    operated: KubeApi, lab: Place, controllers: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert witness.chosen(lab.kube, "", "brokerlab").own  # it is not ready
    running(operated)
    assert witness.chosen(lab.kube, "", "brokerlab") == witness.Way("operator", "monitoring/prometheus-operated")
    assert witness.chosen(lab.kube, "http://mine:9090/", "brokerlab") == witness.Way("url", "http://mine:9090")
    finds(operated, "up")
    life.up(lab, ORDER, silent)
    assert ("PodMonitor", "agents") in kinds(operated)
    assert ("Deployment", "prometheus") not in kinds(operated)
    life.down(lab, silent)
    monkeypatch.setattr(life, "SCRAPED_S", 0.1)
    finds(operated, "down")
    with pytest.raises(LabError, match="is down") as caught:
        life.up(lab, ORDER, silent)
    assert "--prometheus-url" in caught.value.hint
    assert not life.exists(lab)


@pytest.mark.parametrize(
    ("spec", "labels"),
    [
        (EVERY, {}),
        ({**EVERY, "podMonitorSelector": {"matchLabels": {"release": "kps"}}}, {"release": "kps"}),
        ({**EVERY, "podMonitorNamespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "brokerlab"}}}, {}),
        ({**EVERY, "podMonitorNamespaceSelector": {"matchLabels": {"team": "other"}}}, None),
        ({"podMonitorSelector": {}}, None),  # of its own namespace
        ({"podMonitorNamespaceSelector": {}}, None),  # of nobody
        ({**EVERY, "podMonitorSelector": {"matchExpressions": [{"key": "release", "operator": "Exists"}]}}, None),
    ],
)
def test_the_lab_is_shown_to_an_operators_prometheus_as_it_selects(
    operated: KubeApi, lab: Place, spec: dict[str, Any], labels: dict[str, str] | None
) -> None:
    running(operated)
    selecting(operated, spec)
    way = witness.chosen(lab.kube, "", "brokerlab")
    assert (way.kind, dict(way.labels)) == (("own", {}) if labels is None else ("operator", labels))
    shown = support.monitor("brokerlab", way.labels)["metadata"]["labels"]
    assert shown.items() >= {**way.labels, "app.kubernetes.io/managed-by": "brokerlab"}.items()


def test_a_lab_that_is_not_what_a_run_wants_is_refused(api: KubeApi, lab: Place, controllers: None) -> None:
    up = life.up(lab, life.Order(IMAGES, SPECS, with_prometheus=False), silent)
    life.check_free(lab, up, "", prometheus=False)
    with pytest.raises(LabError, match="is for brokers of its own"):
        life.check_free(lab, up, "mine:9092", prometheus=False)
    with pytest.raises(LabError, match="no Prometheus"):
        life.check_free(lab, up, "", prometheus=True)


def test_a_lab_of_another_version_is_refused(api: KubeApi, lab: Place, controllers: None) -> None:
    life.up(lab, ORDER, silent)
    outpost = next(each for each in api.objects.values() if each["metadata"]["name"] == "outpost")
    outpost["metadata"]["annotations"]["brokerlab/version"] = "0.0.1"
    with pytest.raises(LabError, match=r"started by brokerlab 0\.0\.1"):
        life.find(lab, SPECS)
    assert life.down(lab, silent)


def test_two_runs_at_once_are_refused(api: KubeApi, lab: Place, controllers: None) -> None:
    up = life.up(lab, ORDER, silent)
    job = support.job("agent-1", "agent", "run-1", IMAGES, files.passwords(STORE))
    lab.kube.apply(job, "brokerlab")
    life.check_free(lab, up, "", prometheus=True)
    api.becomes["Job"] = lambda thing: thing.update(status={"active": 1})
    with pytest.raises(LabError, match="another run is using the lab"):
        life.check_free(lab, up, "", prometheus=True)


@pytest.mark.parametrize("way", [witness.NONE, witness.Way("own"), witness.Way("url", "http://a:1"), witness.Way("x")])
def test_the_way_to_prometheus_is_noted_so_that_it_is_found_again(way: witness.Way) -> None:
    assert witness.Way.parsed(str(way)) == (way if way.kind != "x" else witness.NONE)


def test_a_given_url_is_used_as_it_is(kube: Kube) -> None:
    with witness.reached(kube, witness.Way("url", "http://mine:9090"), "brokerlab") as url:
        assert url == "http://mine:9090"


def test_an_unknown_node_is_refused(api: KubeApi, lab: Place, controllers: None) -> None:
    up = life.up(lab, ORDER, silent)
    with pytest.raises(UsageError, match="there is no node 'kafka-9'"):
        up.kill("kafka-9")
