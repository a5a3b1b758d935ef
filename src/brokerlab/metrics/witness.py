"""Prometheus as the second witness: the last raw value of each counter of a run, one scrape after its end.

Raw values, never `rate` or `increase`: those extrapolate and are no integers (Prometheus documentation, "Query
functions"). The ledger decides; this number stands beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from brokerlab.core.errors import DeadlineError
from brokerlab.core.wait import until
from brokerlab.metrics.exposition import GENERATION

COUNTERS = ("sent", "acked", "handed", "failed", "unknown", "delivered", "processed", "audited")


@dataclass(frozen=True)
class Witness:
    """Asks the Prometheus at `url` about the run `run`."""

    url: str
    run: str

    def await_generation(self, generation: int, expositions: int = 1, deadline: float = 30) -> None:
        """Return when Prometheus has scraped the final counts at so many expositions. Raises DeadlineError."""
        query = f'{GENERATION}{{run="{self.run}"}} >= {generation}'
        heard: list[Mapping[str, Any]] = []

        def all_heard() -> bool:
            heard[:] = self._query(query)
            return len(heard) >= expositions

        until(
            all_heard,
            f"Prometheus at {self.url} to scrape the run's last counts",
            deadline=deadline,
            every=0.1,
            seen=lambda: f"those of {len(heard)} of {expositions}",
        )

    def counts(self) -> dict[str, dict[str, int]]:
        """{variant: {counter: value}} of the counters that Prometheus has; a counter without a series is absent."""
        found: dict[str, dict[str, int]] = {}
        for counter in COUNTERS:
            for row in self._query(f'sum by (variant) (brokerlab_messages_{counter}_total{{run="{self.run}"}})'):
                found.setdefault(row["metric"]["variant"], {})[counter] = int(float(row["value"][1]))
        return found

    def _query(self, query: str) -> list[Mapping[str, Any]]:
        import requests
        from prometheus_api_client import PrometheusApiClientException, PrometheusConnect

        try:
            rows: list[Mapping[str, Any]] = PrometheusConnect(url=self.url).custom_query(query)
        except (PrometheusApiClientException, requests.RequestException) as error:
            raise DeadlineError(f"Prometheus at {self.url} did not answer: {error}") from error
        return rows
