"""Every kind of period gives a whole page in words, with its own season to be compared with."""

import re
from datetime import date, timedelta

import pytest

from est_analysis.gather.accept import gather
from est_analysis.municipality import load
from est_analysis.reports.asked import period_of
from est_analysis.reports.language import Language
from est_analysis.reports.page import page
from est_analysis.reports.results import Results

ASKED = {
    "2026-W36": "31 augusti – 6 september 2026",
    "2020-W53": "28 december 2020 – 3 januari 2021",
    "2026-09-14--2026-09-27": "14–27 september 2026",
    "2026-09": "september 2026",
    "2026T2": "maj–augusti 2026",
    "2026Q3": "juli–september 2026",
    "2025": "2025",
    "2024-02-29--2024-02-29": "29 februari 2024",
    "2026-09-03--2026-09-23": "3–23 september 2026",
    "meeting": "2–15 september 2026",
    "since-meeting": "16–30 september 2026",
}
FIRST, LAST = date(2020, 1, 1), date(2026, 9, 30)
MEETINGS = """id;motesdatum;beslut;ansvarig_funktion;klart_senast;status;atgard
B1;2026-09-02;Belysningen byts;Gatuchef;2026-10-31;Klart;
B2;2026-09-16;Buskarna klipps;Gatuchef;2026-10-31;Klart;
"""


DAYS = [FIRST + timedelta(days=n) for n in range(0, (LAST - FIRST).days + 1, 2)]


@pytest.fixture
def town(make_folder):
    """Return a town with two crimes every second day for seven years, gathered."""
    lines = ["id;kod;datum;x;y;plats"]
    for n, day in enumerate(DAYS):
        lines.append(f"{n}a;K1;{day} 21:30;500100;6500100;Torget")
        lines.append(f"{n}b;K2;{day} 09:10;500900;6500900;Parken")
    files = {"deliveries/polis/a.csv": "\n".join(lines), "register/beslut.csv": MEETINGS}
    own = load(make_folder(files, registers={"decisions": "register/beslut.csv"}))
    return own, gather(own)


def faults(town, text: str) -> list[str]:
    """Return what is wrong with the page of a period; nothing where it is as it should be."""
    own, gathered = town
    period = period_of(text, gathered.events, own)
    results = Results(own, period, "internal", Language("sv"), gathered=gathered)
    seen = page(results, "rapport", [], results.findings)
    found = []
    title = re.search(r"<title>([^<]*)</title>", seen)[1]
    if ASKED[text] not in title:
        found.append(f"the title is {title!r}")
    totals = next(f for f in results.findings if f.id == "totals")
    days = sum(period.start <= day < period.end for day in DAYS)
    if totals.n != 2 * days:
        found.append(f"{totals.n} events, not {2 * days}")
    earlier = [one for one in period.same_season() if one.start >= FIRST]
    if any(abs((one.end - one.start) - (period.end - period.start)).days > 1 for one in earlier):
        found.append("an earlier season is of another length")
    brief = period.last_fortnight()
    if brief.end != period.end or brief.days > 14:
        found.append(f"the brief is about {brief}")
    return found


@pytest.mark.parametrize("text", ASKED)
def test_each_kind_of_period_gives_its_page(town, text):
    assert faults(town, text) == []


def test_a_week_that_is_not_in_the_calendar_is_refused(town):
    own, gathered = town
    with pytest.raises(Exception, match="finns inte i kalendern"):
        period_of("2024-W53", gathered.events, own)


def test_a_page_with_the_period_of_another_is_seen(town, monkeypatch):
    monkeypatch.setattr(Language, "period", lambda self, period: str(period))
    assert faults(town, "2026-W36")
