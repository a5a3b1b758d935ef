"""`brokerlab scenario run all`: every scenario there is, one after the other in one lab, and one summary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from brokerlab.cli.failures import interrupted
from brokerlab.cli.labs import Where, ready, whole
from brokerlab.cli.running import Wish, experiment, skipped, unfinished, wish
from brokerlab.core.errors import BrokerlabError, UsageError

if TYPE_CHECKING:
    from brokerlab.core.broker import Broker
    from brokerlab.core.lab import Lab
    from brokerlab.core.verdict import RunVerdict
    from brokerlab.core.watch import Watcher

ALL = "all"


def wishes(
    only: Sequence[str], numbers: Mapping[str, int | None], properties: Path | None, *, quick: bool
) -> list[Wish]:
    """One for each scenario of the catalog. Raises UsageError."""
    from brokerlab import catalog

    if only:
        raise UsageError("--only chooses among one scenario's variants", f"say which scenario instead of {ALL!r}")
    return [wish(name, (), numbers, properties, quick=quick) for name in catalog.scenario_names()]


def carry_out(
    wanted: Sequence[Wish], where: Where, runs: Path, watcher: Watcher
) -> Iterator[tuple[RunVerdict, Path | None]]:
    """Each verdict with its run folder. What can't be finished is inconclusive, and the others are run all the same."""
    from brokerlab import catalog

    possible = []
    for each in wanted:
        if skip := skipped(each, where, runs):
            watcher.say(f"{each.scenario.name}: {skip[0].reasons[0]}")
            yield skip[0], skip[1].folder
        else:
            possible.append(each)
    for (name, nodes), group in groupby(sorted(possible, key=_needed), key=_needed):
        broker = catalog.broker(name)
        watcher.phase("lab")
        with ready(broker, nodes, where, watcher.say) as lab:
            for number, each in enumerate(group):
                watcher.say(f"{each.scenario.name}: {each.scenario.question}")
                verdict, folder = _one(broker, lab, each, runs, watcher, healthy=number == 0)
                watcher.say(f"{each.scenario.name}: {verdict.verdict.value}")
                yield verdict, folder


def _needed(wanted: Wish) -> tuple[str, int]:
    return wanted.scenario.broker, wanted.scenario.nodes


def _one(
    broker: Broker, lab: Lab, wanted: Wish, runs: Path, watcher: Watcher, *, healthy: bool
) -> tuple[RunVerdict, Path | None]:
    try:
        if not healthy:  # what the run before left of its faults, if it could not be finished
            whole(broker, lab, wanted.scenario.nodes)
        verdict, stored = experiment(lab, wanted, runs, watcher)
    except BrokerlabError as error:
        if interrupted(error):
            raise
        return unfinished("", wanted.scenario, error), None
    return verdict, stored.folder
