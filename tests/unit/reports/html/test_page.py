"""The page as text: all that it must say, for whole runs and for those that were not finished."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

from brokerlab import catalog
from brokerlab.core.scenario import Story
from brokerlab.core.verdict import Verdict
from brokerlab.reports import method
from brokerlab.reports.html import page
from tests.fakes import verdicts
from tests.fakes.dossiers import dossier

VOID = {"meta", "input", "wbr", "br", "img"}


class Reader(HTMLParser):
    """Collects the texts, and checks that every element is closed where it was opened."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.texts.append(data.strip())


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    assert reader.open == []
    return reader


def shown(**changes: object) -> str:
    return " ".join(filter(None, read(page.render(dossier(**changes))).texts))


def test_what_a_teacher_points_at() -> None:
    text = shown()
    for part in (
        "How do we guarantee it arrives?",
        "✓ held acks=all survives",
        "acks=1 lost 300 messages.",
        "kafka-1 leader at first ⚡ kill, 0.0 to 0.0 s",
        "kafka-2 follower at first ⚡ pause",
        "Messages a second",
        "no leader, 1/3",
        "#7 lost acks=1: one of 300",
        "at partition 0, offset 7 stands #9 now",
        "acks=1: producer delivery.timeout.ms=60000, request.timeout.ms=20000, acks=1",
        "broker/1, broker/2: 1 settings",
        "brokerlab scenario check",
        "acks=1: because",
        *method.HOW,
        *method.LIMITS,
    ):
        assert part in text, part


def test_the_set_up_has_as_many_workers_as_there_were_in_the_end_and_the_second_group() -> None:
    text = shown(scenario=catalog.scenario("database"))
    assert "consumers acks=0 8 processes" in text
    assert "subscribers acks=0 1 process" in text


def test_the_table_has_the_terminals_numbers() -> None:
    text = shown()
    for part in ("2,000 (handed)", "412 20.6 %", "300 15.1 %", "≤ 0.15 %", "2.1/4,310"):
        assert part in text, part


def test_nothing_is_loaded_and_nothing_is_run() -> None:
    text = page.render(dossier())
    reader = read(text)
    assert {tag for tag, _ in reader.tags} & {"script", "link", "img", "iframe", "object", "embed"} == set()
    assert re.findall(r"(?:https?:)?//[a-z]|url\(|@import", text) == []
    policy = next(of["content"] for tag, of in reader.tags if tag == "meta" and "http-equiv" in of)
    assert policy and policy.startswith("default-src 'none'; style-src 'unsafe-inline'")
    for _, attributes in reader.tags:
        assert not [name for name in attributes if name.startswith("on") or name == "src"]


def test_every_link_leads_to_a_section() -> None:
    tags = read(page.render(dossier())).tags
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = [attributes["href"] or "" for tag, attributes in tags if tag == "a"]
    assert len(links) > 5
    assert {link.removeprefix("#") for link in links} <= set(ids)


def test_a_text_from_a_run_can_do_nothing() -> None:
    evil = "<script>alert(1)</script>\"'&"
    run = verdicts.run(verdicts.variant(evil), reasons=(evil,), explanation=(evil,))
    text = page.render(dossier(verdict=run, lab=evil, settings={evil: {evil: evil}}))
    assert "<script" not in text
    assert evil in " ".join(read(text).texts)


def test_a_run_that_was_not_finished_says_why_and_shows_no_chart() -> None:
    run = verdicts.run(verdict=Verdict.INCONCLUSIVE, reasons=("waited 30 s for the topics",))
    text = shown(verdict=run, story=Story({}, (), {}, {}), series={}, settings={}, scenario=None)
    assert "waited 30 s for the topics" in text
    assert "? inconclusive" in text
    for heading in ("Results", "Set-up", "Course", "Autopsies", "Evidence", "Settings"):
        assert heading not in text


def test_a_run_of_before_there_were_spans_has_charts_without_faults() -> None:
    text = shown(story=replace(dossier().story, spans=()))
    assert "Messages a second" in text
    assert "⚡ kill" in text, "it is known whom it struck, though not when"
    assert "0.0 to 0.0 s" not in text
