"""Runs' verdicts as JUnit XML, for CI systems: one test suite a run, one test case a variant.

broken is a failure, inconclusive an error, skipped a skipped test. A run that came to no variant at all is one test
case of its own, so that it can't pass for an empty, green suite.
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

from brokerlab.core.verdict import RunVerdict, VariantVerdict, Verdict, worst
from brokerlab.core.words import Word

_TAG = {Verdict.BROKEN: "failure", Verdict.INCONCLUSIVE: "error", Verdict.SKIPPED: "skipped"}


def render(*runs: RunVerdict) -> str:
    root = ET.Element("testsuites")
    root.extend(map(_suite, runs))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _suite(run: RunVerdict) -> ET.Element:
    cases = [(v.variant, v.verdict, v.reasons, _summary(v)) for v in run.variants]
    if (
        not run.variants or worst(v.verdict for v in run.variants) != run.verdict
    ):  # the whole run says more than its parts
        cases.append(("the run as a whole", run.verdict, run.reasons, ""))
    suite = ET.Element("testsuite", name=f"brokerlab.{run.scenario}", tests=str(len(cases)))
    for verdict, tag in ((Verdict.BROKEN, "failures"), (Verdict.INCONCLUSIVE, "errors"), (Verdict.SKIPPED, "skipped")):
        suite.set(tag, str(sum(found == verdict for _, found, _, _ in cases)))
    ET.SubElement(ET.SubElement(suite, "properties"), "property", name="run", value=run.run)
    for name, verdict, reasons, output in cases:
        case = ET.SubElement(suite, "testcase", classname=f"brokerlab.{run.scenario}", name=name)
        if verdict in _TAG:
            said = [_clean(reason) for reason in reasons] or [verdict.value]
            ET.SubElement(case, _TAG[verdict], message=said[0], type=verdict.value).text = "\n".join(said)
        ET.SubElement(case, "system-out").text = _clean(output)
    return suite


def _summary(variant: VariantVerdict) -> str:
    counts = " ".join(f"{name}={number}" for name, number in variant.counts.items())
    lost = f"lost={variant.found(Word.LOST)} vanished={variant.found(Word.VANISHED)}"
    return f"{counts} {lost} duplicated={variant.duplicated}"


def _clean(text: str) -> str:
    """Without the characters that XML 1.0 can't hold, such as the escape character of a coloured log line."""
    return "".join(char for char in text if char in "\t\n" or "\x20" <= char < "\ud800" or char > "\udfff")
