"""The page in a real browser: nothing asked of the network, no complaint, no overflow, colours that can be chosen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from brokerlab.reports.html import page
from tests.fakes import browser, verdicts
from tests.fakes.dossiers import dossier

pytestmark = pytest.mark.skipif(browser.program() is None, reason="no Chromium on this machine")

WIDTHS = {"phone": 390, "laptop": 1280, "projector": 1920}
GROUND = "getComputedStyle(document.body).backgroundColor"
# The contrast of every text with what is behind it, as WCAG 2 defines it: those below 4.5.
PALE = """
(() => {
  const light = c => { const v = c.map(x => x/255).map(x => x <= 0.03928 ? x/12.92 : ((x+0.055)/1.055) ** 2.4);
    return 0.2126*v[0] + 0.7152*v[1] + 0.0722*v[2]; };
  const rgb = c => c.match(/[\\d.]+/g).map(Number);
  const behind = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] === 1) return c; } return [255, 255, 255]; };
  const found = [];
  for (const e of document.querySelectorAll('main *, header *, footer *')) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
    const [a, b] = [light(rgb(getComputedStyle(e).color)), light(behind(e))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) found.push(`${e.tagName} ${e.className} ${e.textContent.slice(0, 30)} ${contrast.toFixed(2)}`);
  }
  return found;
})()
"""


@pytest.fixture(scope="module")
def shown() -> Iterator[browser.Page]:
    with browser.page() as opened:
        yield opened


@pytest.fixture(scope="module", params=[verdicts.HELD, verdicts.GROWN], ids=["plain", "grown"])
def report(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    shown = dossier() if request.param is verdicts.HELD else dossier(verdict=request.param)
    path.write_text(page.render(shown), "utf-8")
    return path


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_it_fits_asks_for_nothing_and_complains_of_nothing(shown: browser.Page, report: Path, width: int) -> None:
    shown.requested.clear()
    shown.open(report, width, 900)
    shown.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    assert shown.evaluate("document.documentElement.scrollWidth") <= width
    assert shown.requested == [report.as_uri()]
    assert shown.complaints == []


def test_on_a_phone_each_variant_is_a_block_that_names_its_numbers(shown: browser.Page, report: Path) -> None:
    cell = "document.querySelector('#results td')"
    for width, display, named in ((390, "block", '"sent"'), (1280, "table-row", "none")):
        shown.open(report, width, 900)
        assert shown.evaluate(f"getComputedStyle({cell}.parentElement).display") == display
        assert shown.evaluate(f"getComputedStyle({cell}, '::before').content") == named


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_text_can_be_read(shown: browser.Page, report: Path, dark: bool) -> None:
    shown.open(report, 1280, 900, dark=dark)
    assert shown.evaluate(PALE) == []


def test_the_systems_colours_and_with_the_keyboard_any_others(shown: browser.Page, report: Path) -> None:
    shown.open(report, 1280, 900, dark=True)
    dark = shown.evaluate(GROUND)
    shown.open(report, 1280, 900)
    light = shown.evaluate(GROUND)
    assert light != dark
    for _ in range(30):
        shown.press("Tab")
        if shown.evaluate("document.activeElement.name") == "theme":
            break
    for expected in (light, dark, light):  # light, dark, and round again to the system's
        shown.press("ArrowRight")
        assert shown.evaluate(GROUND) == expected


def test_the_first_tab_leads_past_the_navigation(shown: browser.Page, report: Path) -> None:
    shown.open(report, 1280, 900)
    shown.press("Tab")
    assert shown.evaluate("document.activeElement.className") == "skip"
    assert shown.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
