"""One run, from a lab that is up to a verdict: phases in order, and everything undone in reverse, however it ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

from brokerlab.core.broker import Admin, Broker, PartitionState
from brokerlab.core.errors import BrokerlabError
from brokerlab.core.fault import Scene
from brokerlab.core.files import write_json
from brokerlab.core.lab import Lab
from brokerlab.core.load import Load
from brokerlab.core.scenario import Scenario, Story, Variant
from brokerlab.core.store import Store
from brokerlab.core.verdict import RunVerdict
from brokerlab.core.wait import until
from brokerlab.core.watch import Watcher
from brokerlab.engine import keeping
from brokerlab.engine import verdict as verdicts
from brokerlab.engine.admins import Admins
from brokerlab.engine.observer import Observer
from brokerlab.engine.plan import SETTINGS, WITNESS, Plan, save_story
from brokerlab.engine.staff import SUBSCRIBER, Setting, slug
from brokerlab.engine.timeline import Timeline, possible
from brokerlab.engine.workload import Workload
from brokerlab.metrics.exposition import Board, Exposition
from brokerlab.metrics.witness import Witness

JOB = "brokerlab-run"
TOPIC_PREFIX = "brokerlab."
HEAL_S = 60
DRAIN_S = 120
AUDIT_S = 600


@dataclass(frozen=True)
class Request:
    """What is asked for: a scenario with its load, on a lab that is up. settings: the user's own client properties."""

    lab: Lab
    broker: Broker
    run: str
    scenario: Scenario
    variants: tuple[Variant, ...]
    load: Load
    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    store: Store | None = None
    others: Mapping[str, Broker] = field(default_factory=dict)  # those that variants name, by name

    @property
    def store_endpoint(self) -> str:
        return self.lab.endpoint(self.store.port) if self.store else ""


def run(request: Request, watcher: Watcher) -> RunVerdict:
    """Carry out the experiment and judge it; the run folder then holds all that was written down.

    Raises BrokerlabError when the experiment can't be finished; faults are healed, agents ended and topics deleted all
    the same.
    """
    _plan(request).save(request.folder)
    with ExitStack() as undo:
        watcher.phase("topics")
        admin = _admin(request)
        undo.callback(admin.close)
        topics = _create_topics(request, admin)
        undo.callback(_delete_topics, admin, [*topics.values(), *_sources(request, topics).values()])
        _make_store(request, topics, undo)
        write_json(request.folder / SETTINGS, admin.settings(list(topics.values())))
        board = _expose(request, undo)
        observer = _observe(request, topics, board)
        undo.callback(observer.close)
        story = _experiment(request, _Stage(admin, topics, observer, board), watcher)
        save_story(request.folder, story)
        _testify(request, board, watcher)
        watcher.phase("judge")
        return verdicts.judge_folder(request.folder, request.scenario)


def _plan(request: Request) -> Plan:
    names = tuple(variant.name for variant in request.variants)
    return Plan(request.run, request.scenario.name, names, request.load, request.lab.name, request.broker.name)


def _admin(request: Request) -> Admin:
    main = request.lab.admin(request.broker, request.settings)
    others = {name: request.lab.admin(broker, {}) for name, broker in request.others.items()}
    topics = _topics(request)
    return Admins(main, {topics[v.name]: others[v.broker] for v in request.variants if v.broker}) if others else main


def _topics(request: Request) -> dict[str, str]:
    return {variant.name: f"{TOPIC_PREFIX}{request.run}.{slug(variant.name)}" for variant in request.variants}


def _create_topics(request: Request, admin: Admin) -> dict[str, str]:
    """One topic a variant; on a lab of ours all with the same replicas in the same order: one node leads them all."""
    topics = _topics(request)
    ids = list(_nodes(request))
    turn = request.load.seed % len(ids) if ids else 0
    settings = {topics[variant.name]: variant.topic for variant in request.variants}
    settings |= {source: {} for source in _sources(request, topics).values()}
    placed = (ids[turn:] + ids[:turn])[: request.scenario.replicas or None]
    admin.create(settings, request.load.partitions, placed or None)
    return topics


def _sources(request: Request, topics: Mapping[str, str]) -> dict[str, str]:
    """Variant -> the topic in front of its processor; {} when the scenario has none."""
    if not request.scenario.piped:
        return {}
    return {variant: f"{topic}.source" for variant, topic in topics.items()}


def _nodes(request: Request) -> dict[int, str]:
    """Broker id -> node, in the lab's order; empty on a lab that isn't ours."""
    return {request.broker.node_id(node): node for node in request.lab.nodes(request.broker.name)}


def _delete_topics(admin: Admin, topics: list[str]) -> None:
    """Only ever those that this run made."""
    admin.delete(topics)


def _make_store(request: Request, topics: Mapping[str, str], undo: ExitStack) -> None:
    """The tables of each variant, called after its topic."""
    if request.store:
        tables = request.lab.tables(request.store)
        undo.callback(tables.drop, list(topics.values()))
        tables.create(list(topics.values()))


def _expose(request: Request, undo: ExitStack) -> Board:
    folder = request.folder / "metrics"
    folder.mkdir(parents=True, exist_ok=True)
    board = Board(request.run)
    exposition = Exposition(board, folder)
    undo.callback(exposition.close)
    if request.lab.prometheus():
        request.lab.scrape(JOB, exposition.target, {"scenario": request.scenario.name})
        undo.callback(request.lab.scrape, JOB, None, {})
    return board


def _observe(request: Request, topics: Mapping[str, str], board: Board) -> Observer:
    def publish(states: Sequence[PartitionState], ends: dict[tuple[str, int], int]) -> None:
        board.states, board.ends = states, ends

    return Observer(_admin(request), list(topics.values()), publish)


@dataclass(frozen=True)
class _Stage:
    """What stands when the experiment begins. topics: by variant."""

    admin: Admin
    topics: Mapping[str, str]
    observer: Observer
    board: Board


def _experiment(request: Request, stage: _Stage, watcher: Watcher) -> Story:
    admin, topics, observer = stage.admin, stage.topics, stage.observer
    setting = Setting(
        run=request.run,
        broker=request.broker.name,
        endpoint=request.lab.endpoint(request.broker.port),
        load=request.load,
        variants=request.variants,
        topics=topics,
        settings=request.settings,
        folder=request.folder,
        roles=request.scenario.roles,
        sources=_sources(request, topics),
        store=request.scenario.store,
        store_endpoint=request.store_endpoint,
        others={name: request.lab.endpoint(broker.port) for name, broker in request.others.items()},
        link=request.lab.endpoint(request.broker.link) if "links" in request.lab.capabilities else "",
    )
    workload = Workload(request.lab, setting)
    with ExitStack() as undo:
        undo.callback(workload.close)
        undo.callback(_Ticker(workload, watcher, request.load.messages).close)
        watcher.phase("agents")
        for role in setting.roles:
            workload.start(role)
        scene = Scene(request.lab, request.broker, admin, topics, workload.counters, observer.sightings, {}, workload)
        steps, skipped = possible(request.scenario.timeline, request.lab)
        for sentence in skipped:
            watcher.say(sentence)
        watcher.phase("load")
        with Timeline(scene, workload, watcher) as timeline:
            stage.board.faults = timeline.active
            timeline.play(steps)
            watcher.phase("heal")
            timeline.heal()
            _await_whole(admin, list(topics.values()))
            observer.look()
            receipts = timeline.receipts()
        watcher.phase("drain")
        for role in (*reversed(setting.roles), SUBSCRIBER):
            workload.order(role, "finish" if role == setting.roles[-1] else "drain")
            workload.await_done(role, f"the {role}s to come to their end", DRAIN_S)
        watcher.phase("audit")
        workload.start("auditor")
        workload.await_done("auditor", "the auditor to read every partition to its end", AUDIT_S)
        storage = admin.storage(list(topics.values()))
        if request.store:
            keeping.write_down(request.lab.tables(request.store), setting)
        return Story(receipts, observer.sightings(), topics, _nodes(request), skipped, timeline.spans(), storage)


def _await_whole(admin: Admin, topics: list[str]) -> None:
    """Return when every partition has a leader and all its replicas in sync."""

    def lacking() -> list[PartitionState]:
        return [state for state in admin.describe(topics) if state.leader == -1 or len(state.isr) < len(state.replicas)]

    until(
        lambda: not lacking(),
        "every replica to be in sync again",
        deadline=HEAL_S,
        every=0.1,
        seen=lambda: str(lacking()),
    )


def _testify(request: Request, board: Board, watcher: Watcher) -> None:
    """Ask the second witness, one scrape after the last agent ended, and store what it says."""
    url = request.lab.prometheus()
    if not url:
        write_json(request.folder / WITNESS, {"url": None, "counts": {}, "problem": "no Prometheus was asked"})
        return
    watcher.phase("witness")
    board.generation += 1
    witness, problem, counts = Witness(url, request.run), "", {}
    try:
        witness.await_generation(board.generation, request.lab.expositions())
        counts = witness.counts()
    except BrokerlabError as error:  # a witness that is silent makes the verdict inconclusive; it does not end the run
        problem = error.message
    write_json(request.folder / WITNESS, {"url": url, "counts": counts, "problem": problem})


class _Ticker:
    """Shows the agents' counters to the watcher, ten times a second, until `close`."""

    def __init__(self, workload: Workload, watcher: Watcher, messages: int) -> None:
        self._over = Event()

        def tick() -> None:
            while not self._over.wait(0.1):
                watcher.progress(workload.counters(), messages)

        self._thread = Thread(target=tick, name="ticker", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._over.set()
        self._thread.join()
