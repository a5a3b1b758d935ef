"""`brokerlab scenario`: which experiments there are, what one of them does, and running and judging it."""

from __future__ import annotations

from typing import Annotated

import typer

from brokerlab.cli import options, terminal, tree

app = tree.group(
    "Run an experiment on a real broker, and judge it.",
    """
brokerlab scenario run acks                        the whole ladder, on brokers of our own
brokerlab scenario run acks --only acks=all --json
brokerlab scenario run acks --junit acks.xml       for CI: exit code 0 held, 1 broken, 3 inconclusive
brokerlab scenario check last                      judge the latest run again, offline
""",
)


def _known(incomplete: str) -> list[str]:
    from brokerlab import catalog

    return [name for name in catalog.scenario_names() if name.startswith(incomplete)]


Name = Annotated[
    str, typer.Argument(metavar="NAME", help="A scenario: see `brokerlab scenario list`.", autocompletion=_known)
]


@app.command("list")
def list_(json: options.Json = False) -> None:
    """List the scenarios and the questions they answer."""
    from brokerlab import catalog

    scenarios = [catalog.scenario(name) for name in catalog.scenario_names()]
    if json:
        terminal.print_json([{"name": s.name, "question": s.question, "claim": s.claim} for s in scenarios])
        return
    rows = [(s.name, s.question, s.claim) for s in scenarios]
    terminal.print_rows(("scenario", "question", "claim"), rows, empty="there is no scenario")


@app.command()
def show(name: Name, json: options.Json = False) -> None:
    """Show a scenario: question, set-up, timeline, what each variant permits and must show."""
    from brokerlab import catalog
    from brokerlab.reports import scenarios

    scenario = catalog.scenario(name)
    if json:
        terminal.print_json(scenarios.encode(scenario))
        return
    console = terminal.console()
    for part in scenarios.parts(scenario):
        console.print(part)
