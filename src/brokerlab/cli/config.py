"""Defaults from a file: flag > environment (BROKERLAB_<COMMAND>_<OPTION>) > `brokerlab.toml` > built in.

The file is `brokerlab.toml` in the current folder, else the user's own (`core.folders.config_file`); the first that is
there is used alone. A table is named like its command, `[scenario.run]`; its keys like the options, without the dashes.
"""

from __future__ import annotations

import os
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import typer

from brokerlab.core import folders
from brokerlab.core.errors import UsageError

NAME = "brokerlab.toml"
_SOURCE = "brokerlab.config"  # key of the context's meta: which file the defaults came from


class Defaults(dict[str, Any]):
    """A file's tables, as Typer's default_map wants them, and the file they came from."""

    path: Path


def load() -> Defaults | None:
    """The defaults of the nearest file; None without one."""
    path = _file()
    if path is None:
        return None
    defaults = Defaults(_normal(_parsed(path)))
    defaults.path = path
    return defaults


def _file() -> Path | None:
    here, own = Path(NAME), folders.config_file()
    if os.environ.get("BROKERLAB_CONFIG"):
        return own
    return next((path for path in (here, own) if path.is_file()), None)


def _parsed(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise UsageError(f"the configuration file {path} is not there", "it was named by BROKERLAB_CONFIG") from None
    except OSError as error:
        raise UsageError(f"the configuration file {path} can't be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"the configuration file {path} is no valid TOML: {error}") from None


def _normal(table: dict[str, Any]) -> dict[str, Any]:
    """Option names as Typer's parameters have them: `runs-dir` -> `runs_dir`. Tables keep their commands' names."""
    return {
        key if isinstance(value, dict) else key.replace("-", "_"): _normal(value) if isinstance(value, dict) else value
        for key, value in table.items()
    }


def check(context: typer.Context) -> None:
    """Raise a sentence when the context's own table has a key that its command does not know, or a wrong value."""
    parent = context.parent
    if parent is None and isinstance(context.default_map, Defaults):
        context.meta[_SOURCE] = context.default_map.path
    if context.default_map is None:
        return
    where = f"[{context.command_path.partition(' ')[2].replace(' ', '.')}] of {context.meta.get(_SOURCE, NAME)}"
    where = where.removeprefix("[] of ")
    params = {p.name: p for p in context.command.params if p.name and not p.is_eager and p.param_type_name == "option"}
    commands = getattr(context.command, "commands", {})
    for key, value in context.default_map.items():
        if key in commands:
            _check_table(key, value, where)
            continue
        if key not in params:
            known = [name.replace("_", "-") for name in (*params, *commands)]
            raise UsageError(f"{where}: there is no {_option(key)!r} here", nearest(_option(key), known))
        _check_value(context, params[key], value, where)


def _check_table(key: str, value: object, where: str) -> None:
    if not isinstance(value, dict):
        raise UsageError(f"{where}: {key!r} must be a table of options, it is {value!r}")


def _check_value(context: typer.Context, param: Any, value: Any, where: str) -> None:
    name = _option(param.name)
    if param.multiple != isinstance(value, list):
        raise UsageError(f"{where}: {name!r} must {'' if param.multiple else 'not '}be a list, it is {value!r}")
    if param.is_flag != isinstance(value, bool):
        raise UsageError(f"{where}: {name!r} must {'' if param.is_flag else 'not '}be true or false, it is {value!r}")
    try:
        param.process_value(context, value)
    except typer.TyperException as error:
        raise UsageError(f"{where}: {name!r} can't be {value!r}: {error.message}") from None


def _option(name: str) -> str:
    return name.replace("_", "-")


def nearest(name: str, known: list[str]) -> str:
    """A hint: the nearest of the known names, or all of them."""
    close = get_close_matches(name, known, n=1)
    return f"did you mean {close[0]!r}?" if close else f"known are: {', '.join(sorted(known))}"
