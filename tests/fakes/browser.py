"""A real Chromium without a window, driven by its DevTools protocol over a pipe: what a page asks for, says, shows."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)


def program() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)


@dataclass
class Page:
    """One page. requested: every URL that it asked for; complaints: what its console was told."""

    orders: IO[bytes]
    answers: IO[bytes]
    session: str = ""
    requested: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    _number: int = 0

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        self._number += 1
        order = {"id": self._number, "method": method, "params": params}
        if self.session:
            order["sessionId"] = self.session
        self.orders.write(json.dumps(order).encode() + b"\0")
        self.orders.flush()
        while True:
            told = self._next()
            if told.get("id") == self._number:
                assert "error" not in told, told
                return dict(told["result"])

    def await_loaded(self, loader: str) -> None:
        """Of this navigation: another page's may have been on its way."""
        while True:
            told = self._next()
            if told.get("method") == "Page.lifecycleEvent":
                event = told["params"]
                if (event["loaderId"], event["name"]) == (loader, "load"):
                    return

    def open(self, path: Path, width: int, height: int, *, dark: bool = False) -> None:
        """Load a file in a window of this size."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.await_loaded(self.call("Page.navigate", url=path.as_uri())["loaderId"])

    def evaluate(self, expression: str) -> Any:
        return self.call("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def press(self, key: str) -> None:
        codes = {"Tab": 9, "ArrowRight": 39, "Enter": 13}
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=codes[key])

    def screenshot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))

    def _next(self) -> dict[str, Any]:
        text = b""
        while not text.endswith(b"\0"):
            byte = self.answers.read(1)
            assert byte, "the browser ended"
            text += byte
        told: dict[str, Any] = json.loads(text[:-1])
        match told.get("method"):
            case "Network.requestWillBeSent":
                self.requested.append(told["params"]["request"]["url"])
            case "Runtime.consoleAPICalled" | "Runtime.exceptionThrown" | "Log.entryAdded":
                self.complaints.append(json.dumps(told["params"]))
        return told


def _pipe() -> tuple[int, int]:
    """Both ends above 9, so that none of them is 3 or 4, which are what the browser is to find its pipes as."""
    ends = os.pipe()
    moved = tuple(fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in ends)
    for end in ends:
        os.close(end)
    return moved[0], moved[1]


@contextmanager
def page() -> Iterator[Page]:
    """A browser with one empty page; ended, with its profile, when the context is left."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        theirs_in, ours_out = _pipe()
        ours_in, theirs_out = _pipe()
        command = [program() or "chromium", *FLAGS, f"--user-data-dir={profile}"]
        script = f'exec "$0" "$@" 3<&{theirs_in} 4>&{theirs_out}'
        child = subprocess.Popen(
            ["bash", "-c", script, *command], pass_fds=(theirs_in, theirs_out), stderr=subprocess.DEVNULL
        )
        os.close(theirs_in)
        os.close(theirs_out)
        try:
            with open(ours_out, "wb") as orders, open(ours_in, "rb", buffering=1 << 16) as answers:  # noqa: PTH123
                shown = Page(orders, answers)
                target = shown.call("Target.createTarget", url="about:blank")["targetId"]
                shown.session = shown.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
                for domain in ("Page", "Network", "Runtime", "Log"):
                    shown.call(f"{domain}.enable")
                shown.call("Page.setLifecycleEventsEnabled", enabled=True)
                yield shown
        finally:
            child.terminate()
            child.wait(30)
