"""Gathering what a report shows of a stored run: its verdict, and all that its folder holds besides."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from brokerlab.core.scenario import Scenario, Story
    from brokerlab.core.verdict import RunVerdict
    from brokerlab.ledger.series import Series
    from brokerlab.reports.html.dossier import Dossier


def gather(run: RunVerdict, folder: Path, scenario: Scenario | None, *, course: bool = True) -> Dossier:
    """A run that could not be finished left no story: its report has the verdict and the reasons alone.

    course: read the ledgers too, for the course in time.
    """
    from brokerlab.core.scenario import Story
    from brokerlab.engine.plan import SETTINGS, STORY, Plan, read_json, read_story
    from brokerlab.reports.html.dossier import Dossier

    plan = Plan.read(folder)
    finished = (folder / STORY).is_file()
    story = read_story(folder) if finished else Story({}, (), {}, {})
    return Dossier(
        verdict=run,
        scenario=scenario,
        load=plan.load,
        lab=plan.lab,
        broker=plan.broker,
        story=story,
        series=_series(folder, story, plan.variants) if course and finished else {},
        settings=read_json(folder / SETTINGS) if (folder / SETTINGS).is_file() else {},
    )


def _series(folder: Path, story: Story, variants: tuple[str, ...]) -> dict[str, Series]:
    """All over one grid, so that the same moment is at the same place in every chart."""
    from brokerlab.engine.staff import slug
    from brokerlab.ledger.facts import Facts
    from brokerlab.ledger.read import load
    from brokerlab.ledger.series import extent, grid, series

    ledgers = {variant: load(folder / "ledger" / slug(variant)) for variant in variants}
    extents = [found for ledger in ledgers.values() if (found := extent(ledger))]
    if not extents:
        return {}
    over = grid([*extents, *((window.started_us, window.ended_us) for window in story.windows)])
    return {variant: series(Facts(ledger), over) for variant, ledger in ledgers.items()}
