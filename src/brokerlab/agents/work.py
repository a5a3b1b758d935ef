"""What each role needs before its loop can run: a client of the broker, and the ledger files; both are let go after."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

from brokerlab.agents import options
from brokerlab.agents.auditor import Auditor
from brokerlab.agents.consumer import Consumer
from brokerlab.agents.orders import Orders
from brokerlab.agents.processor import Processor
from brokerlab.agents.producer import Producer
from brokerlab.agents.progress import Report
from brokerlab.core import message
from brokerlab.core.errors import UsageError
from brokerlab.core.protocols import AgentSpec, Broker
from brokerlab.ledger import files
from brokerlab.ledger.appended import AuditWriter, DeliveriesWriter
from brokerlab.ledger.sends import SendsWriter
from brokerlab.metrics.agent import Meter


def work(spec: AgentSpec, broker: Broker, orders: Orders, report: Report) -> None:
    """Do all of one agent's work. Raises BrokerlabError for what a user can meet."""
    try:
        role = {"producer": _produce, "consumer": _consume, "auditor": _audit, "processor": _process}[spec.role]
    except KeyError:
        raise UsageError(
            f"no agent has the role {spec.role!r}", "Roles are producer, processor, consumer, auditor."
        ) from None
    options.check(spec.options)
    report.become("starting")
    role(spec, broker, orders, report)
    if report.state != "fenced":
        report.become("done")


def _produce(spec: AgentSpec, broker: Broker, orders: Orders, report: Report) -> None:
    path = Path(spec.ledger) / f"{spec.name}{files.SENDS.suffix}"
    with (
        closing(SendsWriter(path, _mark(spec), spec.producer, spec.messages, again=spec.start > 1)) as ledger,
        closing(broker.sender(spec.endpoint, spec.topic, spec.settings)) as sender,
    ):
        Producer(spec, sender, ledger, orders, report, Meter(spec)).run()


def _consume(spec: AgentSpec, broker: Broker, orders: Orders, report: Report) -> None:
    with (
        closing(DeliveriesWriter(_next_start(spec), _mark(spec))) as ledger,
        closing(broker.receiver(spec.endpoint, spec.topic, spec.group, spec.settings)) as receiver,
    ):
        Consumer(spec, receiver, ledger, orders, report, Meter(spec)).run()


def _process(spec: AgentSpec, broker: Broker, orders: Orders, report: Report) -> None:
    with closing(broker.pipe(spec.endpoint, spec.source, spec.group, spec.topic, spec.settings)) as pipe:
        Processor(spec, pipe, orders, report, Meter(spec)).run()


def _audit(spec: AgentSpec, broker: Broker, orders: Orders, report: Report) -> None:
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
