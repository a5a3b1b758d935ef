"""Every option that more than one command has, or that needs more than a line, declared once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

import typer

LabName = Literal["local", "external", "kubernetes"]
OwnLab = Literal["local", "kubernetes"]

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
Html = Annotated[
    Path | None,
    typer.Option("--html", metavar="FILE", dir_okay=False, help="Also write the report as one HTML page there."),
]
RunName = Annotated[str, typer.Argument(metavar="RUN", help="A run's id or its beginning, 'last', or a run's folder.")]

# What is sent; without the option it is the scenario's own number. The limits are those of the message layout and the
# ledger: a producer's number is 16 bits, a sequence number 32, a partition 15; a message holds its 28-byte header and
# checksum, and stays below the brokers' message.max.bytes (1 MiB).


def _within(low: int, high: int) -> Callable[[int | None], int | None]:
    """A check whose sentence says what is possible."""

    def check(value: int | None) -> int | None:
        if value is not None and not low <= value <= high:
            raise typer.BadParameter(f"{value:,} is impossible, it is between {low:,} and {high:,}")
        return value

    return check


Messages = Annotated[
    int | None,
    typer.Option("--messages", "-m", metavar="N", help="Messages a variant.", callback=_within(1, 2**32 - 1)),
]
Size = Annotated[
    int | None, typer.Option("--size", metavar="BYTES", help="Bytes a message.", callback=_within(28, 1_000_000))
]
Rate = Annotated[
    int | None,
    typer.Option(
        "--rate",
        metavar="N",
        help="Messages a second and variant; 0: as fast as it goes.",
        callback=_within(0, 100_000_000),
    ),
]
Producers = Annotated[
    int | None,
    typer.Option("--producers", metavar="N", help="Producer processes a variant.", callback=_within(1, 1000)),
]
Consumers = Annotated[
    int | None,
    typer.Option("--consumers", metavar="N", help="Consumer processes a variant.", callback=_within(1, 1000)),
]
Partitions = Annotated[
    int | None, typer.Option("--partitions", metavar="N", help="Partitions a topic.", callback=_within(1, 1000))
]
Keys = Annotated[
    int | None,
    typer.Option("--keys", metavar="N", help="Distinct keys; 0: no keys.", callback=_within(0, 2**31 - 1)),
]
Seed = Annotated[
    int | None,
    typer.Option("--seed", metavar="N", help="Seed of all that is drawn by lot.", callback=_within(0, 2**63 - 1)),
]
Only = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="VARIANT", help="Run this variant alone (may be repeated).", show_default=False),
]

Quick = Annotated[bool, typer.Option("--quick", help="With fewer messages: for a first look, and smoke tests.")]

# Where it runs.
Keep = Annotated[bool, typer.Option("--keep", help="Leave the lab up afterwards.")]
LabOption = Annotated[
    LabName,
    typer.Option("--lab", help="local: processes here. kubernetes: pods of a cluster. external: see --bootstrap."),
]
OwnLabOption = Annotated[OwnLab, typer.Option("--lab", help="local: processes here. kubernetes: pods of a cluster.")]
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
Prometheus = Annotated[
    bool, typer.Option("--prometheus/--no-prometheus", help="Have Prometheus in the lab, the second witness.")
]
