"""Everything: produced, read back meanwhile, drained, audited and judged; messages a second over all of it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import pairwise

from brokerlab.core.scenario import Variant
from brokerlab.core.verdict import Verdict
from brokerlab.core.wait import until
from brokerlab.judge import judge_variant
from brokerlab.ledger.facts import Facts
from brokerlab.ledger.read import load
from cluster import Cluster, await_state


@dataclass(frozen=True)
class EndToEnd:
    """Seconds of each phase, from the order to send until the verdict."""

    messages: int
    produced: float
    drained: float
    audited: float
    judged: float

    @property
    def rate(self) -> float:
        return self.messages / (self.produced + self.drained + self.audited + self.judged)


def end_to_end(cluster: Cluster, messages: int) -> EndToEnd:
    with cluster.topic() as topic:
        producer = cluster.start(cluster.spec("producer", topic, messages))
        consumer = cluster.start(cluster.spec("consumer", topic, messages))
        await_state(producer, "ready")
        await_state(consumer, "ready")
        marks = [time.perf_counter()]
        producer.order(f"limit {messages}")
        producer.order("finish")
        await_state(producer, "done")
        marks.append(time.perf_counter())
        consumer.order("drain")
        await_state(consumer, "done")
        marks.append(time.perf_counter())
        auditor = cluster.start(cluster.spec("auditor", topic, messages))
        await_state(auditor, "done")
        marks.append(time.perf_counter())
        verdict = judge_variant(Facts(load(cluster.folder / topic)), Variant("bench", "nothing"))
        marks.append(time.perf_counter())
    if verdict.verdict is not Verdict.HELD or verdict.counts["received"] != messages:
        raise SystemExit(f"the benchmark's own run was judged {verdict.verdict}: {verdict.reasons}")
    until(lambda: producer.exit_code() == 0, "the producer to end", deadline=10)
    return EndToEnd(messages, *(after - before for before, after in pairwise(marks)))
