"""Stand-ins for programs on the PATH: they note how they were called, and replay recorded answers in order."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

SCRIPT = """\
#!{python} -I
import json, signal, sys, time
from pathlib import Path
signal.signal(signal.SIGINT, signal.SIG_DFL)
here = Path({here!r})
calls = here / "calls"
with calls.open("a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
asked = " ".join(sys.argv[1:])
table = json.loads((here / "answers").read_text())
known = [start for start in table if asked.startswith(start)]
if not known:
    sys.exit(f"nothing is recorded for: {{asked}}")
start = max(known, key=len)
before = sum(" ".join(json.loads(line)).startswith(start) for line in calls.read_text().splitlines()) - 1
out, err, code, seconds = table[start][min(before, len(table[start]) - 1)]
sys.stdout.write(out)
sys.stdout.flush()
sys.stderr.write(err)
time.sleep(seconds)
sys.exit(code)
"""


@dataclass(frozen=True)
class Said:
    """One recorded answer. seconds: how long the program stays after it."""

    out: str = ""
    err: str = ""
    code: int = 0
    seconds: float = 0


@dataclass(frozen=True)
class Program:
    """An installed stand-in."""

    folder: Path

    def calls(self) -> list[str]:
        """The arguments of each call so far, joined by spaces."""
        notes = self.folder / "calls"
        return [" ".join(json.loads(line)) for line in notes.read_text().splitlines()] if notes.exists() else []


def install(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, answers: Mapping[str, Said | Sequence[Said]]
) -> Program:
    """Put `name` in front of the PATH. answers: {beginning of the arguments: what it says, call by call}."""
    home = folder / f"{name}-recorded"
    home.mkdir()
    table = {start: [said] if isinstance(said, Said) else list(said) for start, said in answers.items()}
    rows = {start: [[each.out, each.err, each.code, each.seconds] for each in said] for start, said in table.items()}
    (home / "answers").write_text(json.dumps(rows))
    bin_folder = folder / "bin"
    bin_folder.mkdir(exist_ok=True)
    program = bin_folder / name
    program.write_text(SCRIPT.format(python=sys.executable, here=str(home)))
    program.chmod(0o755)
    if str(bin_folder) not in os.environ["PATH"].split(":"):
        monkeypatch.setenv("PATH", str(bin_folder), prepend=":")
    return Program(home)
