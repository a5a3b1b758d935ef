"""Watching a run: lines without a terminal, a view on one, nothing when quiet."""

from __future__ import annotations

import io
from itertools import count

from rich.console import Console

from brokerlab.core.watch import Watcher
from brokerlab.reports.live import Lines, View, watching

COUNTERS = {"acks=0": {"sent": 1500, "handed": 1400, "processed": 1300}, "acks=all": {"sent": 900, "acked": 800}}


def act(watcher: Watcher) -> None:
    watcher.phase("load")
    watcher.progress(COUNTERS, 2000)
    watcher.fault("pause", "pause: kafka-2", active=True)
    watcher.say("the leader alone receives")


def test_without_a_terminal_there_are_plain_lines() -> None:
    out = io.StringIO()
    with watching(Console(file=out, width=40)) as watcher:
        act(watcher)
    said = [line.split(" s  ")[1] for line in out.getvalue().splitlines()]
    assert said == ["sending and hurting ...", "FAULT pause: kafka-2", "the leader alone receives"]


def test_quiet_says_nothing() -> None:
    out = io.StringIO()
    with watching(Console(file=out), quiet=True) as watcher:
        act(watcher)
    assert out.getvalue() == ""


def test_counters_come_now_and_then_and_only_when_they_changed() -> None:
    said: list[str] = []
    clock = count(0, 10).__next__
    lines = Lines(said.append, lambda: float(clock()))
    for _ in range(3):
        lines.progress(COUNTERS, 2000)
    assert len(said) == 1
    assert "sent of 2,000: acks=0 1,500, acks=all 900" in said[0]


def test_on_a_terminal_the_view_shows_counters_and_the_fault_until_it_heals() -> None:
    out = io.StringIO()
    console = Console(file=out, width=100, force_terminal=True, color_system=None)
    view = View(console)
    act(view)
    console.print(view.render())
    text = out.getvalue()
    for part in ("sending and hurting", "1,500", "1,400", "acked/handed", "1,300", " FAULT  pause: kafka-2 "):
        assert part in text
    view.fault("pause", "pause: healed", active=False)
    out.truncate(0)
    console.print(view.render())
    assert "FAULT" not in out.getvalue()
