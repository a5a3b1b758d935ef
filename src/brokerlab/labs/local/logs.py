"""Reading the end of a log file."""

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
