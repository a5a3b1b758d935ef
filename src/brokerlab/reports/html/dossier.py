"""All that a report shows of one run, as values: its verdict, its scenario, and what was written down meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from brokerlab.core.load import Load
from brokerlab.core.scenario import Scenario, Story, Variant
from brokerlab.core.verdict import RunVerdict
from brokerlab.ledger.series import Grid, Series
from brokerlab.reports.autopsies import Scenery
from brokerlab.reports.tracks import Tracks, tracks


@dataclass(frozen=True)
class Dossier:
    """One run. scenario: None when this version no longer has it. series: by variant, all over the same grid; empty
    when the run was not finished. settings: {resource: {setting: value}} as the broker told them."""

    verdict: RunVerdict
    scenario: Scenario | None
    load: Load
    lab: str
    broker: str
    story: Story
    series: Mapping[str, Series] = field(default_factory=dict)
    settings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @cached_property
    def grid(self) -> Grid | None:
        return next((series.grid for series in self.series.values()), None)

    @cached_property
    def tracks(self) -> Tracks:
        return tracks(self.story.sightings, self.grid.end_us if self.grid else 0)

    def scenery(self, variant: str) -> Scenery:
        topic, piped = self.story.topics.get(variant, ""), bool(self.scenario and self.scenario.piped)
        return Scenery(topic, self.tracks, self.story.nodes, self.story.windows, piped)

    def variant(self, name: str) -> Variant | None:
        return next((each for each in self.scenario.variants if each.name == name), None) if self.scenario else None
