"""The tables that a variant has in the store, and the other system beside it.

Which messages were seen is kept in two places: `seen` beside the effects, where one transaction covers both, and in a
database of its own, `others`, which stands for any other system: no transaction reaches from one into the other.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from psycopg.sql import Composed

OTHERS = "others"
TABLES = """
CREATE TABLE {effects} (producer int NOT NULL, seq bigint NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE TABLE {seen} (producer int, seq bigint, PRIMARY KEY (producer, seq));
CREATE TABLE {reached} (partition int PRIMARY KEY, position bigint NOT NULL);
CREATE TABLE {changes} (
    producer int, seq bigint, at timestamptz NOT NULL DEFAULT clock_timestamp(), PRIMARY KEY (producer, seq)
);
CREATE TABLE {outbox} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event bytea NOT NULL, published timestamptz);
CREATE INDEX ON {outbox} (id) WHERE published IS NULL;
"""
SEEN = "CREATE TABLE {seen} (producer int, seq bigint, PRIMARY KEY (producer, seq))"
WORDS = ("effects", "seen", "reached", "changes", "outbox")


def statement(text: str, name: str) -> Composed:
    """`text` with the names of the variant's tables, which are called after a digest of the variant's."""
    from psycopg.sql import SQL, Identifier

    digest = blake2b(name.encode(), digest_size=8).hexdigest()
    return SQL(text).format(**{word: Identifier(f"{word}_{digest}") for word in WORDS})


def others(endpoint: str) -> str:
    """The address of the other system. Of two settings of one name, libpq takes the last."""
    return f"{endpoint} dbname={OTHERS}"
