"""The one step that needs root: write the hosts file, and nothing else (`python -m brokerlab.cluster.hosts_write`).

`write` does it in this process where this user may, and otherwise starts this module under sudo, after saying so. The
content travels by stdin as two byte strings, old and new, so that root decides nothing and parses nothing: it writes
these bytes if the file still has those.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from brokerlab.cluster import hosts_file
from brokerlab.core.errors import BrokerlabError, LabError
from brokerlab.core.lab import Progress


def write(path: Path, old: bytes, new: bytes, say: Progress) -> str:
    """Write the file, under sudo where that is needed. Returns a sentence on how; raises LabError."""
    if hosts_file.may_write(path) or os.geteuid() == 0:
        return sentence(hosts_file.write(path, old, new))
    sudo = shutil.which("sudo")
    if sudo is None:
        raise LabError(f"{path} belongs to root, and there is no sudo here", "run this one command as root")
    say(f"{path} belongs to root: only its writing runs under sudo, which may ask for your password")
    command = [sudo, "--", sys.executable, "-I", "-m", __name__, str(path), str(len(old))]
    done = subprocess.run(command, input=old + new, capture_output=True, check=False)
    if done.returncode != 0:
        reason = done.stderr.decode(errors="replace").strip().splitlines() or ["sudo was refused"]
        raise LabError(f"{path} was not written: {reason[-1]}", "it is as it was; --dry-run shows what to write")
    return done.stdout.decode(errors="replace").strip()


def sentence(written: hosts_file.Written) -> str:
    if written.backup is None:
        return f"{written.path} replaced"
    return f"{written.path} can't be replaced (a mount of its own), so it was rewritten; backup: {written.backup}"


def main(arguments: list[str]) -> int:
    """arguments: path, length of the old content. stdin: the old content and the new one."""
    path, length = Path(arguments[0]), int(arguments[1])
    content = sys.stdin.buffer.read()
    try:
        written = hosts_file.write(path, content[:length], content[length:])
    except BrokerlabError as error:
        sys.stderr.write(f"{error.message}\n")
        return error.exit_code
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.write(sentence(written) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
