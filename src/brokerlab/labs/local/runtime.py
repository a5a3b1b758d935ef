"""What all nodes of a lab are run with: a Java, a class path, and the options that use the start-up cache."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from brokerlab.core.node import NodeSpec
from brokerlab.core.protocols import Progress
from brokerlab.labs.local import jars
from brokerlab.labs.local.java import Java, find_java
from brokerlab.labs.local.locks import JarLock, read_lock


@dataclass(frozen=True)
class Runtime:
    """A Java with a program's libraries. options: what the lab adds to every node's own options."""

    java: Java
    lock: JarLock
    class_path: str
    options: tuple[str, ...] = ()

    def key(self, *more: str) -> str:
        """A name for what was made with this build of Java, these libraries and `more`."""
        parts = (self.java.build, self.lock.digest, self.class_path, *more)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def find_runtime(specs: Sequence[NodeSpec], java: str | None, say: Progress) -> Runtime:
    """Raises LabError when there is no fit Java, or the libraries cannot be had."""
    found = find_java(java)
    lock = read_lock(specs[0].program.jars)
    return Runtime(found, lock, jars.class_path(lock, say))
