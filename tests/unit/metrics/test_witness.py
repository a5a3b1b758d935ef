"""The second witness: it is heard only when every place that shows a run's counters was scraped after the end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from brokerlab.core.errors import DeadlineError
from brokerlab.metrics.witness import Witness


@contextmanager
def prometheus(answers: dict[str, list[dict[str, Any]]]) -> Iterator[str]:
    """One that answers a query that begins like this with such rows, every other with none."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            from urllib.parse import parse_qs, urlsplit

            query = parse_qs(urlsplit(self.path).query)["query"][0]
            rows = next((found for start, found in answers.items() if query.startswith(start)), [])
            body = json.dumps({"status": "success", "data": {"result": rows}}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def row(instance: str) -> dict[str, Any]:
    return {"metric": {"instance": instance, "run": "run-1"}, "value": [0, "1"]}


def test_all_places_must_have_been_scraped() -> None:
    with prometheus({'brokerlab_run_generation{run="run-1"} >= 1': [row("a"), row("b")]}) as url:
        witness = Witness(url, "run-1")
        witness.await_generation(1, 2)
        with pytest.raises(DeadlineError, match="those of 2 of 3"):
            witness.await_generation(1, 3, deadline=0.2)
        with pytest.raises(DeadlineError, match="those of 0 of 1"):
            witness.await_generation(2, deadline=0.2)


def test_counts_are_summed_by_the_server() -> None:
    counted = [{"metric": {"variant": "acks=1"}, "value": [0, "7"]}]
    with prometheus({"sum by (variant) (brokerlab_messages_sent_total": counted}) as url:
        assert Witness(url, "run-1").counts() == {"acks=1": {"sent": 7}}


def test_a_silent_prometheus_is_a_sentence() -> None:
    with pytest.raises(DeadlineError, match="did not answer"):
        Witness("http://127.0.0.1:1", "run-1").await_generation(1)
