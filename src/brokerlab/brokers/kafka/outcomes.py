"""What both senders make of their client's answers: arrays of outcomes, and the texts that reasons are numbers of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brokerlab.core.broker import Outcomes
from brokerlab.core.words import Outcome

_MOST_REASONS = 255


def good(settings: Mapping[str, str]) -> Outcome:
    """What a report without an error means: with acks=0 only that the message went to the socket."""
    acks = str(settings.get("acks", settings.get("request.required.acks", "all")))
    return Outcome.HANDED if acks == "0" else Outcome.ACKED


def number_of(text: str, reasons: list[str]) -> int:
    """The number of a reason, which is noted when it is new."""
    if text in reasons:
        return reasons.index(text)
    if len(reasons) > _MOST_REASONS:
        return _MOST_REASONS
    reasons.append(text)
    return len(reasons) - 1


def nowhere(seq: NDArray[np.uint32], outcome: Outcome | NDArray[np.uint8], reason: NDArray[np.uint8]) -> Outcomes:
    """Outcomes of messages that no broker has told the place of."""
    count = len(seq)
    return Outcomes(
        seq,
        np.full(count, outcome, np.uint8),
        np.full(count, -1, np.int16),
        np.full(count, -1, np.int64),
        reason,
    )


def joined(parts: list[Outcomes]) -> Outcomes:
    found = [part for part in parts if len(part.seq)]
    if len(found) == 1:
        return found[0]

    def column(name: str, kind: type[np.generic]) -> NDArray[Any]:
        return np.concatenate([np.zeros(0, kind), *(getattr(part, name) for part in found)])

    return Outcomes(
        column("seq", np.uint32),
        column("outcome", np.uint8),
        column("partition", np.int16),
        column("offset", np.int64),
        column("reason", np.uint8),
    )
