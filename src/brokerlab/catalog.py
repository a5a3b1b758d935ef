"""The catalog: plug-ins by name, found by scanning their folder, imported only when they are asked for.

The one place that knows the names of brokers and scenarios, and the one that imports by name.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from brokerlab.core.errors import UsageError

if TYPE_CHECKING:
    from brokerlab.core.broker import Broker
    from brokerlab.core.scenario import Scenario
    from brokerlab.core.store import Store


def scenario_names() -> list[str]:
    return _names("scenarios")


def scenario(name: str) -> Scenario:
    """Raises UsageError with the nearest name for an unknown one."""
    found: Scenario = _load("scenarios", name, "scenario").SCENARIO
    return found


def broker_names() -> list[str]:
    return _names("brokers")


def broker(name: str) -> Broker:
    found: Broker = _load("brokers", name, "broker").BROKER
    return found


def store(name: str) -> Store:
    """The store that a broker plug-in can be, too."""
    found: Store = _load("brokers", name, "store").STORE
    return found


def import_modules(names: Iterable[str]) -> None:
    """Have these modules ready, whoever will use them."""
    for name in names:
        importlib.import_module(name)


def unknown(what: str, name: str, known: Sequence[str]) -> UsageError:
    """The error for a name that does not exist, with the nearest one that does."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return UsageError(f"there is no {what} {name!r}", f"{hint}known: {', '.join(known)}")


def _names(folder: str) -> list[str]:
    package = importlib.import_module(f"brokerlab.{folder}")
    return sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(package.__path__))


def _load(folder: str, name: str, what: str) -> Any:
    known = _names(folder)
    if name not in known:
        raise unknown(what, name, known)
    return importlib.import_module(f"brokerlab.{folder}.{name.replace('-', '_')}")
