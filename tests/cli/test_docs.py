"""What the documents say of options, codes and files is what the program has."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from brokerlab.reports import json
from tests.cli.conftest import Run
from tests.fakes import verdicts

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "docs/ci.md", "docs/json.md", "docs/architecture.md", "docs/cluster.md", "docs/bad-luck.md")


def command_lines(page: str) -> list[str]:
    """Every `brokerlab ...` in the page's code, without comments, pipes and place-holders."""
    text = (ROOT / page).read_text()
    code = (
        "\n".join(re.findall(r"```\w*\n(.*?)```", text, re.DOTALL)) + "\n" + "\n".join(re.findall(r"`([^`\n]+)`", text))
    )
    lines = [re.split(r"\s+#|\s+\||\s+>|&&|;", line.strip())[0].strip() for line in code.splitlines()]
    return sorted({line for line in lines if line.startswith("brokerlab ") and "..." not in line})


@pytest.mark.parametrize("page", PAGES)
def test_every_option_that_a_page_names_is_on_that_commands_help_page(brokerlab: Run, page: str) -> None:
    for line in command_lines(page):
        words = shlex.split(line)[1:]
        path = []
        for word in words:
            ran = brokerlab(*path, word, "--help") if not word.startswith("-") else None
            if ran is None or ran.code or not ran.out.startswith(f"Usage: brokerlab {' '.join([*path, word])} "):
                break
            path.append(word)
        help_page = brokerlab(*path, "--help").out
        assert path or words[0].startswith("-"), line
        for option in (word.partition("=")[0] for word in words if word.startswith("-")):
            assert re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", help_page), f"{option} of: {line}"


@pytest.mark.parametrize("page", PAGES)
def test_every_link_to_a_file_leads_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", (ROOT / page).read_text()):
        assert (ROOT / page).parent.joinpath(target).exists(), target


def test_the_schema_names_every_field() -> None:
    text = (ROOT / "docs" / "json.md").read_text()
    told = json.encode(verdicts.HELD)
    for field in (*told, *told["variants"][1], *told["receipts"][0], *told["variants"][1]["autopsies"][0]):
        assert f"`{field}`" in text, field


def test_the_workflow_calls_the_two_commands() -> None:
    import yaml

    flow = yaml.safe_load((ROOT / "docs" / "ci-workflow.yml").read_text())
    runs = [step.get("run") for step in flow["jobs"]["test"]["steps"]]
    assert {"make demo", "make test"} <= set(runs)
