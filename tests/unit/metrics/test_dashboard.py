"""Grafana's dashboard of a run and the alert rules: every metric and label they name is one that a run shows."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from brokerlab.kube import data
from brokerlab.metrics.agent import HELP, LABELS, LATENCY
from brokerlab.metrics.exposition import Board

FOLDER = data.folder("manifests") / "monitoring"
MANIFEST = yaml.safe_load((FOLDER / "dashboard-run.yaml").read_text())
DASHBOARD = json.loads(MANIFEST["data"]["brokerlab-run.json"])
RULES = yaml.safe_load((FOLDER / "alerts.yaml").read_text())
GENERATED = {"le", "__name__"}


def expressions() -> Iterator[str]:
    for panel in DASHBOARD["panels"]:
        yield from (target["expr"] for target in panel["targets"])
    yield from (each["expr"] for each in DASHBOARD["annotations"]["list"])


def rules() -> Iterator[str]:
    for group in RULES["spec"]["groups"]:
        yield from (rule["expr"] for rule in group["rules"])


def shown() -> dict[str, set[str]]:
    """{metric: its labels} of all that a run shows."""
    from brokerlab.core.broker import PartitionState

    board = Board("run", 1, [PartitionState("t", 0, 1, 1, (1,), (1,))], {("t", 0): 1}, {"kill": {}})
    gauges = {sample.name: set(sample.labels) for metric in board.collect() for sample in metric.samples}
    counters = {f"brokerlab_messages_{word}_total": set(LABELS) for word in HELP}
    histograms = {f"brokerlab_{name}_latency_seconds_bucket": {*LABELS, "le"} for name in LATENCY}
    return gauges | counters | histograms


def metrics_of(expression: str) -> set[str]:
    """The names of metrics in a query; a pattern over names stands for all that it matches."""
    pattern = re.search(r'__name__=~"([^"]+)"', expression)
    matched = {name for name in shown() if pattern and re.fullmatch(pattern[1], name)}
    assert not pattern or matched, f"{pattern[1]} matches no metric" if pattern else ""
    return matched | set(re.findall(r"\bbrokerlab_\w+", re.sub(r'"[^"]*"', '""', expression)))


@pytest.mark.parametrize("expression", [*expressions(), *rules()])
def test_every_metric_and_label_exists(expression: str) -> None:
    known = shown()
    metrics = metrics_of(expression)
    assert metrics <= known.keys()
    if not metrics:  # a rule about Prometheus' own
        assert expression == "up == 0"
        return
    grouped = [name.strip() for found in re.findall(r"\bby \(([^)]*)\)", expression) for name in found.split(",")]
    labels = set(re.findall(r"(\w+)=~?\"", expression)) | set(grouped)
    assert labels <= GENERATED | set.union(*(known[name] for name in metrics))


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool comes with Debian's prometheus")
def test_every_query_is_promql(tmp_path: Path) -> None:
    made: Any = [
        {"record": f"query:{number}", "expr": expression.replace("$run", "run")}
        for number, expression in enumerate(expressions())
    ]
    path = tmp_path / "rules.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": made}]}))
    told = subprocess.run(["promtool", "check", "rules", str(path)], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr


def test_grafanas_sidecar_finds_it() -> None:
    assert MANIFEST["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert {each["name"] for each in DASHBOARD["annotations"]["list"]} == {"fault", "no leader"}


def test_a_query_about_a_metric_that_does_not_exist_is_found() -> None:
    assert not metrics_of("rate(brokerlab_messages_set_total[5s])") <= shown().keys()
