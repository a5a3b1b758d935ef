"""The agents' clock: microseconds since the epoch, the same for all processes of a machine."""

from __future__ import annotations

import time


def now_us() -> int:
    return time.time_ns() // 1000
