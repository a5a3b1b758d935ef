"""A small HTTP server for our pods: routes to functions; JSON, text, files or a stream of lines as answers.

All but `GET /ready` and `GET /metrics` wants the lab's token (a Secret that only the lab's pods and whoever may read
it has), because what is asked for here runs programs and kills brokers.
"""

from __future__ import annotations

import hmac
import json
import os
import shutil
import traceback
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from brokerlab.core.errors import BrokerlabError
from brokerlab.core.remote import FAILED, PORT, TOKEN_FILE, TOKEN_HEADER, failure

OPEN = frozenset({("GET", "ready"), ("GET", "metrics")})

Answer = dict[str, Any] | list[Any] | str | Path | Iterator[bytes] | None
Route = Callable[[list[str], Any], Answer]
"""Given the rest of the path and the body (JSON), returns what to answer: an iterator's parts are sent one by one."""


def serve(routes: Mapping[tuple[str, str], Route], port: int = PORT, token: str | None = None) -> ThreadingHTTPServer:
    """A server of `routes` by (method, first part of the path); the caller runs it."""
    expected = _token() if token is None else token

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do(self) -> None:
            first, *rest = self.path.partition("?")[0].strip("/").split("/")
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            way = (self.command, first)
            if way == ("GET", "ready"):
                self._send(200, "text/plain", b"ready\n")
            elif way not in OPEN and not hmac.compare_digest(self.headers.get(TOKEN_HEADER, ""), expected):
                self._send(403, "text/plain", b"the lab's token is missing\n")
            elif way not in routes:
                self._send(404, "text/plain", b"there is no such thing here\n")
            else:
                self._answer(routes[way], rest, json.loads(body) if body else None)

        do_GET = do_POST = do  # noqa: N815 - http.server's names

        def _answer(self, route: Route, rest: list[str], body: Any) -> None:
            try:
                answer = route(rest, body)
            except BrokerlabError as error:
                self._send(FAILED, "application/json", json.dumps(failure(error)).encode())
                return
            except Exception as error:
                traceback.print_exc()  # the pod's log
                self._send(500, "text/plain", f"a bug: {type(error).__name__}: {error}".encode())
                return
            if isinstance(answer, Path):
                self._send_file(answer)
            elif isinstance(answer, Iterator):
                self._send_parts(answer)
            elif isinstance(answer, str):
                self._send(200, "text/plain; charset=utf-8", answer.encode())
            else:
                self._send(200, "application/json", json.dumps(answer).encode())

        def _send(self, status: int, kind: str, data: bytes) -> None:
            self._head(status, kind, len(data))
            self.wfile.write(data)

        def _send_file(self, path: Path) -> None:
            with path.open("rb") as file:
                self._head(200, "application/octet-stream", os.fstat(file.fileno()).st_size)
                shutil.copyfileobj(file, self.wfile, 1 << 20)

        def _send_parts(self, parts: Iterator[bytes]) -> None:
            """Without a length: the end of the connection is the end of the answer."""
            self.close_connection = True
            self._head(200, "application/x-ndjson", None)
            for part in parts:
                self.wfile.write(part)

        def _head(self, status: int, kind: str, length: int | None) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            if length is None:
                self.send_header("Connection", "close")
            else:
                self.send_header("Content-Length", str(length))
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A connection that breaks is made again by whoever needs it."""

    return Server(("", port), Handler)


def _token() -> str:
    return Path(os.environ[TOKEN_FILE]).read_text("utf-8").strip()
