"""The curves of a load that grows: every variant in each picture, and all of it in words and numbers, too."""

from __future__ import annotations

import re

from brokerlab.reports.html import page
from tests.fakes import verdicts
from tests.fakes.dossiers import dossier
from tests.unit.reports.html.test_page import read

TEXT = page.render(dossier(verdict=verdicts.GROWN, series={}))


def test_each_picture_says_what_it_shows() -> None:
    says = [of["aria-label"] or "" for tag, of in read(TEXT).tags if tag == "div" and of.get("role") == "img"]
    at = "at 1 worker, 8 workers, + second group."
    assert says == [
        f"Messages a second that came through, {at} queue: 250, 1,900, 0; log: 83, 634, 0",
        f"Milliseconds from sent to delivered, p50, {at} queue: 4, 9, none; log: 12, 27, none",
        f"Milliseconds from sent to delivered, p99, {at} queue: 12, 1,234, none; log: 36, 3,704, none",
    ]


def test_every_variant_has_a_line_of_its_own_look_and_a_dot_a_stage() -> None:
    lines = re.findall(r'class="line (v\d)" d="([^"]+)"', TEXT)
    dots = re.findall(r'class="dots (v\d)" d="([^"]+)"', TEXT)
    assert [look for look, _ in dots] == ["v0", "v1"] * 3
    assert [len(re.findall("h0", path)) for _, path in dots] == [3, 3, 2, 2, 2, 2]  # no lag where nothing came
    drawn = [path for look, path in lines if "M0 5H28" not in path]
    assert len(drawn) == 6
    assert all(path.startswith("M0.5 ") for path in drawn)


def test_faster_is_higher_and_both_lags_have_one_scale() -> None:
    heights = [
        [float(y) for y in re.findall(r"[ML][\d.]+ ([\d.]+)", path)]
        for path in re.findall(r'line v\d" d="([^"]+)"', TEXT)
    ]
    rates_queue, rates_log, p50_queue, p50_log, p99_queue, p99_log = (h for h in heights if h and h != [5.0])
    assert rates_queue[1] < rates_log[1] < rates_log[0]
    assert p50_queue[0] > p50_log[0] > p99_log[0]
    assert p50_log[0] == p99_queue[0], "both are 12 ms"


def test_the_numbers_stand_below_and_so_does_the_second_group() -> None:
    text = " ".join(filter(None, read(TEXT).texts))
    for part in ("1,900/s 9.0/1,234", "0/s", "500 of 500", "0 of 1,500", "498 of 500", "20/55"):
        assert part in text, part


def test_a_load_that_does_not_grow_has_no_such_section() -> None:
    assert "Load and lag" not in page.render(dossier())
