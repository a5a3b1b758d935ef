"""Helm values: merged as helm merges them, and every key of ours is one that the chart has."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from brokerlab.cluster import values
from brokerlab.core.errors import UsageError
from brokerlab.kube import data

KEYS = Path(__file__).parent / "recorded" / "kube-prometheus-stack-79.1.0-keys.json"
OURS = data.folder("charts-values") / "kube-prometheus-stack.yaml"


def unknown(ours: dict[str, Any], chart: dict[str, list[str] | None], path: str = "") -> list[str]:
    """Keys that the chart does not have at that place, or a place of ours that was not recorded."""
    if path not in chart:
        return [f"{path} (not recorded)"]
    if chart[path] is None:  # an empty map in the chart: anything of Kubernetes' may stand there
        return []
    found = [f"{path}.{key}".lstrip(".") for key in ours if key not in chart[path]]
    for key, value in ours.items():
        if isinstance(value, dict) and value and key in chart[path]:
            found += unknown(value, chart, f"{path}.{key}".lstrip("."))
    return found


def test_every_key_of_ours_is_one_of_the_charts() -> None:
    assert unknown(values.read(OURS), json.loads(KEYS.read_text())) == []


def test_a_mistyped_key_is_found() -> None:
    ours = values.merged([values.read(OURS), values.from_set("prometheus.prometheusSpec.retenton=1h")])
    assert unknown(ours, json.loads(KEYS.read_text())) == ["prometheus.prometheusSpec.retenton"]


def test_the_workshops_facts() -> None:
    """What the Taskfile's values said, one by one."""
    ours = values.read(OURS)
    spec = ours["prometheus"]["prometheusSpec"]
    assert (spec["retention"], ours["grafana"]["adminPassword"]) == ("24h", "admin")
    assert spec["resources"] == {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "512Mi"}}
    for kind in ("serviceMonitor", "podMonitor", "probe", "rule"):
        assert spec[f"{kind}SelectorNilUsesHelmValues"] is False
        assert spec[f"{kind}Selector"] == spec[f"{kind}NamespaceSelector"] == {}
    for page in ("grafana", "prometheus", "alertmanager"):
        assert ours[page]["ingress"] == {"enabled": True, "ingressClassName": "nginx", "hosts": [f"{page}.test"]}
    for part in ("kubeEtcd", "kubeControllerManager", "kubeScheduler", "kubeProxy"):
        assert ours[part] == {"enabled": False}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a=1", {"a": 1}),
        ("a.b=x", {"a": {"b": "x"}}),
        (r"a\.b.c=true", {"a.b": {"c": True}}),
        ("a=", {"a": ""}),
        ("a=null", {"a": None}),
        ("a={x,2}", {"a": ["x", 2]}),
        ("a={}", {"a": []}),
        ("a=b=c", {"a": "b=c"}),
        ("a=007", {"a": "007"}),
        ("a=-3", {"a": -3}),
    ],
)
def test_set_as_helm_reads_it(text: str, value: dict[str, Any]) -> None:
    assert values.from_set(text) == value


@pytest.mark.parametrize("text", ["a", "=1", "a..b=1", "a[0]=1", ".a=1"])
def test_what_is_no_assignment_is_a_sentence(text: str) -> None:
    with pytest.raises(UsageError, match="no assignment"):
        values.from_set(text)


def test_maps_are_merged_and_all_else_is_replaced() -> None:
    below = {"a": {"x": 1, "y": [1, 2]}, "b": 1}
    above = {"a": {"y": [3], "z": None}, "b": {"c": 2}}
    assert values.merged([below, above]) == {"a": {"x": 1, "y": [3], "z": None}, "b": {"c": 2}}
    assert below == {"a": {"x": 1, "y": [1, 2]}, "b": 1}


@pytest.mark.parametrize("text", ["- 1\n", "a: [", ""])
def test_a_values_file_that_is_no_map_is_a_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "values.yaml"
    path.write_text(text)
    with pytest.raises(UsageError, match="the values file"):
        values.read(path)
    with pytest.raises(UsageError, match="the values file"):
        values.read(tmp_path / "nowhere.yaml")
