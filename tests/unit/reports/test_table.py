"""The table on literal verdicts: every number whole at every width, verdicts readable without colour."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from brokerlab.core.fault import Receipt
from brokerlab.core.verdict import RunVerdict, Verdict
from brokerlab.core.words import Word
from brokerlab.reports import table
from tests.fakes import verdicts

WIDTHS = (60, 80, 100, 140)


def printed(run: RunVerdict, width: int, **rest: Any) -> str:
    out = io.StringIO()
    table.show(run, Console(file=out, width=width, highlight=False, markup=False), **rest)
    return out.getvalue()


def squeezed(run: RunVerdict, width: int) -> list[str]:
    """The lines without the layout's blanks."""
    return [" ".join(line.split()) for line in printed(run, width).splitlines() if line.strip()]


def test_at_140_columns_a_variant_is_one_row() -> None:
    lines = squeezed(verdicts.HELD, 140)
    assert lines[1] == "variant sent acked received lost duplicated verdict unknown Prometheus p50/p99 ms permitted"
    assert "acks=0 2,000 2,000 1,588 412 0 ✓ held 0 ✓ - loss; nothing is confirmed" in lines
    assert any(line.startswith("acks=1 2,000 1,990 1,700 300 0 ✓ held 10 ✓ 2.1/4,310 loss of") for line in lines)


def test_what_stands_below_the_headline_numbers() -> None:
    text = printed(verdicts.HELD, 140)
    assert "(handed)" in text  # acks=0 confirms nothing
    assert "20.6 %" in text  # 412 of 2000 handed over
    assert "15.1 %" in text  # 300 of 1990 acknowledged
    assert "312 written 2x" in text
    assert "17 delivered 2x" in text
    assert "329" in text
    assert text.count("≤ 0.15 %") == 4  # acks=all: lost; idempotent: lost, duplicated; acks=0: duplicated
    assert text.count("≤ 0.16 %") == 1  # acks=1: 3/1990


@pytest.mark.parametrize("width", WIDTHS)
def test_no_line_is_longer_than_the_terminal_and_no_number_is_cut(width: int) -> None:
    big = verdicts.variant(
        "acks=all+idempotence", sent=987_654_321, acked=987_654_320, findings={Word.DUPLICATE: 12_345_678}
    )
    text = printed(verdicts.run(verdicts.ACKS_0, big), width)
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    for number in ("987,654,321", "987,654,320", "12,345,678", "412", "✓ held"):
        assert number in text


@pytest.mark.parametrize("width", WIDTHS)
def test_every_column_is_shown_at_every_width(width: int) -> None:
    text = printed(verdicts.HELD, width)
    for heading in ("sent", "acked", "received", "lost", "duplicated", "unknown", "Prometheus", "p50/p99", "permitted"):
        assert heading in text


@pytest.mark.parametrize(
    ("verdict", "mark"),
    [
        (Verdict.HELD, "✓ held"),
        (Verdict.BROKEN, "✗ broken"),
        (Verdict.INCONCLUSIVE, "? inconclusive"),
        (Verdict.SKIPPED, "- skipped"),
    ],
)
def test_a_verdict_is_a_mark_and_a_word(verdict: Verdict, mark: str) -> None:
    run = verdicts.run(verdicts.variant("acks=all", verdict), verdict=verdict, reasons=("it was so",))
    text = printed(run, 100)
    assert text.count(mark) == 2  # in its row and in the last lines
    assert f"(exit code {run.exit_code})" in text
    assert ("it was so" in text) and (f"Why {verdict.value}" in text)


def test_prometheus_that_differs_shows_its_number_and_an_explanation() -> None:
    odd = verdicts.variant("acks=1", told={"sent": (2000, 2000), "acked": (2000, 1997), "unknown": (3, None)})
    explained = replace(
        odd, testimonies=(replace(odd.testimonies[2], prometheus=0, explanation="3 sends had no outcome yet"),)
    )
    text = printed(verdicts.run(odd), 140)
    assert ("acked 1,997" in text) and ("unknown none" in text)
    assert "acks=1, unknown: 3 sends had no outcome yet" in printed(verdicts.run(explained), 140)


def test_prometheus_that_was_not_asked_is_no_agreement() -> None:
    silent = replace(verdicts.IDEMPOTENT, testimonies=())
    assert "not asked" in printed(verdicts.run(silent), 140)
    assert "✓" not in printed(verdicts.run(replace(silent, verdict=Verdict.BROKEN), verdict=Verdict.BROKEN), 140)


def test_receipts_explanation_folder_and_what_to_do_next() -> None:
    missed = Receipt("kill", False, "nothing was in flight")
    run = replace(verdicts.HELD, receipts=(*verdicts.RECEIPTS, missed))
    text = printed(run, 140, question="Does it arrive?", folder=Path("/runs/x"))
    assert re.search(r"acks\s+Does it arrive\?\s+run " + verdicts.RUN_ID, text)
    assert "✓ kafka-2 and kafka-3 stood still" in text
    assert "✗ nothing was in flight" in text
    assert "acks=1 lost 300 messages." in text
    assert "/runs/x" in text
    assert f"brokerlab scenario check {verdicts.RUN_ID}" in text


def test_a_run_without_any_variant_says_why() -> None:
    run = verdicts.run(verdict=Verdict.INCONCLUSIVE, reasons=("waited 30 s for the topics",))
    text = printed(run, 80)
    assert ("waited 30 s for the topics" in text) and ("? inconclusive (exit code 3)" in text)


def test_a_load_that_grows_has_its_curves_and_its_second_group_as_tables() -> None:
    lines = squeezed(verdicts.GROWN, 140)
    at = lines.index("Messages a second that came through, and p50/p99 ms from sent to delivered")
    assert lines[at + 1] == "variant 1 worker 8 workers + second group"
    assert "queue 250/s 1,900/s 0/s" in lines
    assert "12/36 27/3,704" in lines
    at = lines.index("What a second group was given, which joined late")
    assert lines[at + 1] == "variant sent since it joined sent before missed lag p50/p99 ms"
    assert "log 498 of 500 0 of 1,500 2 20/55" in lines
