"""An agent's order sheet as JSON, both ways: how an `AgentSpec` travels to the process that carries it out."""

from __future__ import annotations

import json
from dataclasses import asdict

from brokerlab.core.agent import AgentSpec
from brokerlab.core.errors import UsageError
from brokerlab.core.load import Load


def agent_to_json(spec: AgentSpec) -> str:
    return json.dumps(asdict(spec), indent=1)


def agent_from_json(text: str) -> AgentSpec:
    """Raises UsageError when the text is not a sheet that this version understands."""
    try:
        fields = json.loads(text)
        load = Load(**fields.pop("load", {}))
        partitions = tuple(fields.pop("partitions", ()))
        return AgentSpec(**fields, load=load, partitions=partitions)
    except (ValueError, TypeError, AttributeError) as error:
        raise UsageError(f"this is not an agent's order sheet: {error}") from error
