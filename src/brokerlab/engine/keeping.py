"""What the store holds when the experiment is over, written down in the ledger: a stored run is judged without it."""

from __future__ import annotations

from brokerlab.core.message import stamp
from brokerlab.core.store import Tables
from brokerlab.engine.staff import Setting
from brokerlab.ledger import files
from brokerlab.ledger.appended import keep

COUNTED = "count"  # the option `effects` of an application that only counts


def write_down(tables: Tables, setting: Setting) -> None:
    """A variant whose consumers bring about effects gets a file of those; one with a writer, of its changes."""
    for variant in setting.variants:
        kept = tables.kept(setting.topics[variant.name])
        home, mark = setting.ledger(variant.name), stamp(setting.run, variant.name)
        if variant.options.get("effects", COUNTED) != COUNTED:
            keep(home / f"store{files.EFFECTS.suffix}", files.EFFECTS, mark, kept.effects)
        if "events" in variant.options:
            keep(home / f"store{files.CHANGES.suffix}", files.CHANGES, mark, kept.changes)
