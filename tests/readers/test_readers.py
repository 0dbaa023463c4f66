"""
Every page that anybody reads, before every reader: ``make readers``.

The reports are made once: the quarter with its brief by ``est report --due``, so that the page
that says how a run went is there too, the year, and the published edition. Any other page that
lies among them is read as well.
"""

from __future__ import annotations

from datetime import date

import checks
import pytest
from browsing import Visit, needs_browser

from est_analysis import catch_up
from est_analysis.reports import build as builder

pytestmark = [pytest.mark.readers, *needs_browser]

PERIOD, YEAR, TODAY = "2026Q3", "2025", date(2026, 10, 5)
SHEETS = {"mote.html": 1, "rapport.html": 22, "publik.html": 8}
"""At most so many sheets of paper; any other page two."""


@pytest.fixture(scope="module")
def pages(home, tmp_path_factory):
    """Return every page of the sample's reports, by its path."""
    out = tmp_path_factory.mktemp("lasare")
    catch_up.catch_up(home, out=out, today=TODAY)
    builder.build(home, YEAR, out=out)
    builder.build(home, PERIOD, edition="published", out=out)
    found = {file.relative_to(out).as_posix(): file for file in sorted(out.rglob("*.html"))}
    key = home.name
    assert {
        *(f"{key}/index.html", f"{key}/status.html"),
        *(
            f"{key}/{period}/{name}.html"
            for period in (PERIOD, YEAR)
            for name in ("rapport", "mote")
        ),
        f"{key}/published/{PERIOD}/publik.html",
    } <= set(found)
    return found


def faults(pages, look):
    """Return what is found of faults, page by page."""
    return {name: found for name, file in pages.items() if (found := look(file))}


@pytest.mark.parametrize("width", [1280, 390, checks.NARROW])
def test_every_page_is_for_everybody(browser, pages, width):
    def look(file):
        with Visit(browser, file, width) as visit:
            return checks.everything(visit)

    assert faults(pages, look) == {}


def test_no_page_moves_for_those_who_ask_for_stillness(browser, pages):
    def look(file):
        with Visit(browser, file, reduced_motion="reduce") as visit:
            for button in visit.page.query_selector_all(".leaflet-control-zoom-in"):
                button.click()
            return checks.motion(visit.page)

    assert faults(pages, look) == {}


def test_every_page_prints_tagged_and_on_few_sheets(browser, pages):
    def look(file):
        with Visit(browser, file) as visit:
            printed = visit.page.pdf(prefer_css_page_size=True, tagged=True)
        most = SHEETS.get(file.name, 2)
        many = checks.sheets(printed)
        return checks.paper(printed) + ([f"{many} sheets, over {most}"] if many > most else [])

    assert faults(pages, look) == {}


def test_every_page_is_light(pages):
    assert faults(pages, lambda file: file.stat().st_size >= 3_000_000) == {}
