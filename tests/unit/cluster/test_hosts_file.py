"""The hosts file on disk: old or new whatever happens, same owner and mode, and only the write is for root."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from brokerlab.cluster import hosts_file, hosts_write
from brokerlab.core.errors import LabError

KILLS = 25


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_mode_and_owner_stay(tmp_path: Path) -> None:
    path = tmp_path / "hosts"
    path.write_bytes(b"old")
    path.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(path, 12, 34)
    before = path.stat()
    assert hosts_file.write(path, b"old", b"new").backup is None
    after = path.stat()
    assert path.read_bytes() == b"new"
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert names(tmp_path) == ["hosts"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "hosts"
    real.write_bytes(b"old")
    link.symlink_to(real)
    hosts_file.write(link, b"old", b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"


def test_a_file_that_was_changed_meanwhile_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "hosts"
    path.write_bytes(b"theirs")
    with pytest.raises(LabError, match="changed by someone else"):
        hosts_file.write(path, b"old", b"new")
    assert path.read_bytes() == b"theirs"
    assert names(tmp_path) == ["hosts"]


@pytest.mark.parametrize("reason", [errno.EBUSY, errno.EXDEV])
def test_a_mount_point_is_rewritten_with_a_backup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: int) -> None:
    path = tmp_path / "hosts"
    path.write_bytes(b"the old and longer content")
    inode = path.stat().st_ino

    def refuse(self: Path, target: Path) -> Path:
        raise OSError(reason, os.strerror(reason))

    monkeypatch.setattr(Path, "replace", refuse)
    written = hosts_file.write(path, b"the old and longer content", b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_ino == inode
    assert written.backup is not None
    assert written.backup.read_bytes() == b"the old and longer content"
    assert str(written.backup) in hosts_write.sentence(written)
    assert names(tmp_path) == sorted(["hosts", written.backup.name])


IN_A_MOUNT = """
touch "$1"; printf old > "$1"; mount --bind "$1" "$1"
printf oldnew | "$2" -I -m brokerlab.cluster.hosts_write "$1" 3 && cat "$1"
"""


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="bind mounts need Linux and root")
def test_a_real_mount_point_is_rewritten_too(tmp_path: Path) -> None:
    """As in a container, whose /etc/hosts is a mount: here in a mount namespace of its own."""
    command = ["unshare", "-m", "sh", "-ec", IN_A_MOUNT, "sh", str(tmp_path / "hosts"), sys.executable]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "so it was rewritten; backup:" in done.stdout
    assert done.stdout.endswith("new")


def test_no_space_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "hosts"
    path.write_bytes(b"old")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(LabError, match="No space left"):
        hosts_file.write(path, b"old", b"new")
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["hosts"]


def test_the_leftover_of_a_killed_writer_is_swept_and_a_living_ones_is_not(tmp_path: Path) -> None:
    path = tmp_path / "hosts"
    path.write_bytes(b"old")
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    (tmp_path / f".hosts.brokerlab-{gone.pid}").write_bytes(b"half")
    (tmp_path / f".hosts.brokerlab-{os.getppid()}").write_bytes(b"being written")
    hosts_file.write(path, b"old", b"new")
    assert names(tmp_path) == sorted([f".hosts.brokerlab-{os.getppid()}", "hosts"])


WRITER = """
import sys
from pathlib import Path
from brokerlab.cluster import hosts_file
path, one, two = Path(sys.argv[1]), b"1" * 300_000, b"2" * 200_000
print("ready", flush=True)
while True:
    hosts_file.write(path, one, two)
    hosts_file.write(path, two, one)
"""


def test_sigkill_at_any_point_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    """A writer that alternates between two contents is killed at random moments: the file is always one of the two."""
    path, one, two = tmp_path / "hosts", b"1" * 300_000, b"2" * 200_000
    seen = set()
    moments = random.Random(7)
    path.write_bytes(one)
    begin = time.monotonic()
    hosts_file.write(path, one, two)
    span = 6 * (time.monotonic() - begin)  # several writes of this machine's speed
    kills, end = 0, begin + 120
    while kills < KILLS or (len(seen) < 2 and time.monotonic() < end):
        kills += 1
        path.write_bytes(one)
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"ready\n"
        # The moment of the kill, by chance: nothing is waited for.
        time.sleep(moments.uniform(0, span * max(1, kills / KILLS)))  # longer, if it was too short for a first write
        writer.send_signal(signal.SIGKILL)
        assert writer.wait() == -signal.SIGKILL
        writer.stdout.close()
        content = path.read_bytes()
        assert content in (one, two)
        seen.add(content)
        hosts_file.write(path, content, one)
        assert names(tmp_path) == ["hosts"], "the next writer clears away what the killed one left"
    assert seen == {one, two}, "the kills must have struck on both sides of a rename"


def test_the_helper_writes_what_it_is_given_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "hosts"
    path.write_bytes(b"old")
    command = [sys.executable, "-I", "-m", "brokerlab.cluster.hosts_write", str(path), "3"]
    done = subprocess.run(command, input=b"old\xff new", capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert path.read_bytes() == b"\xff new"
    again = subprocess.run(command, input=b"oldnew", capture_output=True, check=False)
    assert again.returncode == 4
    assert b"changed by someone else" in again.stderr
    assert path.read_bytes() == b"\xff new"


def test_a_file_of_roots_is_written_through_sudo_after_saying_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stand-in for sudo on PATH that runs what it is given, and notes that it was asked."""
    path, noted, said = tmp_path / "hosts", tmp_path / "asked", []
    path.write_bytes(b"old")
    sudo = tmp_path / "bin" / "sudo"
    sudo.parent.mkdir()
    sudo.write_text(f'#!/bin/sh\necho "$@" > {noted}\nshift\nexec "$@"\n')
    sudo.chmod(0o755)
    monkeypatch.setenv("PATH", str(sudo.parent), prepend=":")
    monkeypatch.setattr(hosts_file, "may_write", lambda _: False)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert hosts_write.write(path, b"old", b"new", said.append) == f"{path} replaced"
    assert path.read_bytes() == b"new"
    assert "may ask for your password" in said[0]
    assert "-m brokerlab.cluster.hosts_write" in noted.read_text()


def test_a_refused_sudo_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "hosts"
    path.write_bytes(b"old")
    sudo = tmp_path / "bin" / "sudo"
    sudo.parent.mkdir()
    sudo.write_text("#!/bin/sh\necho 'sudo: 3 incorrect password attempts' >&2\nexit 1\n")
    sudo.chmod(0o755)
    monkeypatch.setenv("PATH", str(sudo.parent), prepend=":")
    monkeypatch.setattr(hosts_file, "may_write", lambda _: False)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(LabError, match="3 incorrect password attempts"):
        hosts_write.write(path, b"old", b"new", lambda _: None)
    assert path.read_bytes() == b"old"


def test_no_such_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="there is no hosts file"):
        hosts_file.read(tmp_path / "nowhere")
