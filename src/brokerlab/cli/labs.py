"""The lab of a run: the one that is up already, one that is started for it, or the user's own cluster."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from brokerlab.core import folders
from brokerlab.core.errors import DeadlineError, LabError, UsageError

if TYPE_CHECKING:
    from brokerlab.cli.lab_kubernetes import Wanted
    from brokerlab.core.broker import Broker
    from brokerlab.core.lab import Lab, Progress
    from brokerlab.core.node import NodeSpec
    from brokerlab.labs.local.lab import LocalLab

READY_S = 60.0
DOWN = "take it down: brokerlab lab down"


@runtime_checkable
class Healable(Protocol):
    """A lab of ours."""

    def heal(self) -> None: ...


@runtime_checkable
class Growing(Protocol):
    """A lab that further brokers can be added to."""

    def add(self, specs: Sequence[NodeSpec], *, say: Progress) -> None: ...


@dataclass(frozen=True)
class Where:
    """Which lab a run is to use, and what becomes of it afterwards. bootstrap: a cluster of the user's own."""

    bootstrap: str | None = None
    java: str | None = None
    prometheus: bool = True
    keep: bool = False
    cluster: Wanted | None = None  # of the lab kubernetes
    between: bool = False  # a lab that is started has links between its brokers, too

    @property
    def lab(self) -> str:
        return "kubernetes" if self.cluster else "external" if self.bootstrap else "local"


def where(
    lab: str, bootstrap: str | None, java: Path | None, *, prometheus: bool, keep: bool, cluster: Wanted
) -> Where:
    """Raises UsageError for options that contradict each other."""
    if lab == "external" and not bootstrap:
        raise UsageError("--lab external needs to know where the cluster is", "say --bootstrap HOST:PORT")
    in_cluster = replace(cluster, bootstrap=bootstrap, prometheus=prometheus) if lab == "kubernetes" else None
    return Where(bootstrap, str(java) if java else None, prometheus, keep, in_cluster)


@contextmanager
def ready(broker: Broker, nodes: int, wanted: Where, say: Progress) -> Iterator[Lab]:
    """A lab that is up, for this run alone. What was started for it is taken down, unless it is to be kept."""
    with ExitStack() as undo:
        undo.enter_context(_alone())
        if wanted.cluster:
            yield undo.enter_context(_inside(broker, nodes, wanted.cluster, say, keep=wanted.keep))
        elif wanted.bootstrap:
            yield _external(wanted, say, undo)
        else:
            yield _local(broker, nodes, wanted, say, undo)


def _local(broker: Broker, nodes: int, wanted: Where, say: Progress, undo: ExitStack) -> Lab:
    from brokerlab.labs.local.lab import LocalLab

    lab, new = local(broker, nodes, wanted, say)
    if new and not wanted.keep:
        undo.callback(LocalLab.down)
    return lab


def local(broker: Broker, nodes: int, wanted: Where, say: Progress) -> tuple[LocalLab, bool]:
    """The lab on this machine, every node of it joined, and whether it is new: the one that is up, or else one that is
    started now. A new one that does not come so far is taken down again."""
    from brokerlab.labs.local.lab import LocalLab

    found = LocalLab.find(with_prometheus=wanted.prometheus)
    if found:
        if wanted.prometheus and not found.prometheus():
            raise LabError("the lab that is up has no Prometheus", f"{DOWN}; or do without: --no-prometheus")
        found.heal(say)
        _await_whole(broker, found, nodes)
        return found, False
    began = time.monotonic()
    specs = broker.nodes(nodes, between=wanted.between)
    with ExitStack() as undo:
        lab = LocalLab.up(specs, with_prometheus=wanted.prometheus, say=say, java=wanted.java)
        undo.callback(LocalLab.down)
        _await_whole(broker, lab, nodes)
        undo.pop_all()
    say(f"the lab is up after {time.monotonic() - began:.1f} s")
    return lab, True


def whole(broker: Broker, lab: Lab, nodes: int) -> None:
    """Undo what a run before left of its faults, and await every node; a cluster that isn't ours is its owner's."""
    if isinstance(lab, Healable) and lab.nodes(broker.name):
        lab.heal()
        _await_whole(broker, lab, nodes)


def lacking(others: Sequence[str], wanted: Where) -> str:
    """What a scenario needs beside its own broker and the lab can't have, as a sentence; "" = it can have everything.
    No lab is touched."""
    if not others or not wanted.bootstrap:
        return ""
    missing = " and ".join(others)
    return (
        f"beside a broker of yours the lab {wanted.lab} can't have {missing}, which the scenario needs; beside brokers "
        "of their own the labs local and kubernetes can"
    )


def furnish(lab: Lab, others: Sequence[Broker], say: Progress) -> None:
    """Add the brokers that a scenario needs beside its own, one node each, if the lab does not have them yet; they stay
    as long as it does. A lab that can't have them was ruled out (see `lacking`)."""
    for broker in others:
        if isinstance(lab, Growing) and not lab.nodes(broker.name):
            lab.add(broker.nodes(1), say=say)
            _await_whole(broker, lab, 1)


def _await_whole(broker: Broker, lab: Lab, nodes: int) -> None:
    admin = lab.admin(broker, {})
    try:
        admin.await_ready(nodes, READY_S)
    except DeadlineError as error:
        raise LabError(error.message, f"brokerlab lab status; brokerlab lab logs {broker.name}-1") from error
    finally:
        admin.close()


def _inside(broker: Broker, nodes: int, wanted: Wanted, say: Progress, *, keep: bool) -> AbstractContextManager[Lab]:
    from brokerlab.cli import lab_kubernetes

    return lab_kubernetes.ready(broker, nodes, wanted, say, keep=keep)


def _external(wanted: Where, say: Progress, undo: ExitStack) -> Lab:
    from brokerlab.labs.external import ExternalLab

    lab = ExternalLab.up(wanted.bootstrap or "", with_prometheus=wanted.prometheus, say=say)
    undo.callback(ExternalLab.down, say)
    return lab


@contextmanager
def _alone() -> Iterator[None]:
    """One run at a time: two would hurt each other's brokers, and both would count it as the guarantee's fault."""
    from filelock import FileLock, Timeout

    path = folders.state() / "run.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise LabError(
            "another run is using the lab", "wait until it has ended: `brokerlab runs list` shows it"
        ) from None
    try:
        yield
    finally:
        lock.release()
