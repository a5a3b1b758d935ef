"""Every option that more than one command has, or that needs more than a line, declared once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

LabName = Literal["local", "external"]

Json = Annotated[bool, typer.Option("--json", help="Print JSON on standard output, and nothing else there.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask, do it.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress on standard error.")]
RunsDir = Annotated[
    Path | None,
    typer.Option("--runs-dir", envvar="BROKERLAB_RUNS", file_okay=False, help="Where the run folders are kept."),
]
Junit = Annotated[
    Path | None, typer.Option("--junit", metavar="FILE", dir_okay=False, help="Also write a JUnit report there.")
]
Svg = Annotated[
    Path | None, typer.Option("--svg", metavar="FILE", dir_okay=False, help="Also write the table as a picture there.")
]
RunName = Annotated[str, typer.Argument(metavar="RUN", help="A run's id or its beginning, or 'last'.")]

# What is sent. The limits are those of the message layout and the ledger: a producer's number is 16 bits, a sequence
# number 32, a partition 15; a message holds its 28-byte header, and stays below the brokers' message.max.bytes (1 MiB).
Messages = Annotated[
    int | None,
    typer.Option("--messages", "-m", min=1, max=2**32 - 1, help="Messages a variant.", show_default="the scenario's"),
]
Size = Annotated[
    int | None, typer.Option("--size", min=28, max=1_000_000, help="Bytes a message.", show_default="the scenario's")
]
Rate = Annotated[
    int | None,
    typer.Option(
        "--rate", min=0, help="Messages a second and variant; 0: as fast as it goes.", show_default="the scenario's"
    ),
]
Producers = Annotated[
    int | None,
    typer.Option("--producers", min=1, max=1000, help="Producer processes a variant.", show_default="the scenario's"),
]
Consumers = Annotated[
    int | None,
    typer.Option("--consumers", min=1, max=1000, help="Consumer processes a variant.", show_default="the scenario's"),
]
Partitions = Annotated[
    int | None,
    typer.Option("--partitions", min=1, max=1000, help="Partitions a topic.", show_default="the scenario's"),
]
Keys = Annotated[
    int | None,
    typer.Option("--keys", min=0, help="Distinct keys; 0: messages have no key.", show_default="the scenario's"),
]
Seed = Annotated[
    int | None, typer.Option("--seed", min=0, help="Seed of all that is drawn by lot.", show_default="the scenario's")
]
Only = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="VARIANT", help="Run this variant alone (may be repeated).", show_default=False),
]

# Where it runs.
Keep = Annotated[bool, typer.Option("--keep", help="Leave the lab up afterwards.")]
LabOption = Annotated[LabName, typer.Option("--lab", help="local: brokers of our own. external: see --bootstrap.")]
Bootstrap = Annotated[
    str | None,
    typer.Option("--bootstrap", metavar="HOST:PORT,...", help="A cluster of yours, instead of brokers of our own."),
]
Properties = Annotated[
    Path | None,
    typer.Option(
        "--properties",
        metavar="FILE",
        dir_okay=False,
        exists=True,
        help="librdkafka properties for it, key=value lines (TLS, SASL).",
    ),
]
Java = Annotated[
    Path | None, typer.Option("--java", metavar="PATH", exists=True, help="The java (17 or later) to run brokers with.")
]
Prometheus = Annotated[bool, typer.Option("--prometheus/--no-prometheus", help="Ask Prometheus as the second witness.")]
