"""What all nodes of a lab are run with: a Java, a class path, and the options that use the start-up cache."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from brokerlab.core.lab import Progress
from brokerlab.core.node import JavaProgram, NodeSpec, Program
from brokerlab.labs.local import jars, render
from brokerlab.labs.local.account import Account
from brokerlab.labs.local.java import Java, find_java
from brokerlab.labs.local.locks import JarLock, read_lock


class Launcher(Protocol):
    """Makes command lines of one kind of programs: `Runtime` of the JVM's, `native.Native` of the machine's own."""

    @property
    def account(self) -> Account | None:
        """Whom its programs are run as; None: as us."""

    def command(self, program: Program, values: Mapping[str, str]) -> tuple[str, ...]: ...

    def key(self, *more: str) -> str:
        """A name for what was made with it and `more`."""


@dataclass(frozen=True)
class Runtime:
    """A Java with a program's libraries. options: what the lab adds to every node's own options."""

    java: Java
    lock: JarLock
    class_path: str
    options: tuple[str, ...] = ()
    account: Account | None = None

    def command(self, program: Program, values: Mapping[str, str]) -> tuple[str, ...]:
        if not isinstance(program, JavaProgram):
            raise TypeError(f"{program} is no program of the JVM")
        return render.command(self.java.path, self.options, self.class_path, program, values)

    def key(self, *more: str) -> str:
        """A name for what was made with this build of Java, these libraries and `more`."""
        parts = (self.java.build, self.lock.digest, self.class_path, *more)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def find_runtime(specs: Sequence[NodeSpec], java: str | None, say: Progress) -> Runtime:
    """Raises LabError when there is no fit Java, or the libraries cannot be had."""
    found = find_java(java)
    lock = read_lock(jvm(specs[0]).jars)
    return Runtime(found, lock, jars.class_path(lock, say))


def jvm(spec: NodeSpec) -> JavaProgram:
    """The program of a node that is one of the JVM's."""
    if not isinstance(spec.program, JavaProgram):
        raise TypeError(f"{spec.name} is no node of the JVM")
    return spec.program
