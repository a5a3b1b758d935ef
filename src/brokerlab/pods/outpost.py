"""The outpost: asks brokers and stores from inside the cluster what the engine wants to know, and shows Prometheus the
board.

Each of the engine's admins has one here (its own clients, its own lock). What was not used for `LEASE_S` seconds is
closed: whoever opened it is gone. No fault is aimed at this pod.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from brokerlab import catalog
from brokerlab.core.broker import Admin
from brokerlab.core.errors import UsageError
from brokerlab.core.remote import ABOUT_TABLES, QUESTIONS, ask
from brokerlab.pods.server import Answer, Route, serve

LEASE_S = 120.0


@dataclass
class _Opened:
    admin: Admin
    lock: Lock = field(default_factory=Lock)
    used: float = field(default_factory=time.monotonic)


class Outpost:
    def __init__(self) -> None:
        self._opened: dict[str, _Opened] = {}
        self._board, self._shown = "", 0.0
        self._lock = Lock()

    def routes(self) -> dict[tuple[str, str], Route]:
        return {
            ("POST", "open"): self.open,
            ("POST", "ask"): self.ask,
            ("POST", "close"): self.close,
            ("POST", "tables"): self.tables,
            ("POST", "board"): self.board,
            ("GET", "metrics"): self.metrics,
        }

    def open(self, _rest: list[str], body: Any) -> Answer:
        """body: {broker, endpoint, settings}; returns {admin: its number}."""
        self._tidy()
        admin = catalog.broker(body["broker"]).admin(body["endpoint"], body["settings"])
        name = secrets.token_hex(8)
        with self._lock:
            self._opened[name] = _Opened(admin)
        return {"admin": name}

    def ask(self, rest: list[str], body: Any) -> Answer:
        """/ask/ADMIN/QUESTION, with its arguments as body; returns {answer}."""
        name, question = rest
        if question not in QUESTIONS:
            raise UsageError(f"{question!r} is no question to a broker")
        opened = self._find(name)
        with opened.lock:
            try:
                return {"answer": ask(opened.admin, question, body or {})}
            finally:
                opened.used = time.monotonic()

    def close(self, rest: list[str], _body: Any) -> Answer:
        with self._lock:
            opened = self._opened.pop(rest[0], None)
        if opened:
            with opened.lock:
                opened.admin.close()
        return None

    def tables(self, rest: list[str], body: Any) -> Answer:
        """/tables/STORE/QUESTION, with {endpoint, arguments} as body; returns {answer}."""
        store, question = rest
        if question not in ABOUT_TABLES:
            raise UsageError(f"{question!r} is no question about a store's tables")
        return {"answer": ask(catalog.store(store).tables(body["endpoint"]), question, body["arguments"])}

    def board(self, _rest: list[str], body: Any) -> Answer:
        self._board, self._shown = body["text"], time.monotonic()
        return None

    def metrics(self, _rest: list[str], _body: Any) -> Answer:
        return self._board if time.monotonic() - self._shown < LEASE_S else ""

    def _find(self, name: str) -> _Opened:
        with self._lock:
            if name not in self._opened:
                raise UsageError("the outpost has no such admin", "was its pod started anew?")
            return self._opened[name]

    def _tidy(self) -> None:
        now = time.monotonic()
        with self._lock:
            old = [name for name, opened in self._opened.items() if now - opened.used > LEASE_S]
        for name in old:
            self.close([name], None)


def main() -> None:
    serve(Outpost().routes()).serve_forever()
