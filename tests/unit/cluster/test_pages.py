"""Whether a page of the cluster answers by its name, and why not."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from brokerlab.cluster import pages


@pytest.fixture
def web() -> Iterator[tuple[int, list[int]]]:
    """A server on 127.0.0.1 that answers with the status that the list holds."""
    answers = [200]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(answers[0])
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server.server_address[1], answers
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(("status", "answers"), [(200, True), (302, True), (401, True), (404, False), (503, False)])
def test_whether_a_page_answers(web: tuple[int, list[int]], status: int, answers: bool) -> None:
    web[1][0] = status
    assert (pages.unreachable("localhost", web[0]) == "") is answers


def test_why_a_page_does_not_answer() -> None:
    assert "brokerlab dns add" in pages.unreachable("grafana.invalid")
    assert "refused" in pages.unreachable("127.0.0.1", 1)
