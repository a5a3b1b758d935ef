"""What version a program says it is: asked once, and remembered in the cache folder as long as the file is the same.

Asking `java -version` takes a quarter of a second, a twentieth of the lab's start.
"""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
from pathlib import Path

from brokerlab.core import folders
from brokerlab.core.files import write_json


def version_of(program: Path, option: str, pattern: str) -> str:
    """The first group of `pattern` in what `program option` prints; "" when it is not there.

    Raises FileNotFoundError when there is no such file, OSError or TimeoutExpired when it cannot be run.
    """
    stat = program.resolve().stat()
    key = f"{program.resolve()} {stat.st_size} {stat.st_mtime_ns}"
    memory = folders.cache() / "versions.json"
    known = _remembered(memory)
    if key not in known:
        known[key] = _ask(program, option, pattern)
        with contextlib.suppress(OSError):  # a cache folder that cannot be written: asked anew each time
            write_json(memory, known)
    return known[key]


def _ask(program: Path, option: str, pattern: str) -> str:
    answer = subprocess.run([str(program), option], capture_output=True, text=True, timeout=30, check=False)
    said = re.search(pattern, answer.stdout + answer.stderr)
    return said[1] if said else ""


def _remembered(memory: Path) -> dict[str, str]:
    try:
        return {str(key): str(version) for key, version in json.loads(memory.read_text()).items()}
    except (OSError, ValueError, AttributeError):
        return {}
