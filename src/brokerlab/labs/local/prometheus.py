"""The second witness: a real Prometheus with a configuration, a data folder and a port of its own, one a lab.

It scrapes every second what the lab's `targets` folder names (file_sd: one JSON file a job, replaced as a whole). A new
target is scraped for the first time after at most 5 s: Prometheus passes discovered targets on that often, and not
faster (discovery/manager.go, `updatert`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from brokerlab.core.errors import DeadlineError, LabError
from brokerlab.core.files import write_atomic
from brokerlab.core.wait import until
from brokerlab.labs.local import ports
from brokerlab.labs.local.logs import log_tail
from brokerlab.labs.local.starter import Starter

NAME = "prometheus"
READY_DEADLINE = 30  # seconds; it takes half of one

# The job's name comes with each target (a label `job` that a target brings is kept).
CONFIG = """\
global:
  scrape_interval: 1s
  scrape_timeout: 1s
scrape_configs:
  - job_name: brokerlab
    file_sd_configs:
      - files: ["targets/*.json"]
        refresh_interval: 1s
"""


def start(program: Path, starter: Starter) -> str:
    """Start it; returns its URL. It is not ready yet: see `await_ready`."""
    folder = starter.state.folder / NAME
    (folder / "targets").mkdir(parents=True, exist_ok=True)
    (folder / "prometheus.yml").write_text(CONFIG)
    port = ports.free_ports(1, starter.state.ports)[0]
    command = (
        str(program),
        "--config.file=prometheus.yml",
        "--storage.tsdb.path=data",
        f"--web.listen-address={ports.HOST}:{port}",
        # The scraper takes over new targets every 5 s by default, on top of the discovery's 5 s.
        "--scrape.discovery-reload-interval=200ms",
        "--log.level=warn",
    )
    starter.start(NAME, command, folder, folder / f"{NAME}.log")
    return f"http://{ports.HOST}:{port}"


def await_ready(url: str, starter: Starter) -> None:
    """Return when `/-/ready` says so. Raises LabError with the end of its log when it ends before."""
    process = starter.state.processes[NAME]
    log = starter.state.folder / NAME / f"{NAME}.log"

    def ready() -> bool:
        if answers(url):
            return True
        if not process.alive:
            raise LabError(f"Prometheus ended while it was starting; the end of its log:\n{log_tail(log, 8)}")
        return False

    try:
        until(ready, f"Prometheus at {url} to be ready", deadline=READY_DEADLINE, every=0.02)
    except DeadlineError as error:
        raise LabError(f"{error.message}; the end of its log:\n{log_tail(log, 8)}") from error


def answers(url: str) -> bool:
    from http.client import HTTPConnection, HTTPException

    connection = HTTPConnection(url.removeprefix("http://"), timeout=2)
    try:
        connection.request("GET", "/-/ready")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def set_target(folder: Path, job: str, target: str | None, labels: Mapping[str, str]) -> None:
    """Have the Prometheus of the lab in `folder` scrape `target` as `job`; None: no longer."""
    path = folder / NAME / "targets" / f"{job}.json"
    if target is None:
        path.unlink(missing_ok=True)
    else:
        write_atomic(path, json.dumps([{"targets": [target], "labels": {**labels, "job": job}}]))
