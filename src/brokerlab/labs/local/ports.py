"""Ports on 127.0.0.1: finding free ones, and asking whether somebody listens.

Free ports are taken from below the range that systems hand out for outgoing connections (Linux: from 32768, macOS: from
49152, both by default): a broker that is killed and started again needs its old port, which no client may have taken.
"""

from __future__ import annotations

import random
import socket
from collections.abc import Collection, Iterator

from brokerlab.core.errors import LabError

HOST = "127.0.0.1"
FIRST, LAST = 20_000, 32_000


def free_ports(count: int, promised: Collection[int] = ()) -> list[int]:
    """That many different ports on which nobody listens now.

    promised: ports that were given out already, to programs that may not listen yet.
    """
    found: list[int] = []
    for port in _shuffled():
        if len(found) == count:
            break
        if port not in promised and is_free(port):
            found.append(port)
    if len(found) < count:
        raise LabError(
            f"only {len(found)} of {count} ports are free between {FIRST} and {LAST} on {HOST}",
            "end the programs that hold them",
        )
    return found


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def listens(port: int) -> bool:
    """Whether a connection to that port is taken."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def _shuffled() -> Iterator[int]:
    ports = list(range(FIRST, LAST))
    random.shuffle(ports)
    return iter(ports)
