"""What each role needs before its loop can run: a client of the broker, and the ledger files; both are let go after."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

from brokerlab.agents import options
from brokerlab.agents.auditor import Auditor
from brokerlab.agents.clock import now_us
from brokerlab.agents.consumer import Consumer
from brokerlab.agents.orders import Orders
from brokerlab.agents.processor import Processor
from brokerlab.agents.producer import Producer
from brokerlab.agents.progress import Report
from brokerlab.agents.publishing import Record
from brokerlab.agents.relay import Relay
from brokerlab.agents.writer import Writer
from brokerlab.core import message
from brokerlab.core.agent import AgentSpec
from brokerlab.core.broker import Broker
from brokerlab.core.errors import UsageError
from brokerlab.core.store import Effects, Store
from brokerlab.ledger import files
from brokerlab.ledger.appended import AuditWriter, DeliveriesWriter, RowsWriter
from brokerlab.ledger.sends import SendsWriter
from brokerlab.metrics.agent import Meter


def work(spec: AgentSpec, broker: Broker, orders: Orders, report: Report, store: Store | None = None) -> None:
    """Do all of one agent's work. Raises BrokerlabError for what a user can meet."""
    roles = {
        "producer": _produce,
        "processor": _process,
        "consumer": _consume,
        "subscriber": _consume,
        "auditor": _audit,
    }
    stored = {"writer": _write, "relay": _relay}
    if spec.role not in {*roles, *stored}:
        raise UsageError(f"no agent has the role {spec.role!r}", f"roles: {', '.join([*roles, *stored])}")
    options.check(spec.options)
    report.become("starting")
    if spec.role in roles:
        roles[spec.role](spec, broker, orders, report, store)
    else:
        stored[spec.role](spec, broker, orders, report, _needed(store, spec))
    if report.state != "fenced":
        report.become("done")


def _produce(spec: AgentSpec, broker: Broker, orders: Orders, report: Report, store: Store | None) -> None:
    path = Path(spec.ledger) / f"{spec.name}{files.SENDS.suffix}"
    with (
        closing(SendsWriter(path, _mark(spec), spec.producer, spec.messages, again=spec.start > 1)) as ledger,
        closing(broker.sender(spec.endpoint, spec.topic, spec.settings)) as sender,
    ):
        Producer(spec, sender, ledger, orders, report, Meter(spec)).run()


def _consume(spec: AgentSpec, broker: Broker, orders: Orders, report: Report, store: Store | None) -> None:
    with ExitStack() as stack:
        effects = _effects(spec, store)
        if effects:
            stack.enter_context(closing(effects))
        ledger = stack.enter_context(closing(DeliveriesWriter(_next_start(spec), _mark(spec))))
        receiver = broker.receiver(spec.endpoint, spec.topic, spec.group, spec.settings)
        stack.enter_context(closing(receiver))
        if effects and effects.positions() is not None:
            receiver.start_from(lambda: effects.positions() or {})
        Consumer(spec, receiver, ledger, orders, report, Meter(spec), effects).run()


def _effects(spec: AgentSpec, store: Store | None) -> Effects | None:
    guard = options.option(spec.options, "effects")
    return None if guard == "count" else _needed(store, spec).effects(spec.store_endpoint, spec.topic, guard)


def _write(spec: AgentSpec, broker: Broker, orders: Orders, report: Report, store: Store) -> None:
    path = Path(spec.ledger) / f"{spec.name}{files.SENDS.suffix}"
    with (
        closing(SendsWriter(path, _mark(spec), spec.producer, spec.messages, again=spec.start > 1)) as ledger,
        closing(store.changes(spec.store_endpoint, spec.topic)) as changes,
        closing(broker.sender(spec.endpoint, spec.topic, spec.settings)) as sender,
    ):
        Writer(spec, changes, sender, ledger, orders, report, Meter(spec)).run()


def _relay(spec: AgentSpec, broker: Broker, orders: Orders, report: Report, store: Store) -> None:
    with (
        closing(_published(spec)) as published,
        closing(store.outbox(spec.store_endpoint, spec.topic)) as outbox,
        closing(broker.sender(spec.endpoint, spec.topic, spec.settings)) as sender,
    ):
        Relay(spec, outbox, sender, Record(published, _mark(spec)), orders, report).run()


def _needed(store: Store | None, spec: AgentSpec) -> Store:
    if store is None:
        raise UsageError(f"the {spec.role} of {spec.variant} needs a store, and the scenario has none")
    return store


def _process(spec: AgentSpec, broker: Broker, orders: Orders, report: Report, store: Store | None) -> None:
    with ExitStack() as stack:
        published = stack.enter_context(closing(_published(spec)))
        pipe = broker.pipe(spec.endpoint, spec.source, spec.group, spec.topic, spec.settings)
        stack.enter_context(closing(pipe))
        record = Record(published, _mark(spec))
        if pipe.transactional:
            ends = RowsWriter(_start(spec, files.TRANSACTIONS), files.TRANSACTIONS, _mark(spec))
            record = replace(record, transactions=stack.enter_context(closing(ends)))
        Processor(spec, pipe, record, orders, report, Meter(spec)).run()


def _published(spec: AgentSpec) -> RowsWriter:
    """Each start of an agent keeps a file of its own."""
    path = _start(spec, files.PUBLISHED)
    return RowsWriter(path, files.PUBLISHED, _mark(spec), number=spec.start, began=now_us())


def _start(spec: AgentSpec, kind: files.Kind) -> Path:
    return Path(spec.ledger) / f"{spec.name}.{spec.start}{kind.suffix}"


def _audit(spec: AgentSpec, broker: Broker, orders: Orders, report: Report, store: Store | None) -> None:
    committed = options.option(spec.options, "view") == "committed"
    kind = files.STABLE if committed else files.AUDIT
    path = Path(spec.ledger) / f"{spec.name}{kind.suffix}"
    reader = broker.auditor(spec.endpoint, spec.topic, spec.partitions, spec.settings, committed=committed)
    with closing(reader) as receiver:
        ends = dict(receiver.ends())
        with closing(AuditWriter(path, _mark(spec), ends, kind)) as ledger:
            meter = Meter(replace(spec, metrics="") if committed else spec)  # each record is counted once
            Auditor(spec, receiver, ledger, ends, orders, report, meter).run()


def _mark(spec: AgentSpec) -> int:
    return message.stamp(spec.run, spec.variant)


def _next_start(spec: AgentSpec) -> Path:
    """A consumer that is started again under its name keeps a new file: name.1.deliveries, name.2.deliveries, ..."""
    starts = len(list(Path(spec.ledger).glob(f"{spec.name}.*{files.DELIVERIES.suffix}")))
    return Path(spec.ledger) / f"{spec.name}.{starts + 1}{files.DELIVERIES.suffix}"
