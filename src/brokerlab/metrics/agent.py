"""An agent's counters and latency histograms for Prometheus, in prometheus_client's multiprocess files.

The files outlive the process, so a killed agent's counts do not vanish; `metrics.exposition` shows them. All is added
in bulk, once a batch. The values are made with the class that `prometheus_client.values` chooses, as the library's own
metric types do: `Histogram.observe` takes one observation at a time, which costs more than sending a message does.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brokerlab.core.agent import AgentSpec

LABELS = ("run", "variant", "role")
BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)

HELP = {
    "sent": "Messages recorded as sent, before the call to the client.",
    "acked": "Messages that the broker confirmed.",
    "handed": "Messages handed to the socket, no acknowledgement asked for (acks=0).",
    "failed": "Messages that were surely not written.",
    "unknown": "Messages that may or may not be written.",
    "delivered": "Messages given to the application.",
    "processed": "Messages that the application finished.",
    "committed": "Deliveries whose position was committed.",
    "audited": "Records found in the log by the auditor.",
    "consumed": "Messages that a processor took.",
    "produced": "Messages that a processor wrote.",
}
LATENCY = {
    "ack": "From the producer's call to the outcome.",
    "delivery": "From the producer's call to the application.",
}
ROLES = {
    "producer": (("sent", "acked", "handed", "failed", "unknown"), ("ack",)),
    "writer": (("sent", "acked"), ("ack",)),
    "consumer": (("delivered", "processed", "committed"), ("delivery",)),
    "subscriber": (("delivered", "processed", "committed"), ("delivery",)),
    "auditor": (("audited",), ()),
    "processor": (("consumed", "produced"), ()),
}


class Meter:
    """One agent's metrics; every counter exists, at 0, from the start."""

    def __init__(self, spec: AgentSpec) -> None:
        counters, histograms = ROLES[spec.role]
        labels = (spec.run, spec.variant, spec.role)
        on = bool(spec.metrics)
        self._counters = {word: _counter(word, labels) for word in counters} if on else {}
        self._histograms = {name: _Histogram(name, labels) for name in histograms} if on else {}

    def add(self, **counts: int) -> None:
        for word, count in counts.items():
            if count and self._counters:
                self._counters[word].inc(count)

    def observe(self, name: str, latencies_us: NDArray[Any]) -> None:
        """Add latencies in microseconds to a histogram: "ack" or "delivery"."""
        if self._histograms and len(latencies_us):
            self._histograms[name].observe(latencies_us)


class _Histogram:
    """Buckets of one labelled histogram: one search over the whole array, one addition a bucket that grew."""

    def __init__(self, name: str, labels: tuple[str, ...]) -> None:
        series = _Series("histogram", f"brokerlab_{name}_latency_seconds", LATENCY[name], labels)
        self._edges = np.array(BUCKETS_S) * 1e6
        self._buckets = [series.value("_bucket", le) for le in (*map(str, BUCKETS_S), "+Inf")]
        self._sum = series.value("_sum")

    def observe(self, latencies_us: NDArray[Any]) -> None:
        counts = np.bincount(np.searchsorted(self._edges, latencies_us), minlength=len(self._buckets))
        for bucket in np.flatnonzero(counts):
            self._buckets[bucket].inc(int(counts[bucket]))
        self._sum.inc(float(latencies_us.sum(dtype=np.int64)) / 1e6)


def _counter(word: str, labels: tuple[str, ...]) -> Any:
    return _Series("counter", f"brokerlab_messages_{word}", HELP[word], labels).value("_total")


@dataclass(frozen=True)
class _Series:
    """One metric with its labels, of which `value` makes the single numbers that Prometheus stores."""

    kind: str
    name: str
    text: str
    labels: tuple[str, ...]

    def value(self, suffix: str, le: str = "") -> Any:
        names, values = ((*LABELS, "le"), (*self.labels, le)) if le else (LABELS, self.labels)
        return _values()(self.kind, self.name, self.name + suffix, names, values, self.text)


@cache
def _values() -> Any:
    """What this process's values are made with: asked for at the first of them, when its folder is known, not when
    prometheus_client is imported, as its `ValueClass` is: a process may be the fork of one that has done that."""
    from prometheus_client.values import get_value_class

    return get_value_class()  # type: ignore[no-untyped-call]  # not annotated upstream


def use_folder(folder: str) -> None:
    """Have this process keep its metrics below `folder`. To be called before there are any."""
    if folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
