"""Differences between literal dossiers."""

from __future__ import annotations

from dataclasses import replace

from brokerlab.core.scenario import Span
from brokerlab.reports.difference import Difference, differences
from tests.fakes.dossiers import STORY, dossier


def test_settings_are_compared_by_variant_not_by_the_topics_name() -> None:
    again = dossier(
        story=replace(STORY, topics={"acks=0": "u.0"}),
        settings={"u.0": {"retention.ms": "2"}, "broker/1": {"a": "1"}},
    )
    assert list(differences(dossier(), again)) == [
        Difference("settings", "topic of acks=0: retention.ms", "1", "2"),
        Difference("settings", "broker/2: a", "1", "-"),
    ]


def test_faults_are_compared_by_when_they_struck_and_how_long_they_lasted() -> None:
    ms = 100_000
    one, other = (
        (Span("send", "", 0, 10 * ms), Span("hurt", "kill", 10 * ms, 11 * ms), Span("heal", "kill", end, end + ms))
        for end in (20 * ms, 40 * ms)
    )
    later = replace(STORY, spans=other, receipts={**STORY.receipts, "kill": replace(STORY.receipts["kill"], bit=False)})
    assert list(differences(dossier(story=replace(STORY, spans=one)), dossier(story=later))) == [
        Difference("faults", "kill: bit", "yes", "no"),
        Difference("faults", "kill: lasted", "1.1 s", "3.1 s"),
    ]
