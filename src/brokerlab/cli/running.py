"""From a command line to a judged run: what was asked for is checked, a lab is made ready, the engine runs it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from brokerlab.core import folders
from brokerlab.core.errors import InconclusiveError, LabError, UsageError

if TYPE_CHECKING:
    from brokerlab.core.protocols import Broker, Lab
    from brokerlab.core.scenario import Load, Scenario, Variant
    from brokerlab.core.verdict import RunVerdict
    from brokerlab.core.watch import Watcher
    from brokerlab.ledger.store import StoredRun

BUSY = "another run is using the lab"


@dataclass(frozen=True)
class Where:
    """Which lab a run is to use, and what becomes of it afterwards. bootstrap: a cluster of the user's own."""

    bootstrap: str | None = None
    java: str | None = None
    prometheus: bool = True
    keep: bool = False


@dataclass(frozen=True)
class Wish:
    """What the command line asked for, checked. settings: the user's own client properties."""

    scenario: Scenario
    variants: tuple[Variant, ...]
    load: Load
    settings: Mapping[str, str] = field(default_factory=dict)


def where(lab: str, bootstrap: str | None, java: Path | None, *, prometheus: bool, keep: bool) -> Where:
    """Raises UsageError for options that contradict each other."""
    if lab == "external" and not bootstrap:
        raise UsageError("--lab external needs to know where the cluster is", "say --bootstrap HOST:PORT")
    return Where(bootstrap, str(java) if java else None, prometheus, keep)


def wish(name: str, only: Sequence[str], numbers: Mapping[str, int | None], properties: Path | None) -> Wish:
    """Raises UsageError for an unknown scenario or variant, for numbers that contradict each other, for bad files."""
    from brokerlab import catalog

    scenario = catalog.scenario(name)
    load = replace(scenario.load, **{key: value for key, value in numbers.items() if value is not None})
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
    """Run and judge; the verdict is stored in the run folder. A run that can't be finished is an inconclusive one."""
    from brokerlab import catalog
    from brokerlab.engine.run import Request, run
    from brokerlab.ledger import store
    from brokerlab.reports import json

    broker = catalog.broker(wanted.scenario.broker)
    with _lab(wanted.scenario, broker, where, watcher) as lab:
        stored = store.create(runs, wanted.scenario.name)
        request = Request(
            lab,
            broker,
            stored.run,
            wanted.scenario,
            wanted.variants,
            wanted.load,
            stored.folder,
            wanted.settings,
        )
        try:
            verdict = run(request, watcher)
        except InconclusiveError as error:
            verdict = _unfinished(stored, wanted.scenario, error)
        json.save(verdict, stored.folder)
    return verdict, stored


def _unfinished(stored: StoredRun, scenario: Scenario, error: InconclusiveError) -> RunVerdict:
    from brokerlab.core.verdict import RunVerdict, Verdict

    reasons = tuple(filter(None, (error.message, error.hint)))
    return RunVerdict(stored.run, scenario.name, Verdict.INCONCLUSIVE, (), reasons)


@contextmanager
def _lab(scenario: Scenario, broker: Broker, where: Where, watcher: Watcher) -> Iterator[Lab]:
    """The lab that runs already, or one that is started now and taken down afterwards unless it is to be kept."""
    watcher.phase("lab")
    with ExitStack() as undo:
        undo.enter_context(_alone())
        yield _local(scenario, broker, where, watcher, undo)


def _local(scenario: Scenario, broker: Broker, where: Where, watcher: Watcher, undo: ExitStack) -> Lab:
    from brokerlab.labs.local.lab import LocalLab

    lab = LocalLab.find()
    if lab is None:
        lab = LocalLab.up(
            broker.nodes(scenario.nodes), with_prometheus=where.prometheus, say=watcher.say, java=where.java
        )
        if not where.keep:
            undo.callback(LocalLab.down)
    lab.heal(watcher.say)
    return lab


@contextmanager
def _alone() -> Iterator[None]:
    """One run at a time: two would hurt each other's brokers, and both would count it as the guarantee's fault."""
    from filelock import FileLock, Timeout

    path = folders.state() / "run.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(path, timeout=0):
            yield
    except Timeout:
        raise LabError(BUSY, "wait until it has ended; `brokerlab runs list` shows it as running") from None
