"""Agents in pods: each is started, ordered about and listened to through its pod's keeper.

Two threads an agent: one starts it, takes in its progress and brings its ledger home when it has ended; the other
delivers orders, in order and each once. A connection that breaks is made again. An agent counts as done only when its
ledger is here, whole.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Thread
from typing import Any

from brokerlab.core.agent import AgentSpec
from brokerlab.core.codec import agent_to_json
from brokerlab.core.errors import BrokerlabError, InconclusiveError
from brokerlab.core.files import write_atomic
from brokerlab.kube.pods import AnsweredError, BrokenError, PodHttp
from brokerlab.labs.kubernetes.connection import once, persistently
from brokerlab.labs.kubernetes.ledgers import bring

SILENCE_S = 10.0  # a keeper says something every second
STOP_S = 10.0
_OVER: Any = None


class RemoteAgent:
    """An `Agent` in a pod. `keeper` returns the way to its pod's keeper when that answers; asked in a thread."""

    def __init__(self, spec: AgentSpec, keeper: Callable[[Event], PodHttp], folder: Path) -> None:
        self.spec = spec
        self._find, self._folder = keeper, folder
        self._keeper: PodHttp | None = None
        self._last: Mapping[str, Any] = {}
        self._code: int | None = None
        self._stopping, self._started, self._lost = Event(), Event(), Event()
        self._orders: SimpleQueue[str | None] = SimpleQueue()
        self._threads = [
            Thread(target=self._guarded, args=(work,), name=f"{name} {spec.process}", daemon=True)
            for name, work in (("agent", self._live), ("orders of", self._deliver))
        ]
        for thread in self._threads:
            thread.start()

    # ------------------------------------------------------------ the protocol

    def order(self, line: str) -> None:
        self._orders.put(line)

    def progress(self) -> Mapping[str, Any]:
        return self._last

    def exit_code(self) -> int | None:
        """None while it runs, or its ledger is on its way."""
        return None if self._threads[0].is_alive() else self._code

    def log(self, lines: int = 20) -> str:
        path = self._log_file()
        with contextlib.suppress(OSError):
            return "\n".join(path.read_text("utf-8").splitlines()[-lines:])
        with contextlib.suppress(BrokerlabError, AnsweredError):
            if self._keeper:
                return "\n".join(self._keeper.text(f"log/{self.spec.process}").splitlines()[-lines:])
        return ""

    def signal(self, number: int) -> None:
        keeper = self._keeper
        if keeper and self._code is None:
            once(lambda: keeper.json("post", f"signal/{self.spec.process}", {"number": int(number)}))

    def stop(self, deadline: float) -> None:
        self._stopping.set()
        self._orders.put(_OVER)
        keeper = self._keeper
        if keeper and self._threads[0].is_alive():
            path = f"stop/{self.spec.process}"
            try:
                keeper.json("post", path, {"deadline": deadline}, deadline=deadline + STOP_S)
            except (BrokerlabError, AnsweredError):  # its keeper's lease will run out
                self._lost.set()
        for thread in self._threads:
            thread.join(STOP_S)

    # ------------------------------------------------------------ inside

    def _guarded(self, work: Callable[[], None]) -> None:
        """What goes wrong in a thread is the agent's failure."""
        try:
            work()
        except BrokerlabError as error:
            self._fail(error.message, error.hint, error.exit_code)
        except AnsweredError as error:
            self._fail(str(error), "", InconclusiveError.exit_code)
        except Exception as error:  # a bug of ours: told like an agent's own
            self._fail(f"a bug: {type(error).__name__}: {error}", "", BrokerlabError.exit_code)
        finally:
            self._started.set()

    def _fail(self, error: str, hint: str, code: int) -> None:
        if not self._stopping.is_set():
            self._last = {**self._last, "state": "failed", "error": error, "hint": hint}
        self._code = code
        self._orders.put(_OVER)

    def _live(self) -> None:
        self._last = {"state": "starting"}
        keeper = self._find(self._stopping)
        sheet = json.loads(agent_to_json(self.spec))
        persistently(lambda: keeper.json("post", "start", sheet), f"the keeper of {self.spec.name}")
        self._keeper = keeper
        self._started.set()
        last, code = self._listen(keeper)
        if not self._stopping.is_set():
            self._fetch(keeper)
        self._last, self._code = last, code
        self._orders.put(_OVER)

    def _listen(self, keeper: PodHttp) -> tuple[Mapping[str, Any], int]:
        """Take in its progress until it has ended; returns its last report and its exit code."""
        told: Mapping[str, Any] = {"exit": None, "report": {}}
        while told["exit"] is None:
            lines = persistently(lambda: self._connected(keeper), f"the progress of {self.spec.process}")
            with contextlib.suppress(BrokenError):
                for line in lines:
                    told = json.loads(line)
                    self._take(told["report"])
                    if self._lost.is_set():
                        raise InconclusiveError(f"{self.spec.process} could not be told to stop")
        return told["report"], int(told["exit"])

    def _connected(self, keeper: PodHttp) -> Iterator[bytes]:
        """Its lines, of which the first has come."""
        lines = keeper.lines(f"progress/{self.spec.process}", SILENCE_S)
        for first in lines:
            self._take(json.loads(first)["report"])
            return _again(first, lines)
        raise BrokenError(f"the keeper of {self.spec.process} said nothing")

    def _take(self, report: Mapping[str, Any]) -> None:
        """Not done yet: that it is when its ledger is here."""
        if report:
            self._last = {**report, "state": "working"} if report.get("state") == "done" else report

    def _fetch(self, keeper: PodHttp) -> None:
        bring(keeper, Path(self.spec.ledger))
        text = persistently(lambda: keeper.text(f"log/{self.spec.process}"), f"the log of {self.spec.process}")
        write_atomic(self._log_file(), text)

    def _deliver(self) -> None:
        self._started.wait()
        number = 0
        while (line := self._orders.get()) is not _OVER:
            number += 1
            keeper = self._keeper
            if keeper is None:
                return
            order = {"number": number, "line": line}
            tell = partial(keeper.json, "post", f"order/{self.spec.process}", order)
            persistently(tell, f"{self.spec.process} to hear {line!r}")

    def _log_file(self) -> Path:
        return self._folder / f"{self.spec.process}.log"


def _again(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest
