"""The JVM's start-up cache: classes as they were loaded and linked in an earlier start. Starts are 2-3 x faster.

JDK 25 and later: the AOT cache (JEP 483, 514, 515). JDK 17 to 24: a dynamic CDS archive (JEP 350). It is made once, by
a training run of the very nodes that the lab starts, one of which records; kept in the cache folder under a name made
of the Java, the libraries and the options. A file that is not what was written then is not used, and made anew; where
it cannot be written, the lab starts without.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from brokerlab.core import folders
from brokerlab.core.files import write_atomic
from brokerlab.core.node import NodeSpec
from brokerlab.labs.local.java import Java
from brokerlab.labs.local.runtime import Runtime, jvm


def path_for(runtime: Runtime, spec: NodeSpec) -> Path:
    """Where the cache for this Java, these libraries and these options is, or will be."""
    return folders.cache() / "aot" / runtime.key(jvm(spec).main, *jvm(spec).jvm_options) / "startup.aot"


def is_valid(cache: Path) -> bool:
    """Whether the file is the one that was recorded: same size and time of change as written down then."""
    try:
        return cache.with_suffix(".made").read_text() == _mark(cache)
    except OSError:
        return False


def using(runtime: Runtime, cache: Path) -> Runtime:
    """The runtime with the options that use a cache; a JVM that finds it unfit ignores it, and says so in its log."""
    return replace(runtime, options=(*runtime.options, *_use(runtime.java, cache)))


def recording(java: Java, target: Path) -> tuple[str, ...]:
    """The options of a JVM that writes a cache when it ends."""
    if java.feature >= 25:
        return (f"-XX:AOTCacheOutput={target}",)
    return (f"-XX:ArchiveClassesAtExit={target}",)


def publish(recorded: Path, cache: Path) -> None:
    """Move a finished recording to its place, then write down what it looks like."""
    cache.parent.mkdir(parents=True, exist_ok=True)
    recorded.replace(cache)
    write_atomic(cache.with_suffix(".made"), _mark(cache))


def _use(java: Java, cache: Path) -> tuple[str, ...]:
    if java.feature >= 25:
        return (f"-XX:AOTCache={cache}", "-Xlog:aot*=error")  # it warns of adapters that it links anew, at each start
    return ("-Xshare:auto", f"-XX:SharedArchiveFile={cache}")


def _mark(cache: Path) -> str:
    stat = cache.stat()
    return f"{stat.st_size} {stat.st_mtime_ns}\n"
