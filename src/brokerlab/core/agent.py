"""The agents of a run: the processes of the workload, and what may be done to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from brokerlab.core.load import Load


@dataclass(frozen=True)
class AgentSpec:
    """One process of the workload, as data: it travels to the process as JSON (see `agents`).

    role: a file of `agents`: producer, consumer, auditor, ... settings: the client's own. options: how the application
    behaves. ledger: the folder of its files, named after it.
    """

    role: str
    name: str
    run: str
    variant: str
    broker: str
    endpoint: str
    topic: str
    ledger: str
    metrics: str  # folder of the multiprocess metric files; "" = none
    settings: Mapping[str, str] = field(default_factory=dict)
    load: Load = field(default_factory=Load)
    producer: int = 0  # a producer's number: its ids are (producer, 0..messages-1)
    messages: int = 0  # how many this producer sends
    group: str = ""  # a consumer's group
    partitions: tuple[int, ...] = ()  # an auditor's; () = all
    options: Mapping[str, str] = field(default_factory=dict)  # see `agents.options`
    source: str = ""  # the topic that a processor reads; `topic` is the one that it writes
    store: str = ""  # the plug-in of the scenario's store; "" = it has none
    start: int = 1  # counts the processes that had this name: a killed agent's replacement is the 2nd
    store_endpoint: str = ""

    @property
    def process(self) -> str:
        """A name that no other process of the run has."""
        return self.name if self.start == 1 else f"{self.name}.{self.start}"


class Agent(Protocol):
    """A started agent. Orders go in as lines, its state comes back as the last progress that it printed."""

    @property
    def spec(self) -> AgentSpec: ...

    def order(self, line: str) -> None:
        """Send one line: `limit N` (a producer may send up to N messages in all), `finish`, `drain`, `hold POINT`
        (stop at the next passage of that point), `go`."""

    def progress(self) -> Mapping[str, Any]:
        """Its last report: `state` (starting, ready, working, held, fenced, done, failed) and its counters; {} before
        the first. When held, `point` says where."""

    def exit_code(self) -> int | None:
        """None while it runs."""

    def log(self, lines: int = 20) -> str:
        """The last lines that it logged."""

    def signal(self, number: int) -> None: ...

    def stop(self, deadline: float) -> None:
        """End it, at the latest by force, within `deadline` seconds."""


def stands_at(agent: Agent, point: str) -> bool:
    """Whether it is held at this point of its work; of one that has ended: whether that was the last it said."""
    told = agent.progress()
    return told.get("state") == "held" and told.get("point") == point


class Crew(Protocol):
    """The agents of a run, as faults see them: each can be held at a known point of its work, hurt there, replaced."""

    def of(self, role: str) -> list[Agent]:
        """The agents of a role: of each name the process that was started last, whatever became of it."""

    def hold(self, agents: Sequence[Agent], point: str, share: float | None = None) -> None:
        """Returns when each stands at this point of its work (where it stays until `go`, or for good).

        share: when they have been told, let the senders send up to this share of the messages, because an agent that
        has nothing to do passes no point.
        """

    def catch(self, role: str, point: str, share: float | None = None) -> list[Agent]:
        """Like `hold`, of whichever agent of a role comes to that point first in each variant: where several share the
        work, nobody knows who will have some. Returns those; the others go on."""

    def go(self, agents: Sequence[Agent]) -> None: ...

    def kill(self, agents: Sequence[Agent]) -> None:
        """SIGKILL; returns when they are gone. An agent that was killed like this is no failure of the run."""

    def pause(self, agents: Sequence[Agent]) -> None:
        """SIGSTOP: nothing of the process runs, its clients' threads neither."""

    def resume(self, agents: Sequence[Agent]) -> None: ...

    def former(self, role: str) -> list[Agent]:
        """The processes of a role in whose place another one was started."""

    def replace(self, agents: Sequence[Agent]) -> list[Agent]:
        """Start another process for each, with the same name and sheet; returns when they are ready.

        Whatever becomes of the old ones from now on is no failure of the run. What a replaced producer had sent without
        an answer stays unknown; its replacement begins at the first number that was not used.
        """
