"""What accounting is compared with: the same client and batches, with nothing written down.

    python bench/bare.py loop|client SPEC.json

loop: the agent's own loop, its ledger and metrics replaced by nothing. client: confluent-kafka's produce_batch of one
ready-made value, with a callback that counts. Prints messages a second.
"""

from __future__ import annotations

import gc
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from brokerlab.agents.orders import Orders
from brokerlab.agents.producer import BATCH, Producer
from brokerlab.agents.progress import Report
from brokerlab.brokers.kafka import BROKER
from brokerlab.brokers.kafka.client import PRODUCER, WINDOW, configured
from brokerlab.core.agent import AgentSpec
from brokerlab.core.broker import Outcomes
from brokerlab.core.codec import agent_from_json
from brokerlab.metrics.agent import Meter


class NoLedger:
    """Takes everything and writes nothing."""

    used = 0

    def sent(self, first: int, count: int, at: int) -> None: ...

    def resolved(self, outcomes: Outcomes, reasons: list[str], at: int) -> Any:
        return np.zeros(0, np.uint32)

    def ended(self) -> None: ...


def loop(spec: AgentSpec) -> float:
    sender = BROKER.sender(spec.endpoint, spec.topic, spec.settings)
    orders = Orders()
    orders.say(f"limit {spec.messages}")
    orders.say("finish")
    started = time.perf_counter()
    Producer(spec, sender, NoLedger(), orders, Report(lambda _: None), Meter(spec)).run()  # type: ignore[arg-type]
    return spec.messages / (time.perf_counter() - started)


def client(spec: AgentSpec) -> float:
    from confluent_kafka import Producer as Client

    landed = 0

    def count(error: object, _message: object) -> None:
        nonlocal landed
        landed += error is None

    producer = Client(configured(spec.endpoint, PRODUCER, spec.settings))
    producer.list_topics(spec.topic)
    value, sent = b"x" * spec.load.size, 0
    started = time.perf_counter()
    while landed < spec.messages:
        if sent < spec.messages and sent - landed <= WINDOW - BATCH:
            batch = [{"value": value} for _ in range(min(BATCH, spec.messages - sent))]
            sent += producer.produce_batch(spec.topic, batch, (sent // BATCH) % spec.load.partitions, count)
        producer.poll(0 if sent < spec.messages else 0.01)
    return spec.messages / (time.perf_counter() - started)


if __name__ == "__main__":
    gc.disable()
    asked = agent_from_json(Path(sys.argv[2]).read_text())
    sys.stdout.write(f"{ {'loop': loop, 'client': client}[sys.argv[1]](asked) }\n")
