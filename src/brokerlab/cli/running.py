"""From a command line to a judged run: what was asked for is checked, a lab is made ready, the engine does the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from brokerlab.cli.failures import interrupted
from brokerlab.cli.labs import Where, furnish, lacking, ready
from brokerlab.core.errors import BrokerlabError, InconclusiveError, UsageError

if TYPE_CHECKING:
    from brokerlab.core.lab import Lab
    from brokerlab.core.load import Load
    from brokerlab.core.scenario import Scenario, Variant
    from brokerlab.core.verdict import RunVerdict
    from brokerlab.core.watch import Watcher
    from brokerlab.ledger.store import StoredRun


@dataclass(frozen=True)
class Wish:
    """What the command line asked for, checked. settings: the user's own client properties."""

    scenario: Scenario
    variants: tuple[Variant, ...]
    load: Load
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def others(self) -> tuple[str, ...]:
        """The brokers that are needed beside the scenario's own."""
        return tuple(sorted({self.scenario.store, *(variant.broker for variant in self.variants)} - {""}))


def wish(
    name: str,
    only: Sequence[str],
    numbers: Mapping[str, int | None],
    properties: Path | None = None,
    *,
    quick: bool = False,
) -> Wish:
    """Raises UsageError for an unknown scenario or variant, for numbers that contradict each other, for bad files."""
    from brokerlab import catalog

    scenario = catalog.scenario(name)
    usual = scenario.quick_load if quick else scenario.load
    load = replace(usual, **{key: value for key, value in numbers.items() if value is not None})
    if load.producers > load.messages:
        raise UsageError(
            f"{load.producers} producers can't share {load.messages} messages", "give each at least one message"
        )
    return Wish(scenario, chosen(scenario, only), load, parsed(properties) if properties else {})


def chosen(scenario: Scenario, only: Sequence[str]) -> tuple[Variant, ...]:
    """The scenario's variants of these names, in the scenario's order; all of them without names."""
    from brokerlab import catalog

    known = [variant.name for variant in scenario.variants]
    for name in only:
        if name not in known:
            raise catalog.unknown(f"variant of {scenario.name}", name, known)
    return tuple(variant for variant in scenario.variants if not only or variant.name in only)


def parsed(path: Path) -> dict[str, str]:
    """The `key=value` lines of a properties file; blank lines and those that begin with # are none."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the properties file {path} can't be read: {error}") from None
    found = {}
    for number, line in enumerate(map(str.strip, lines), 1):
        if not line or line.startswith("#"):
            continue
        key, equals, value = line.partition("=")
        if not equals or not key.strip():  # the line itself may be a secret: only its number is said
            raise UsageError(f"{path}, line {number}: this is no key=value")
        found[key.strip()] = value.strip()
    return found


def carry_out(wanted: Wish, where: Where, runs: Path, watcher: Watcher) -> tuple[RunVerdict, StoredRun]:
    """Make a lab ready, run and judge."""
    from brokerlab import catalog

    if skip := skipped(wanted, where, runs):
        return skip
    watcher.phase("lab")
    where = replace(where, between="replica links" in wanted.scenario.needs)
    with ready(catalog.broker(wanted.scenario.broker), wanted.scenario.nodes, where, watcher.say) as lab:
        return experiment(lab, wanted, runs, watcher)


def skipped(wanted: Wish, where: Where, runs: Path) -> tuple[RunVerdict, StoredRun] | None:
    """The verdict of a scenario that the lab can't have what it needs for; stored like any other. None: it can."""
    from brokerlab.core.verdict import RunVerdict, Verdict
    from brokerlab.engine.plan import Plan
    from brokerlab.ledger.store import create
    from brokerlab.reports import json

    scenario = wanted.scenario
    sentence = lacking(wanted.others, where)
    if not sentence:
        return None
    stored = create(runs, scenario.name)
    names = tuple(variant.name for variant in wanted.variants)
    Plan(stored.run, scenario.name, names, wanted.load, where.lab, scenario.broker).save(stored.folder)
    verdict = RunVerdict(stored.run, scenario.name, Verdict.SKIPPED, (), (sentence,))
    json.save(verdict, stored.folder)
    return verdict, stored


def experiment(lab: Lab, wanted: Wish, runs: Path, watcher: Watcher) -> tuple[RunVerdict, StoredRun]:
    """Run and judge; the verdict is stored in the run folder. A run that can't be finished is an inconclusive one."""
    from brokerlab import catalog
    from brokerlab.engine.run import Request, run
    from brokerlab.ledger.store import create
    from brokerlab.reports import json

    name, asked = wanted.scenario.store, {variant.broker for variant in wanted.variants} - {""}
    furnish(lab, [catalog.broker(each) for each in wanted.others], watcher.say)
    stored = create(runs, wanted.scenario.name)
    request = Request(
        lab,
        catalog.broker(wanted.scenario.broker),
        stored.run,
        wanted.scenario,
        wanted.variants,
        wanted.load,
        stored.folder,
        wanted.settings,
        catalog.store(name) if name else None,
        {each: catalog.broker(each) for each in asked},
    )
    try:
        verdict = run(request, watcher)
    except InconclusiveError as error:
        if interrupted(error):
            raise
        verdict = unfinished(stored.run, wanted.scenario, error)
    json.save(verdict, stored.folder)
    return verdict, stored


def unfinished(run: str, scenario: Scenario, error: BrokerlabError) -> RunVerdict:
    from brokerlab.core.verdict import RunVerdict, Verdict

    reasons = tuple(text for each in _causes(error) for text in (each.message, each.hint) if text)
    return RunVerdict(run, scenario.name, Verdict.INCONCLUSIVE, (), reasons)


def _causes(error: BaseException) -> list[BrokerlabError]:
    """What went wrong, first thing first: what could not be undone because of it may be the last of it."""
    found: list[BrokerlabError] = []
    at: BaseException | None = error
    while at is not None:
        if isinstance(at, BrokerlabError):
            found.insert(0, at)
        at = at.__cause__ or at.__context__
    return found
