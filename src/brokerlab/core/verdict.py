"""What a judge says: counts with their bounds, identities, reasons, and one of three verdicts with its exit code.

A verdict starts inconclusive and is earned. Merging: broken > inconclusive > held.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from brokerlab.core.words import Cause, Word

if TYPE_CHECKING:
    from brokerlab.core.fault import Receipt


class Verdict(StrEnum):
    HELD = "held"
    BROKEN = "broken"
    INCONCLUSIVE = "inconclusive"
    SKIPPED = "skipped"


EXIT_CODE: dict[Verdict, int] = {
    Verdict.HELD: 0,
    Verdict.BROKEN: 1,
    Verdict.INCONCLUSIVE: 3,
    Verdict.SKIPPED: 3,
}

_WORST_FIRST = (Verdict.BROKEN, Verdict.INCONCLUSIVE, Verdict.SKIPPED, Verdict.HELD)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict of a whole from its parts'; of nothing at all: inconclusive."""
    found = set(verdicts)
    return next((v for v in _WORST_FIRST if v in found), Verdict.INCONCLUSIVE)


@dataclass(frozen=True)
class MessageRef:
    """One message, named so that it can be found: its id, and where the broker said (or the reader saw) it was.

    at_us: when that was said or seen; sent_us: when it was sent (microseconds since the epoch, 0 = not known). by: the
    agent that wrote this copy, or was given it, "" = the message's sender, or nobody wrote it down.
    """

    producer: int
    seq: int
    partition: int = -1
    offset: int = -1
    at_us: int = 0
    sent_us: int = 0
    by: str = ""


@dataclass(frozen=True)
class Finding:
    """What one checker found: how many, in what unit, and the first few of them.

    causes: of what is there more than once, how many by each cause; what has several counts in each.
    """

    word: Word
    count: int
    unit: str = "messages"
    examples: tuple[MessageRef, ...] = ()
    causes: Mapping[Cause, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Autopsy:
    """What can be told of one message that something went wrong with.

    message: as its producer knows it, with the acknowledged partition and offset. logged: every place where the audit
    found it. delivered: every delivery of it. instead: what the log holds now at the acknowledged place, if anything.
    place: where it got to, when it is nowhere now; see `ledger.gone`. causes: why it is there more than once. leader,
    epoch: who led its partition when it was acknowledged, as seen last by then ("", -1: not known).
    """

    word: Word
    message: MessageRef
    logged: tuple[MessageRef, ...] = ()
    delivered: tuple[MessageRef, ...] = ()
    instead: MessageRef | None = None
    place: str = ""
    causes: tuple[Cause, ...] = ()
    leader: str = ""
    epoch: int = -1


@dataclass(frozen=True)
class Identity:
    """One line of the books: `name` as printed, and both sides as counted."""

    name: str
    left: int
    right: int

    @property
    def balanced(self) -> bool:
        return self.left == self.right


@dataclass(frozen=True)
class Testimony:
    """One number as the ledger and as Prometheus have it. `prometheus` is None when the witness has no such series."""

    counter: str
    ledger: int
    prometheus: int | None
    explanation: str = ""

    @property
    def agrees(self) -> bool:
        return self.prometheus == self.ledger or bool(self.explanation)


@dataclass(frozen=True)
class Stage:
    """One stage of the load: how many messages were sent in it, how many of them came through a second, and how late
    (p50 and p99, in milliseconds from being sent to being delivered). grows: of a load that does."""

    name: str
    messages: int
    per_second: float
    lag_ms: Mapping[str, float]
    grows: bool = False


@dataclass(frozen=True)
class Group:
    """What a second group of consumers read, which joined late. Messages are those that the producer may rely on.

    before, since: how many were sent until it joined, and from then on; read_before, read_since: how many of each it
    processed. missed: those that it was owed and never processed. strangers: deliveries of what nobody sent. commits:
    positions that it had written down. stage: of the messages since.
    """

    before: int
    read_before: int
    since: int
    read_since: int
    missed: Finding
    strangers: int
    commits: int
    drained: bool
    stage: Stage


@dataclass(frozen=True)
class VariantVerdict:
    """The judgement of one variant.

    counts: ids by outcome (sent, acked, handed, failed, unknown), those received (processed at least once) and logged;
    rows: delivered, processed, audited. permits: what the guarantee permits, in words. latency_ms: p50 and p99 of
    acknowledged sends, empty when nothing was acknowledged; outage, where it is a result. group: a second one, if one
    joined.
    """

    variant: str
    verdict: Verdict
    counts: Mapping[str, int]
    findings: Mapping[Word, Finding]
    identities: tuple[Identity, ...] = ()
    testimonies: tuple[Testimony, ...] = ()
    reasons: tuple[str, ...] = ()
    latency_ms: Mapping[str, float] = field(default_factory=dict)
    autopsies: tuple[Autopsy, ...] = ()
    permits: str = ""
    stages: tuple[Stage, ...] = ()
    group: Group | None = None

    def found(self, word: Word) -> int:
        finding = self.findings.get(word)
        return finding.count if finding else 0

    @property
    def duplicated(self) -> int:
        """The headline: messages written twice, plus positions delivered twice."""
        return self.found(Word.DUPLICATE) + self.found(Word.REDELIVERED)


@dataclass(frozen=True)
class RunVerdict:
    """The judgement of one run: its variants', what the faults left as receipts, and the sentences about it."""

    run: str
    scenario: str
    verdict: Verdict
    variants: tuple[VariantVerdict, ...]
    reasons: tuple[str, ...] = ()
    explanation: tuple[str, ...] = ()
    receipts: tuple[Receipt, ...] = ()

    @property
    def exit_code(self) -> int:
        return EXIT_CODE[self.verdict]


def upper_bound(observed: int, trials: int) -> float | None:
    """The bound on a rate of which nothing was observed: the rule of three, 3/N (Hanley & Lippman-Hand, JAMA 1983),
    which would be at 95 % confidence if each message were a trial of its own. Those of one fault are not: it says how
    fine a rate the run could have seen. None when something was observed, or when there were no trials."""
    return 3 / trials if observed == 0 and trials > 0 else None
