"""JUnit XML: one test case a variant, each verdict in the element that CI systems know."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from brokerlab.core.verdict import RunVerdict, Verdict
from brokerlab.reports import junit
from tests.fakes import verdicts


def suite(run: RunVerdict) -> ET.Element:
    found = ET.fromstring(junit.render(run)).find("testsuite")
    assert found is not None
    return found


def test_held_variants_are_passed_test_cases() -> None:
    found = suite(verdicts.HELD)
    assert [case.get("name") for case in found.iter("testcase")] == [v.variant for v in verdicts.HELD.variants]
    assert (found.get("tests"), found.get("failures"), found.get("errors"), found.get("skipped")) == (
        "4",
        "0",
        "0",
        "0",
    )
    assert not [child for case in found.iter("testcase") for child in case if child.tag != "system-out"]


def test_each_verdict_has_its_element() -> None:
    tags = {Verdict.BROKEN: "failure", Verdict.INCONCLUSIVE: "error", Verdict.SKIPPED: "skipped"}
    for verdict, tag in tags.items():
        case = verdicts.variant("v", verdict, reasons=("because", "and also"))
        found = suite(verdicts.run(case, verdict=verdict)).find(f"testcase/{tag}")
        assert found is not None
        assert (found.get("message"), found.text) == ("because", "because\nand also")


def test_a_run_without_variants_is_not_a_green_suite() -> None:
    found = suite(verdicts.run(verdict=Verdict.INCONCLUSIVE, reasons=("no brokers",)))
    assert (found.get("tests"), found.get("errors")) == ("1", "1")


def test_a_doubt_about_the_whole_run_is_not_lost_behind_held_variants() -> None:
    found = suite(replace(verdicts.HELD, verdict=Verdict.INCONCLUSIVE, reasons=("Prometheus was silent",)))
    assert found.get("errors") == "1"


@given(st.text())
def test_any_text_makes_valid_xml(reason: str) -> None:
    suite(verdicts.run(verdicts.variant("v", Verdict.BROKEN, reasons=(reason,)), verdict=Verdict.BROKEN))
