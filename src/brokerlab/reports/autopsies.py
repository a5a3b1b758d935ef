"""One message's story in sentences: when it was sent, who acknowledged it, what became of it, and what that tells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from brokerlab.core.broker import PartitionState
from brokerlab.core.scenario import Window
from brokerlab.core.verdict import Autopsy, MessageRef
from brokerlab.core.words import CAUSED, LOSS, MEANING, Word
from brokerlab.ledger.gone import BROKER, WIRE
from brokerlab.reports.tracks import Stretch, Tracks


@dataclass(frozen=True)
class Event:
    """at_us: 0 = after everything, when the log was audited."""

    at_us: int
    text: str


@dataclass(frozen=True)
class Scenery:
    """What is known of the time and place: the variant's topic, who led it when, the nodes' names, the faults.

    piped: what a producer sent was acknowledged in another topic, which a processor read.
    """

    topic: str
    tracks: Tracks
    nodes: Mapping[int, str]
    windows: Sequence[Window]
    piped: bool = False

    def meanwhile(self, message: MessageRef) -> Iterator[Event]:
        """The faults that began, and the leaders that came, after the message had its answer."""
        since = message.at_us or message.sent_us
        for window in self.windows:
            if window.started_us > since:
                yield Event(window.started_us, f"the fault {window.name} began")
        for before, after in pairwise(self._stretches(message.partition)):
            if after.started_us > since and after.state.leader != before.state.leader:
                yield Event(after.started_us, f"{self._named(after.state)} was seen to lead")

    def _stretches(self, partition: int) -> Sequence[Stretch]:
        """Of the message's partition; of the topic's only one when the broker never said which."""
        mine = {number: stretches for (topic, number), stretches in self.tracks.items() if topic == self.topic}
        return mine.get(partition, next(iter(mine.values())) if len(mine) == 1 else ())

    def _named(self, state: PartitionState) -> str:
        if state.leader == -1:
            return "nobody"
        return _leading(self.nodes.get(state.leader, f"broker {state.leader}"), state.epoch)

    def faults(self, at_us: int) -> list[str]:
        return [window.name for window in self.windows if window.started_us <= at_us <= window.ended_us]


def events(autopsy: Autopsy, scenery: Scenery) -> tuple[Event, ...]:
    """In the order of time."""
    told = [*_sending(autopsy, scenery), *_deliveries(autopsy, scenery)]
    if autopsy.word in LOSS:
        told += scenery.meanwhile(autopsy.message)
    return (*sorted(told, key=lambda event: event.at_us), *_audit(autopsy))


def conclusion(autopsy: Autopsy) -> str:
    """What follows from it, in a sentence."""
    match autopsy.word:
        case Word.LOST:
            return _loss(autopsy)
        case Word.VANISHED:
            return f"{_loss(autopsy)} Its reader has it; who reads the log again, or joins later, will not."
        case Word.MISPLACED:
            now = f"{name(autopsy.instead)} stands there" if autopsy.instead else "nothing stands there"
            return f"Misplaced: its place was said to be {_place(autopsy.message)}, and {now}."
        case Word.DUPLICATE | Word.REDELIVERED if autopsy.causes:
            return " ".join(f"{cause.value.capitalize()}: {CAUSED[cause]}." for cause in autopsy.causes)
    return f"{autopsy.word.value.capitalize()}: {MEANING[autopsy.word]}."


def _loss(autopsy: Autopsy) -> str:
    if autopsy.place == WIRE:
        return "Lost on the wire: its client let go of it, and no broker had it, the one that died included."
    if autopsy.message.offset >= 0:
        cut = "Truncated: the log was cut off before it at the fail-over"
        return f"{cut}, and its offset was given away." if autopsy.instead else f"{cut}."
    if autopsy.place == BROKER:
        return "Truncated: only the broker that died had it in its log, which was cut off at the fail-over."
    return "No broker ever confirmed it: it was never written, or only by a broker whose log was cut off later."


def name(message: MessageRef) -> str:
    return f"#{message.seq}" + (f" of producer {message.producer}" if message.producer else "")


def _leading(name: str, epoch: int) -> str:
    return f"{name} (leader epoch {epoch if epoch >= 0 else 'unknown'})"


def _sending(autopsy: Autopsy, scenery: Scenery) -> Iterator[Event]:
    message = autopsy.message
    if message.sent_us:
        yield Event(message.sent_us, f"sent{_during(scenery, message.sent_us)}")
    took = f" after {(message.at_us - message.sent_us) / 1000:,.0f} ms" if message.sent_us else ""
    if message.at_us and scenery.piped:
        yield Event(message.at_us, f"acknowledged in front of the processor{took}{_during(scenery, message.at_us)}")
    elif message.at_us and message.offset >= 0:
        by = f" by {_leading(autopsy.leader, autopsy.epoch)}" if autopsy.leader else ""
        yield Event(
            message.at_us,
            f"acknowledged{by}{took}: {_place(message)}{_during(scenery, message.at_us)}",
        )
    elif message.at_us:
        yield Event(message.at_us, "handed to the socket; nobody confirms anything")


def _deliveries(autopsy: Autopsy, scenery: Scenery) -> Iterator[Event]:
    for delivery in autopsy.delivered:
        to = f" to {delivery.by}" if delivery.by else ""
        yield Event(delivery.at_us, f"delivered{to} from {_place(delivery)}{_during(scenery, delivery.at_us)}")


def _audit(autopsy: Autopsy) -> Iterator[Event]:
    if autopsy.logged:
        yield Event(0, f"the audit found it at {' and at '.join(map(_copy, autopsy.logged))}")
    else:
        yield Event(0, "the audit found it in no log")
    if autopsy.place == BROKER:
        yield Event(0, "the broker that had died had it in its files, before it was started again")
    if autopsy.instead:
        yield Event(0, f"at {_place(autopsy.instead)} stands {name(autopsy.instead)} now")


def _copy(message: MessageRef) -> str:
    return _place(message) + (f", written by {message.by}," if message.by else "")


def _place(message: MessageRef) -> str:
    return f"partition {message.partition}, offset {message.offset:,}"


def _during(scenery: Scenery, at_us: int) -> str:
    faults = scenery.faults(at_us)
    return f" (during {' and '.join(faults)})" if faults else ""
