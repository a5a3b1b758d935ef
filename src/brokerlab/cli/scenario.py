"""`brokerlab scenario`: which experiments there are, what one of them does, and running and judging it."""

from __future__ import annotations

from typing import Annotated

import typer

from brokerlab.cli import clusters, options, terminal, tree
from brokerlab.cli import lab_kubernetes as inside
from brokerlab.core import folders

app = tree.group(
    "Run an experiment on a real broker, and judge it.",
    """
brokerlab scenario run acks                        the whole ladder, on brokers of our own
brokerlab scenario run acks --only acks=all --json
brokerlab scenario run all --quick --html all.html every scenario, one summary
brokerlab scenario run acks --junit acks.xml       for CI: exit code 0 held, 1 broken, 3 inconclusive
brokerlab scenario run acks --lab kubernetes       brokers and agents as pods, in the cluster of your kubeconfig
brokerlab scenario check last                      judge the latest run again, offline
""",
)


def _known(incomplete: str) -> list[str]:
    from brokerlab import catalog

    return [name for name in catalog.scenario_names() if name.startswith(incomplete)]


def _known_and_all(incomplete: str) -> list[str]:
    return [*_known(incomplete), *(["all"] if "all".startswith(incomplete) else [])]


Name = Annotated[
    str, typer.Argument(metavar="NAME", help="A scenario: see `brokerlab scenario list`.", autocompletion=_known)
]


NameOrAll = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help="A scenario: see `brokerlab scenario list`. Or 'all': every one, and one summary.",
        autocompletion=_known_and_all,
    ),
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


@app.command()
def run(
    name: NameOrAll,
    messages: options.Messages = None,
    size: options.Size = None,
    rate: options.Rate = None,
    producers: options.Producers = None,
    consumers: options.Consumers = None,
    partitions: options.Partitions = None,
    keys: options.Keys = None,
    seed: options.Seed = None,
    only: options.Only = None,
    quick: options.Quick = False,
    lab: options.LabOption = "local",
    bootstrap: options.Bootstrap = None,
    properties: options.Properties = None,
    java: options.Java = None,
    prometheus: options.Prometheus = True,
    keep: options.Keep = False,
    context: clusters.Context = None,
    namespace: inside.Namespace = inside.NAMESPACE,
    image: inside.Image = None,
    registry: inside.Registry = None,
    broker_image: inside.BrokerImage = None,
    postgres_image: inside.PostgresImage = None,
    prometheus_url: inside.PrometheusUrl = None,
    prometheus_image: inside.PrometheusImage = None,
    yes: options.Yes = False,
    runs_dir: options.RunsDir = None,
    json: options.Json = False,
    junit: options.Junit = None,
    svg: options.Svg = None,
    html: options.Html = None,
    quiet: options.Quiet = False,
) -> None:
    """Run a scenario: real brokers, real faults, every message accounted for.

    Exit code: 0 held, 1 broken, 3 inconclusive or skipped, 4 the lab could not start.
    """
    from brokerlab.cli import every, labs, reporting, running
    from brokerlab.reports.live import watching

    numbers = {"messages": messages, "size": size, "rate": rate, "producers": producers}
    numbers |= {"consumers": consumers, "partitions": partitions, "keys": keys, "seed": seed}
    cluster = inside.Wanted(
        context, namespace, image, registry, broker_image, postgres_image, prometheus_url, prometheus_image, yes=yes
    )
    where = labs.where(lab, bootstrap, java, prometheus=prometheus, keep=keep, cluster=cluster)
    forms = reporting.Forms(json=json, svg=svg, junit=junit, html=html)
    if name == every.ALL:
        wishes = every.wishes(only or [], numbers, properties, quick=quick)
        with watching(terminal.console(stderr=True), quiet=quiet) as watcher:
            done = list(every.carry_out(wishes, where, runs_dir or folders.runs(), watcher))
        raise typer.Exit(reporting.show_all(done, forms))
    wish = running.wish(name, only or [], numbers, properties, quick=quick)
    with watching(terminal.console(stderr=True), quiet=quiet) as watcher:
        verdict, stored = running.carry_out(wish, where, runs_dir or folders.runs(), watcher)
    reporting.show(verdict, stored.folder, forms)
    raise typer.Exit(verdict.exit_code)


@app.command()
def check(
    run: options.RunName,
    runs_dir: options.RunsDir = None,
    json: options.Json = False,
    junit: options.Junit = None,
    svg: options.Svg = None,
    html: options.Html = None,
) -> None:
    """Judge a stored run again, offline, from what was written down; the exit code is the verdict's."""
    from brokerlab import catalog
    from brokerlab.cli import reporting
    from brokerlab.engine.verdict import judge_folder
    from brokerlab.ledger import store

    stored = store.find(runs_dir or folders.runs(), run)
    verdict = judge_folder(stored.folder, catalog.scenario(stored.scenario))
    reporting.show(verdict, stored.folder, reporting.Forms(json=json, svg=svg, junit=junit, html=html))
    raise typer.Exit(verdict.exit_code)
