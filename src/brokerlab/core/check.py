"""One thing that `brokerlab doctor` looks at: whether it is there, which version, what for, and how to get it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """name: of the thing. found: where or what it is; "" = not there. version: "" = none or not known.

    needed_for: what can't be done without it. how_to_get: on this system, "" when nothing is to do. ok: it serves.
    """

    name: str
    found: str
    version: str
    needed_for: str
    how_to_get: str
    ok: bool
