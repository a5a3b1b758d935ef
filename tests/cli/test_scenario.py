"""`brokerlab scenario list | show`."""

from __future__ import annotations

import json

from tests.cli.conftest import Run


def test_list_and_show(brokerlab: Run) -> None:
    assert "acks" in brokerlab("scenario", "list").out
    assert "acks" in [each["name"] for each in json.loads(brokerlab("scenario", "list", "--json").out)]
    text = brokerlab("scenario", "show", "acks").out
    for part in (
        "How do we guarantee it arrives?",
        "Timeline",
        "hurt: kill",
        "acks=all+idempotence",
        "must show  lost",
    ):
        assert part in text


def test_show_as_json(brokerlab: Run) -> None:
    told = json.loads(brokerlab("scenario", "show", "acks", "--json").out)
    assert [variant["name"] for variant in told["variants"]][:2] == ["acks=0", "acks=1"]
    assert told["variants"][0]["shows"] == ["lost"]
    assert told["words"]["lost"].startswith("acknowledged")
    assert told["load"]["messages"] > 0
