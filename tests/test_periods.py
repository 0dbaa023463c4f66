"""Periods: read as people write them, and compared with their own season."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from est_analysis import periods
from est_analysis.errors import PeriodError
from est_analysis.periods import Period, latest_quarter, parse


@pytest.mark.parametrize(
    ("text", "start", "last", "kind"),
    [
        ("2026Q3", "2026-07-01", "2026-09-30", "quarter"),
        ("2026 k4", "2026-10-01", "2026-12-31", "quarter"),
        ("2026T2", "2026-05-01", "2026-08-31", "tertial"),
        ("2026-02", "2026-02-01", "2026-02-28", "month"),
        ("2026-W01", "2025-12-29", "2026-01-04", "week"),
        ("2026v53", "2026-12-28", "2027-01-03", "week"),
        (" 2026 ", "2026-01-01", "2026-12-31", "year"),
        ("2026-09-17--2026-09-30", "2026-09-17", "2026-09-30", "fortnight"),
        ("2026-09-17/2026-09-29", "2026-09-17", "2026-09-29", "interval"),
        ("2026-09-17--2026-09-17", "2026-09-17", "2026-09-17", "interval"),
    ],
)
def test_parse(text, start, last, kind):
    period = parse(text)
    assert (str(period.start), str(period.last), period.kind) == (start, last, kind)
    assert period.days == (period.last - period.start).days + 1


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "2026Q5",
            "2026T4",
            "2026-13",
            "2026-00",
            "2026-W54",
            "26Q3",
            "2026-09-31--2026-10-02",
        ),
        *("2026-09-30--2026-09-17", "i somras", "0000", "9999-W52", "9999-12-31--9999-12-31"),
    ],
)
def test_what_is_no_period_is_refused_with_the_forms(text):
    with pytest.raises(PeriodError, match="2026Q3"):
        parse(text)


days = st.dates(date(1990, 1, 1), date(2100, 12, 31))


@given(day=days, length=st.integers(1, 400))
def test_a_period_is_written_as_it_is_read(day, length):
    iso = day.isocalendar()
    texts = [f"{day.year}Q{(day.month + 2) // 3}", f"{day.year}T{(day.month + 3) // 4}"]
    texts += [f"{day:%Y-%m}", str(day.year), f"{iso.year}-W{iso.week:02d}"]
    texts += [f"{day}--{day + timedelta(days=length - 1)}"]
    for text in texts:
        assert str(parse(text)) == text
        assert parse(text).start <= day < parse(text).end


@given(day=days, form=st.sampled_from(["{y}Q{q}", "{y}T{t}", "{y}-{m:02d}", "{y}"]))
def test_calendar_periods_lie_end_to_end(day, form):
    month = day.month
    period = parse(form.format(y=day.year, q=(month + 2) // 3, t=(month + 3) // 4, m=month))
    before = period.preceding()
    assert (before.end, before.kind) == (period.start, period.kind)
    assert parse(str(before)) == before
    for years, season in enumerate(period.same_season(3), 1):
        assert season.start == period.start.replace(year=period.start.year - years)
        assert season.kind == period.kind
        assert parse(str(season)) == season


def test_weeks_and_fortnights_move_by_whole_weeks():
    week, fortnight = parse("2026-W36"), parse("2026-09-17--2026-09-30")
    for period in (week, fortnight):
        for earlier in (*period.same_season(3), period.preceding()):
            assert earlier.start.weekday() == period.start.weekday()
            assert (earlier.days, earlier.kind) == (period.days, period.kind)
    assert week.years_earlier(1) == parse("2025-W36")
    assert fortnight.preceding().end == fortnight.start


def test_the_year_to_the_end_holds_twelve_months():
    assert parse("2026Q3").year_to_end() == Period(date(2025, 10, 1), date(2026, 10, 1), "interval")
    leap = Period(date(2024, 2, 15), date(2024, 2, 29), "fortnight").year_to_end()
    assert (leap.start, leap.last) == (date(2023, 3, 1), date(2024, 2, 28))


def test_the_last_fortnight():
    assert str(parse("2026Q3").last_fortnight()) == "2026-09-17--2026-09-30"
    short = parse("2026-W36").last_fortnight()
    assert (short.days, short.kind) == (7, "week")


@pytest.mark.parametrize(
    ("last_day", "quarter"),
    [("2026-09-30", "2026Q3"), ("2026-09-29", "2026Q2"), ("2026-12-31", "2026Q4")],
)
def test_the_latest_whole_quarter(last_day, quarter):
    assert str(latest_quarter(date.fromisoformat(last_day))) == quarter


@pytest.mark.parametrize(
    ("kind", "last_day", "expected"),
    [
        ("week", date(2027, 1, 3), "2026-W53"),
        ("week", date(2027, 1, 2), "2026-W52"),
        ("fortnight", date(2027, 1, 10), "2026-12-28--2027-01-10"),
        ("fortnight", date(2027, 1, 9), "2026-12-14--2026-12-27"),
        ("month", date(2024, 2, 29), "2024-02"),
        ("month", date(2024, 2, 28), "2024-01"),
        ("tertial", date(2026, 4, 30), "2026T1"),
        ("tertial", date(2026, 4, 29), "2025T3"),
        ("quarter", date(2026, 9, 30), "2026Q3"),
        ("year", date(2026, 12, 30), "2025"),
    ],
)
def test_the_latest_whole_period_of_a_kind(kind, last_day, expected):
    found = periods.latest_whole(last_day, kind)
    assert str(found) == expected
    assert periods.parse(str(found)) == found


@pytest.mark.parametrize("kind", ["week", "fortnight", "month", "tertial", "quarter", "year"])
@given(day=days)
def test_latest_periods_lie_end_to_end(kind, day):
    """The last day of one is the first on which it is whole; a day less gives the one before."""
    found = periods.latest_whole(day, kind)
    assert found.kind == kind
    assert found.last <= day < found.end + (found.end - found.preceding().start)
    assert periods.latest_whole(found.last, kind) == found
    assert periods.latest_whole(found.last - timedelta(days=1), kind) == found.preceding()


def test_a_free_period_has_no_latest():
    with pytest.raises(PeriodError, match="fri period"):
        periods.latest_whole(date(2026, 9, 30), "interval")


def test_from_meeting_to_meeting():
    held = [date(2026, 9, 10), date(2026, 8, 27), date(2026, 9, 24), date(2026, 8, 27)]
    found = periods.between_meetings(held, date(2026, 9, 23))
    assert [str(p) for p in found] == ["2026-09-10--2026-09-23", "2026-08-27--2026-09-09"]
    assert {p.kind for p in found} == {"fortnight"}
    assert periods.between_meetings(held, date(2026, 9, 22)) == found[1:]
    assert periods.between_meetings(held[:1], date(2026, 9, 30)) == []
    since = periods.since_meeting(held, date(2026, 9, 24))
    assert (since.days, since.kind) == (1, "interval")
    assert periods.parse(str(since)) == since
    assert periods.since_meeting([], date(2026, 9, 24)) is None


def test_a_short_period_is_its_own_brief():
    week = periods.parse("2026-W53")
    assert week.last_fortnight() == week
    assert periods.parse("2024-02-29--2024-02-29").last_fortnight().days == 1
    assert periods.parse("2024-02").last_fortnight().kind == "fortnight"
