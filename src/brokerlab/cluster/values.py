"""Values for a Helm chart: our file, then --values files, then --set, merged as helm merges them.

Maps are merged, everything else is replaced, lists included; `null` takes a default away. --set understands the forms
that the workshop needs: `a.b=1`, `a\\.b=x` (a dot in a key) and `list={x,y}`; the rest is for a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from brokerlab.core.errors import UsageError

Values = dict[str, Any]


def read(path: Path) -> Values:
    """Raises UsageError when the file can't be read, or is no map."""
    import yaml

    try:
        parsed = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(f"the values file {path} can't be used: {' '.join(str(error).split())}") from error
    if not isinstance(parsed, dict):
        raise UsageError(f"the values file {path} is no map of values")
    return parsed


def merged(layers: Iterable[Mapping[str, Any]]) -> Values:
    """One map of all layers, the later ones on top."""
    result: Values = {}
    for layer in layers:
        result = _over(result, layer)
    return result


def from_set(assignment: str) -> Values:
    """{"a": {"b": 1}} of "a.b=1". Raises UsageError for what is no assignment."""
    key, equals, text = assignment.partition("=")
    parts = [part.replace("\\.", ".") for part in re.split(r"(?<!\\)\.", key)]
    if not equals or not all(parts) or "[" in key:
        raise UsageError(
            f"--set {assignment!r} is no assignment", "write key.key=value; for list items use --values FILE"
        )
    value: Any = _value(text)
    for part in reversed(parts):
        value = {part: value}
    return dict(value)


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> Values:
    result = dict(below)
    for key, value in above.items():
        both = isinstance(value, Mapping) and isinstance(result.get(key), Mapping)
        result[key] = _over(result[key], value) if both else value
    return result


def _value(text: str) -> Any:
    if text.startswith("{") and text.endswith("}"):
        return [_value(each.strip()) for each in text[1:-1].split(",")] if text[1:-1].strip() else []
    constants = {"true": True, "false": False, "null": None}
    if text in constants:
        return constants[text]
    return int(text) if re.fullmatch(r"0|-?[1-9]\d*", text) else text
