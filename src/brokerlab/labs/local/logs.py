"""Reading the end of a log file, and what in it says why a Java program ended."""

from __future__ import annotations

from pathlib import Path


def log_tail(path: Path, lines: int) -> str:
    """The last lines of a log; "" when there is none."""
    try:
        with path.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - 400 * lines))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


def why(path: Path, lines: int = 15) -> str:
    """The end of a log as a reason: without the frames of stack traces."""
    return without_frames(log_tail(path, 200), lines)


def without_frames(text: str, lines: int) -> str:
    said = [line for line in text.splitlines() if line.strip() and not line.startswith(("\tat ", "\t... "))]
    return "\n".join(said[-lines:])
