"""Watching a run, on standard error: a live view on a terminal, plain lines elsewhere, nothing when quiet is asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from brokerlab.core.watch import Silent, Watcher
from brokerlab.reports.rates import Rates, bars

WIDE = 110  # columns from which on there is room for a progress bar, too
NARROW = 10  # bars, where there is less
LINE_EVERY_S = 5.0

PHASES = {
    "lab": "starting the lab",
    "topics": "creating topics",
    "agents": "starting producers and consumers",
    "load": "sending and hurting",
    "heal": "healing, and waiting for every replica",
    "drain": "letting producers and consumers finish",
    "audit": "reading every partition to its end",
    "witness": "asking Prometheus",
    "judge": "judging",
}


@contextmanager
def watching(console: Console, *, quiet: bool = False) -> Iterator[Watcher]:
    """The right watcher for this console; what it shows live is gone from the terminal when the context is left."""
    if quiet:
        yield Silent()
    elif not console.is_terminal:
        yield Lines(lambda line: console.print(line, highlight=False, markup=False, soft_wrap=True))
    else:
        view = View(console)
        with Live(get_renderable=view.render, console=console, refresh_per_second=8, transient=True):
            yield view


class Lines:
    """One plain line for each thing that happens, and the counters now and then."""

    def __init__(self, write: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._write, self._clock = write, clock
        self._started = self._told_at = clock()
        self._told = ""

    def phase(self, name: str) -> None:
        self._line(f"{PHASES.get(name, name)} ...")

    def progress(self, counters: Mapping[str, Mapping[str, int]], messages: int) -> None:
        sent = ", ".join(f"{name} {of.get('sent', 0):,}" for name, of in counters.items())
        if sent != self._told and self._clock() - self._told_at >= LINE_EVERY_S:
            self._told, self._told_at = sent, self._clock()
            self._line(f"sent of {messages:,}: {sent}")

    def fault(self, name: str, sentence: str, *, active: bool) -> None:
        self._line(f"FAULT {sentence}" if active else sentence)

    def say(self, sentence: str) -> None:
        self._line(sentence)

    def _line(self, text: str) -> None:
        self._write(f"{self._clock() - self._started:6.1f} s  {text}")


class View:
    """What the live view shows; `render` draws it. Calls come from the run's threads, drawing from rich's."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._lines = Lines(lambda line: console.print(Text(line, "dim")), clock)
        self._clock, self._started = clock, clock()
        self._spinner = Spinner("dots", style="cyan")
        self._phase, self._counters, self._messages = "", {}, 0  # type: tuple[str, Mapping[str, Mapping[str, int]], int]
        self._faults: dict[str, str] = {}
        self._rates, self._width = Rates(), console.width

    def phase(self, name: str) -> None:
        self._phase = PHASES.get(name, name)

    def progress(self, counters: Mapping[str, Mapping[str, int]], messages: int) -> None:
        self._counters, self._messages = counters, messages
        self._rates.take(self._clock(), counters)

    def fault(self, name: str, sentence: str, *, active: bool) -> None:
        """Replaced, not changed: the drawing thread may be reading it."""
        others = {other: text for other, text in self._faults.items() if other != name}
        self._faults = {**others, name: sentence} if active else others
        self._lines.fault(name, sentence, active=active)

    def say(self, sentence: str) -> None:
        self._lines.say(sentence)

    def render(self) -> RenderableType:
        self._spinner.update(text=Text(f"{self._clock() - self._started:4.0f} s  {self._phase}", "bold"))
        banner = [Text(f" FAULT  {sentence} ", "bold white on red") for sentence in self._faults.values()]
        return Group(self._spinner, self._table(), *banner)

    def _table(self) -> RenderableType:
        """A row a variant: how many of each, and how fast messages are sent and processed now and a moment ago."""
        if not self._counters:
            return Text()
        wide = self._width >= WIDE
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
        headings = ("", *[""] * wide, "sent", "a second", "acked/handed", "processed", "a second")
        for heading in headings:
            table.add_column(heading, justify="left" if heading in ("", "a second") else "right", no_wrap=True)
        for name, counters in self._counters.items():
            bar = [ProgressBar(self._messages, counters.get("sent", 0), width=16)] if wide else []
            answered = counters.get("acked", 0) + counters.get("handed", 0)
            sent, processed = counters.get("sent", 0), counters.get("processed", 0)
            table.add_row(
                Text(name, "bold"),
                *bar,
                f"{sent:,}",
                self._drawn(name, "sent", "blue"),
                f"{answered:,}",
                f"{processed:,}",
                self._drawn(name, "processed", "green"),
            )
        return table

    def _drawn(self, name: str, word: str, colour: str) -> Text:
        """All variants' bars of a word have the same scale."""
        most = max((rate for each in self._counters for rate in self._rates.of(each, word)), default=0)
        drawn = bars(self._rates.of(name, word), most)
        return Text(drawn if self._width >= WIDE else drawn[-NARROW:], colour)
