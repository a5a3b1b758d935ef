"""What the command line and our programs in a cluster's pods agree on: their port, the lab's token, and questions to an
`Admin`, or about a store's `Tables`, that travel as JSON: asked in one process, answered in another.

A failure travels as its sentence, its hint and its kind, and is raised again where it was asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from brokerlab.core.broker import Admin, PartitionState
from brokerlab.core.errors import BrokerlabError, DeadlineError, InconclusiveError, LabError, UsageError
from brokerlab.core.store import Kept, Row, Tables

PORT = 9464
TOKEN_HEADER = "X-Brokerlab-Token"  # noqa: S105 - the header's name
TOKEN_FILE = "BROKERLAB_TOKEN_FILE"  # noqa: S105 - the variable's name
PASSWORDS, PRIVATE = "/passwords", "/private"  # folders in a pod with clients: as they are given, and as they are used
FAILED = 409  # the HTTP status of a failure that has a sentence

Json = dict[str, Any]
_KINDS = {kind.__name__: kind for kind in (DeadlineError, InconclusiveError, LabError, UsageError)}

# How each question's answer becomes JSON; the answer of any other is none.
_ANSWERS: Mapping[str, Callable[[Any], Any]] = {
    "describe": lambda states: [asdict(state) for state in states],
    "ends": lambda ends: [[topic, partition, offset] for (topic, partition), offset in ends.items()],
    "settings": dict,
    "storage": dict,
    "kept": lambda kept: [[[r.producer, r.seq, r.at_us] for r in rows] for rows in (kept.effects, kept.changes)],
}
QUESTIONS = frozenset({"await_ready", "create", "delete", "describe", "ends", "settings", "admit", "storage"})
ABOUT_TABLES = frozenset({"create", "drop", "kept"})


def ask(whom: Admin | Tables, question: str, arguments: Json) -> Any:
    """Put one of `QUESTIONS` to an admin, or one of those `ABOUT_TABLES`; returns the answer as JSON."""
    answer = getattr(whom, question)(**arguments)
    return _ANSWERS[question](answer) if question in _ANSWERS else None


def states(answer: list[Json]) -> list[PartitionState]:
    return [PartitionState(**{**row, "replicas": tuple(row["replicas"]), "isr": tuple(row["isr"])}) for row in answer]


def ends(answer: list[list[Any]]) -> dict[tuple[str, int], int]:
    return {(topic, partition): offset for topic, partition, offset in answer}


def kept(answer: list[list[list[int]]]) -> Kept:
    return Kept(*([Row(*row) for row in rows] for rows in answer))


def failure(error: BrokerlabError) -> Json:
    kind = next((name for name, each in _KINDS.items() if isinstance(error, each)), LabError.__name__)
    return {"error": kind, "message": error.message, "hint": error.hint}


def raised(failure: Json) -> BrokerlabError:
    kind = _KINDS.get(failure.get("error", ""), LabError)
    return kind(str(failure.get("message", "no reason was given")), str(failure.get("hint", "")))
