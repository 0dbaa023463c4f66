"""One report before all its readers; every report is `make readers`."""

from __future__ import annotations

import checks
import pytest
from browsing import Visit, needs_browser

pytestmark = needs_browser


@pytest.mark.parametrize("width", [1280, checks.NARROW])
@pytest.mark.parametrize("name", ["rapport", "mote"])
def test_the_report_and_the_brief_are_for_everybody(browser, built, name, width):
    with Visit(browser, built.folder / f"{name}.html", width) as visit:
        assert checks.everything(visit) == {}


def test_the_report_is_light(built):
    """Three megabytes are what a phone is asked to carry."""
    assert built.report.stat().st_size < 3_000_000
