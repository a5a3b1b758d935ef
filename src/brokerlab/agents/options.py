"""How the application of a variant behaves, as against its clients: the options that there are, and their values.

One table for all roles, since a variant's options reach all of its agents; each role reads what concerns it.
"""

from __future__ import annotations

from collections.abc import Mapping

from brokerlab.core.errors import UsageError

OPTIONS: Mapping[str, tuple[str, ...]] = {
    # When a consumer commits: after or before the application processed, or by its client, in the background.
    "commit": ("after", "before", "auto"),
    # What an auditor reads: everything that is in the log, or what is committed alone.
    "view": ("everything", "committed"),
    # What a producer does with a message that its client has no room for: wait, or let it go and go on.
    "full": ("wait", "drop"),
    # How a producer ends: when it is told to and every outcome is known, or right after its last call, as a program
    # does that forgot to flush.
    "exit": ("flush", "at-once"),
    # What a consumer does with messages: it counts them; or it brings about an effect in the store, unguarded against
    # repetition or guarded in one of the store's ways.
    "effects": ("count", "none", "transaction", "position", "effect-first", "mark-first"),
    # How a writer has others hear of the changes in its database.
    "events": ("db-then-broker", "broker-then-db", "outbox"),
}
"""{option: its values, the first of them when nothing is said}."""


def option(options: Mapping[str, str], name: str) -> str:
    """The value of one option."""
    return options.get(name, OPTIONS[name][0])


def check(options: Mapping[str, str]) -> None:
    """Raises UsageError for an option or a value that there is not."""
    for name, value in options.items():
        if name not in OPTIONS:
            raise UsageError(f"an application has no option {name!r}", f"options: {', '.join(OPTIONS)}")
        if value not in OPTIONS[name]:
            raise UsageError(f"the option {name} can't be {value!r}", f"values: {', '.join(OPTIONS[name])}")
