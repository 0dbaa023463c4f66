"""The coming fortnight: what is in the calendar, and what the same days brought the last time."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import pandas as pd
import pytest

from est_analysis.patterns import ahead as module
from est_analysis.patterns.ahead import ahead
from est_analysis.periods import parse

SETTINGS = SimpleNamespace(registers=SimpleNamespace(calendar="register/kalender.csv"))
PERIOD = parse("2026-04-10--2026-04-23")


def calendar(*rows):
    table = pd.DataFrame(rows, columns=["namn", "slag", "datum_fran", "datum_till"])
    return table.astype({"datum_fran": "datetime64[s]", "datum_till": "datetime64[s]"})


CALENDAR = calendar(
    ("Valborg", "Helg", "2025-04-30", "2025-04-30"),
    ("Valborg", "Helg", "2026-04-30", "2026-04-30"),
    ("Sommarlov", "Lov", "2026-06-15", "2026-08-15"),
)


def events(daily=1, at_valborg=6, notices=()):
    """One reported crime a day of 2025, more at Valborg, and notices of what is to come."""
    days = pd.date_range("2025-01-01", "2025-12-31", unit="s")
    crimes = pd.DataFrame({"start": days, "end": pd.NaT, "kind": "reported_crime", "count": daily})
    crimes.loc[crimes["start"] == "2025-04-30", "count"] = at_valborg
    told = pd.DataFrame(
        [(pd.Timestamp(day), "upcoming", 1, file) for day, file in notices],
        columns=["start", "kind", "count", "file"],
    ).assign(end=pd.NaT)
    both = pd.concat([crimes.assign(file="x"), told]) if notices else crimes.assign(file="x")
    return both.assign(group="Arrangemang", end=both["end"].astype("datetime64[s]"))


@pytest.fixture(autouse=True)
def covered(monkeypatch):
    monkeypatch.setattr(module, "first_covered", lambda *_: date(2025, 1, 1))


def test_what_comes_is_told_with_the_last_time():
    found = ahead(events(), PERIOD, SETTINGS, CALENDAR)
    assert found["name"].tolist() == ["Valborg"]
    assert found["n"].tolist() == [6]
    assert found["usual"].tolist() == [1.0]


def test_what_lies_later_than_a_fortnight_is_left_out():
    assert ahead(events(), parse("2026-04-01--2026-04-15"), SETTINGS, CALENDAR).empty
    assert len(ahead(events(), parse("2026-04-01--2026-04-16"), SETTINGS, CALENDAR)) == 1


def test_notices_are_told_and_the_calendar_is_not_told_twice():
    told = [("2026-05-02", "deliveries/est/a.xlsx"), ("2026-04-30", "register/kalender.csv")]
    found = ahead(events(notices=told), PERIOD, SETTINGS, CALENDAR)
    assert found["name"].tolist() == ["Valborg", "Arrangemang"]
    assert found["n"].isna().tolist() == [False, True]


@pytest.mark.parametrize("why", ["new", "few", "not covered"])
def test_nothing_is_said_of_the_last_time_without_ground(why, monkeypatch):
    own, table = events(), CALENDAR
    if why == "new":
        table = CALENDAR.iloc[1:]
    if why == "few":
        own = events(daily=0)
    if why == "not covered":
        monkeypatch.setattr(module, "first_covered", lambda *_: date(2025, 4, 15))
    assert ahead(own, PERIOD, SETTINGS, table)["n"].isna().all()
