"""The supervisor's /metrics: every agent's counters, dead or alive, and what the observer saw of the partitions.

Agents keep their counters in prometheus_client's multiprocess files (see `metrics.agent`), so that a killed agent's
counts stay. This endpoint lives in the process that runs the experiment, which no fault is aimed at. `generation` is
a gauge that the run raises when the last agent has ended: a scrape that shows it has seen the final counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, make_server

from brokerlab.core.broker import PartitionState

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.core import Metric

GENERATION = "brokerlab_run_generation"
LOOK_S = 0.02


@dataclass(eq=False)  # a registry keeps its collectors by identity
class Board:
    """What the gauges show: written by the observer and the engine, read at each scrape."""

    run: str
    generation: int = 0
    states: Sequence[PartitionState] = ()
    ends: dict[tuple[str, int], int] = field(default_factory=dict)
    faults: Mapping[str, object] = field(default_factory=dict)  # those that are active now, by name

    def collect(self) -> Iterator[Metric]:
        from prometheus_client.core import GaugeMetricFamily

        generation = GaugeMetricFamily(GENERATION, "Raised once every agent of the run has ended.", labels=["run"])
        generation.add_metric([self.run], self.generation)
        labels = ["run", "topic", "partition"]
        leader = GaugeMetricFamily("brokerlab_partition_leader", "Broker id of the leader; -1 is none.", labels=labels)
        isr = GaugeMetricFamily("brokerlab_partition_isr_size", "Replicas that are in sync.", labels=labels)
        for state in self.states:
            at = [self.run, state.topic, str(state.partition)]
            leader.add_metric(at, state.leader)
            isr.add_metric(at, len(state.isr))
        end = GaugeMetricFamily("brokerlab_partition_end_offset", "High watermark, in records.", labels=labels)
        for (topic, partition), offset in self.ends.items():
            end.add_metric([self.run, topic, str(partition)], offset)
        fault = GaugeMetricFamily("brokerlab_fault_active", "1 while a fault is active.", labels=["run", "fault"])
        for name in list(self.faults):
            fault.add_metric([self.run, name], 1)
        yield from (generation, leader, isr, end, fault)


class Exposition:
    """Serves `board` and the multiprocess files of `folder` on a free port of 127.0.0.1 until `close`."""

    def __init__(self, board: Board, folder: Path) -> None:
        """As prometheus_client's own `start_http_server`, but that looks only twice a second whether it is to end."""
        from prometheus_client import make_wsgi_app
        from prometheus_client.exposition import ThreadingWSGIServer

        app = make_wsgi_app(_registry(board, folder))
        self._server = make_server("127.0.0.1", 0, app, ThreadingWSGIServer, _Silent)
        self._thread = Thread(target=self._server.serve_forever, args=(LOOK_S,), name="exposition", daemon=True)
        self._thread.start()

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Silent(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """A scrape is no news."""


def text_of(board: Board, folder: Path) -> str:
    """What an exposition of these would show now."""
    from prometheus_client import generate_latest

    return generate_latest(_registry(board, folder)).decode()


def _registry(board: Board, folder: Path) -> CollectorRegistry:
    from prometheus_client import CollectorRegistry
    from prometheus_client.multiprocess import MultiProcessCollector

    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(folder))  # type: ignore[no-untyped-call]  # not annotated upstream
    registry.register(board)
    return registry
