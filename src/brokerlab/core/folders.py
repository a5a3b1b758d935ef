"""Where things are kept, on each system by its own customs (platformdirs), each overridable by an environment variable.

cache: what can be made again (jars, AOT caches, Prometheus). state: the labs that run now. runs: finished experiments.
"""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

APP = "brokerlab"


def cache() -> Path:
    return _folder("BROKERLAB_CACHE", platformdirs.user_cache_path(APP))


def state() -> Path:
    return _folder("BROKERLAB_STATE", platformdirs.user_state_path(APP))


def runs() -> Path:
    return _folder("BROKERLAB_RUNS", platformdirs.user_data_path(APP) / "runs")


def config_file() -> Path:
    return _folder("BROKERLAB_CONFIG", platformdirs.user_config_path(APP) / "brokerlab.toml")


def _folder(variable: str, default: Path) -> Path:
    named = os.environ.get(variable)
    return Path(named).expanduser().absolute() if named else default
