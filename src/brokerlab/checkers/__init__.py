"""Every checker, by its word: pure functions from the facts of a ledger to a finding. One file, one definition."""

from __future__ import annotations

from collections.abc import Callable

from brokerlab.checkers import (
    aborted_read,
    dropped,
    duplicate,
    duplicate_effect,
    ghost,
    late,
    lost,
    misplaced,
    missed,
    missed_effect,
    phantom,
    phantom_event,
    redelivered,
    refused,
    reordered,
    resurrected,
    rewind,
    skip,
    torn_transaction,
    unseen,
    vanished,
)
from brokerlab.core.verdict import Finding
from brokerlab.ledger.facts import Facts

CHECKERS: tuple[Callable[[Facts], Finding], ...] = (
    lost.check,
    vanished.check,
    missed.check,
    unseen.check,
    misplaced.check,
    duplicate.check,
    redelivered.check,
    duplicate_effect.check,
    missed_effect.check,
    ghost.check,
    dropped.check,
    resurrected.check,
    refused.check,
    aborted_read.check,
    torn_transaction.check,
    reordered.check,
    rewind.check,
    skip.check,
    phantom.check,
    phantom_event.check,
    late.check,
)
