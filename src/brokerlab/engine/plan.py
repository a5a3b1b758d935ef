"""A run's plan and story as stored files: what was to be done, and what happened to the broker.

plan.json says which scenario with which load and variants; story.json holds the faults' receipts, the observer's
sightings and the steps' spans; witness.json what Prometheus counted. With the ledger they are all that judging needs,
so that a stored run can be judged again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from brokerlab.core.broker import PartitionState
from brokerlab.core.errors import UsageError
from brokerlab.core.fault import Receipt, Sighting
from brokerlab.core.files import write_json
from brokerlab.core.load import Load
from brokerlab.core.scenario import Span, Story

PLAN, STORY, WITNESS, SETTINGS = "plan.json", "story.json", "witness.json", "settings.json"
VERSION = 1


@dataclass(frozen=True)
class Plan:
    """What a run is to do: a scenario's name, the chosen variants' names, the load."""

    run: str
    scenario: str
    variants: tuple[str, ...]
    load: Load
    lab: str
    broker: str

    def save(self, folder: Path) -> None:
        write_json(folder / PLAN, {"version": VERSION, **asdict(self)})

    @classmethod
    def read(cls, folder: Path) -> Plan:
        data = read_json(folder / PLAN)
        if data.pop("version", None) != VERSION:
            raise UsageError(f"{folder / PLAN} is of another version of brokerlab", "judge it with that version")
        return cls(**{**data, "variants": tuple(data["variants"]), "load": Load(**data["load"])})


def save_story(folder: Path, story: Story) -> None:
    write_json(folder / STORY, asdict(story))


def read_story(folder: Path) -> Story:
    data = read_json(folder / STORY)
    return Story(
        receipts={name: Receipt(**receipt) for name, receipt in data["receipts"].items()},
        sightings=tuple(Sighting(row["at_us"], _state(row["state"])) for row in data["sightings"]),
        topics=data["topics"],
        nodes={int(number): node for number, node in data["nodes"].items()},
        skipped=tuple(data["skipped"]),
        spans=tuple(Span(**row) for row in data.get("spans", ())),
        storage=data.get("storage", {}),
    )


def _state(row: Mapping[str, Any]) -> PartitionState:
    return PartitionState(**{**row, "replicas": tuple(row["replicas"]), "isr": tuple(row["isr"])})


def read_json(path: Path) -> Any:
    """Raises UsageError for a file that is missing or not JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{path} can't be read: {error}", "the run did not get that far, or its folder was changed: run it again"
        ) from error
