"""The year wheel: whole years only, the coming months in order, the calendar under them."""

import pandas as pd
import pytest
from frames import events, settings

from est_analysis import periods
from est_analysis.patterns.year_wheel import year_wheel

QUARTER = periods.parse("2026Q3")
NO_CALENDAR = pd.DataFrame(
    {"namn": [], "slag": [], "datum_fran": [], "datum_till": []}, dtype="datetime64[s]"
).astype({"namn": str, "slag": str})


def calendar(*rows):
    names = ["namn", "slag", "datum_fran", "datum_till"]
    table = pd.DataFrame(rows, columns=names)
    return table.astype({"datum_fran": "datetime64[s]", "datum_till": "datetime64[s]"})


def two_years():
    mays = [{"start": f"{year}-05-{day:02d}", "time_precision": "month"} for year in (2025, 2026)
            for day in range(1, 21)]  # fmt: skip
    return events(
        {"start": "2024-10-01"}, *mays, {"start": "2026-01-01", "time_precision": "unknown"}
    )


def test_months_are_averages_of_whole_years_and_begin_with_the_next():
    wheel = year_wheel(two_years(), QUARTER, settings(), NO_CALENDAR)
    assert [str(month) for month in wheel.months[:4]] == [
        "2026-10",
        "2026-11",
        "2026-12",
        "2027-01",
    ]
    assert (wheel.years, wheel.n) == (2, 41)
    assert wheel.means["all"].tolist() == [0.5, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0, 0]
    assert wheel.means["Skadegörelse"].sum() == pytest.approx(20.5)


def test_less_than_a_year_makes_no_wheel_and_groups_need_events():
    late = events(*({"start": f"2026-05-{day:02d}"} for day in range(1, 32)))
    assert year_wheel(late, QUARTER, settings(), NO_CALENDAR).years == 0
    assert year_wheel(events(), QUARTER, settings(), NO_CALENDAR).means["all"].sum() == 0
    few = year_wheel(two_years(), QUARTER, settings(thresholds={"minimum_rhythm": 42}), NO_CALENDAR)
    assert list(few.means.columns) == ["all"]


def test_the_wheel_of_a_fortnight_begins_with_its_own_month():
    wheel = year_wheel(
        two_years(), periods.parse("2026-09-10--2026-09-23"), settings(), NO_CALENDAR
    )
    assert str(wheel.months[0]) == "2026-09"
    assert wheel.years == 1  # October 2024 to August 2026 is one whole year


def test_marks_are_the_calendars_and_what_partners_deliver_but_not_the_same_file_twice():
    kept = settings(registers={"calendar": "register/kalender.csv"})
    listed = calendar(
        ("Jullov", "Lov", "2026-12-20", "2027-01-08"),
        ("Höstlov", "Lov", "2026-09-28", "2026-10-01"),
        ("Förra året", "Lov", "2025-12-20", "2026-01-08"),
        ("", "Helg", "2027-04-30", "2027-04-30"),
    )
    upcoming = {"kind": "upcoming", "group": "Arrangemang", "time_precision": "day"}
    told = events(
        {**upcoming, "start": "2026-11-01", "file": "deliveries/est/a.xlsx"},
        {**upcoming, "start": "2026-12-20", "file": "register/kalender.csv"},
    )
    marks = year_wheel(told, QUARTER, kept, listed).marks
    assert marks["name"].tolist() == ["Höstlov", "Arrangemang", "Jullov", "Helg"]
    assert marks.loc[2, "last"] == pd.Timestamp("2027-01-08")
    without = year_wheel(told, QUARTER, settings(), NO_CALENDAR).marks
    assert without["name"].tolist() == ["Arrangemang", "Arrangemang"]
