"""Programs that are shell scripts: they print one text and end."""

from __future__ import annotations

from pathlib import Path


def script(path: Path, *, says: str = "", to: str = "stdout", code: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\ncat {'>&2' if to == 'stderr' else ''} <<'END'\n{says}\nEND\nexit {code}\n")
    path.chmod(0o755)
    return path
