"""Passwords in a pod: libpq wants them in files that only their user may read."""

from __future__ import annotations

from pathlib import Path

from brokerlab.pods import passwords


def test_what_a_volume_gives_is_copied_for_its_user_alone(tmp_path: Path) -> None:
    given, private = tmp_path / "passwords", tmp_path / "private"
    private.mkdir()
    passwords.take(given, private)  # a lab without passwords
    (given / "..2026" / "postgres-1").mkdir(parents=True)  # as the kubelet fills a volume
    (given / "..2026" / "postgres-1" / "pgpass").write_text("secret")
    (given / "..data").symlink_to("..2026")
    (given / "postgres-1").symlink_to("..data/postgres-1")
    for _ in range(2):  # a container is started anew
        passwords.take(given, private)
        assert [path.relative_to(private) for path in private.rglob("*") if path.is_file()] == [
            Path("postgres-1/pgpass")
        ]
    own = private / "postgres-1" / "pgpass"
    assert (own.read_text(), own.stat().st_mode & 0o777) == ("secret", 0o600)
