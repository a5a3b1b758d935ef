"""One line of `minikube start --output=json` as a sentence: CloudEvents of the types in minikube's out/register/log.go.

step {currentstep, totalsteps, name, message} · download, download.progress {artifact, progress} · info, warning
{message} · error {message, exitcode, advice, ...}. Every value is a string.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

PREFIX = "io.k8s.sigs.minikube."


@dataclass(frozen=True)
class Event:
    """kind: step, download, download.progress, info, warning or error. sentence: "" when there is nothing to tell."""

    kind: str
    sentence: str

    @property
    def is_error(self) -> bool:
        return self.kind == "error"


def parse(line: str) -> Event | None:
    """The event of one line; None for a line that is no event of minikube's (a warning of another program, say)."""
    try:
        event = json.loads(line)
        kind, data = event["type"], event["data"]
    except (ValueError, KeyError, TypeError):
        return None
    if not isinstance(kind, str) or not kind.startswith(PREFIX) or not isinstance(data, dict):
        return None
    kind = kind.removeprefix(PREFIX)
    return Event(kind, _SENTENCES.get(kind, _message)(data).strip())


def _message(data: Mapping[str, str]) -> str:
    return data.get("message", "")


def _step(data: Mapping[str, str]) -> str:
    at, total = data.get("currentstep", ""), data.get("totalsteps", "")
    return f"[{at}/{total}] {_message(data)}" if at.isdecimal() and total else _message(data)


def _download(data: Mapping[str, str]) -> str:
    return f"downloading {data.get('artifact', 'something')}"


def _download_progress(data: Mapping[str, str]) -> str:
    """progress: a share of 1, as Go prints a float."""
    try:
        share = f" {float(data['progress']):.0%}"
    except (KeyError, ValueError):
        share = ""
    return f"{_download(data)}{share}"


def _error(data: Mapping[str, str]) -> str:
    message, advice = _message(data), data.get("advice", "")
    return f"{message} ({advice})" if advice else message


_SENTENCES: Mapping[str, Callable[[Mapping[str, str]], str]] = {
    "step": _step,
    "download": _download,
    "download.progress": _download_progress,
    "error": _error,
}
