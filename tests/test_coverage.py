"""Coverage: which days of which kind of record can be compared at all."""

from datetime import date

import pytest
from frames import events, settings
from pandera.errors import SchemaError

from est_analysis.gather.tables import EVENTS
from est_analysis.patterns.coverage import (
    by_source,
    covered_seasons,
    first_covered,
    last_day,
    silent_since,
    undated,
)
from est_analysis.patterns.coverage import in_period as within
from est_analysis.periods import parse

TWO = settings(sources={"polis": {}, "vakt": {"partner": "Vaktbolaget"}})
STATED = settings(
    sources={"polis": {"covers_from": date(2022, 1, 1)}, "vakt": {"partner": "Vaktbolaget"}}
)


def test_the_events_of_these_tests_are_what_gathering_gives():
    for rows in ((), ({},), ({"end": "2026-07-02", "x": None, "y": None}, {"severity": 3})):
        EVENTS.validate(events(*rows))
    with pytest.raises(SchemaError):
        EVENTS.validate(events({"end": "2026-06-30"}))


def test_a_period_holds_its_first_midnight_and_not_the_next_one():
    table = events(
        {"start": "2026-06-30 23:59"},
        {"start": "2026-07-01 00:00"},
        {"start": "2026-09-30 23:59"},
        {"start": "2026-10-01 00:00"},
    )
    assert within(table, parse("2026Q3"))["row"].tolist() == [3, 4]


@pytest.mark.parametrize(
    ("period", "n", "open_"),
    [
        ("2026-09-01--2026-09-14", 1, 2),
        ("2026-09-17--2026-09-30", 0, 2),
        ("2026-08-03--2026-08-16", 0, 1),
        ("2026-09", 2, 1),
        ("2026Q3", 2, 1),
        ("2026", 3, 0),
        ("2025", 0, 0),
    ],
)
def test_what_is_dated_coarsely_belongs_to_no_shorter_period(period, n, open_):
    """A month that stands as its first day says nothing of a fortnight, its first or its last."""
    table = events(
        {"start": "2026-09-01", "time_precision": "month"},
        {"start": "2026-01-01", "time_precision": "unknown"},
        {"start": "2026-09-02", "time_precision": "day"},
    )
    assert len(within(table, parse(period))) == n
    assert undated(table, parse(period)) == open_


def test_every_source_with_events_is_described_in_the_order_of_the_settings():
    table = events(
        {"source": "vakt", "start": "2025-05-02"},
        {"source": "polis", "start": "2026-07-03", "count": 9},
        {"source": "polis", "start": "2024-02-29"},
    )
    assert by_source(table, TWO).to_numpy().tolist() == [
        ["polis", "Polisen", date(2024, 2, 29), date(2026, 7, 3), 2],
        ["vakt", "Vaktbolaget", date(2025, 5, 2), date(2025, 5, 2), 1],
    ]
    assert by_source(events(), TWO).empty


def test_a_stated_first_day_stands_over_the_first_event():
    early, late = {"start": "2014-05-01"}, {"start": "2024-05-01"}
    for row in (early, late):
        assert first_covered(events(row), "reported_crime", STATED) == date(2022, 1, 1)


def test_a_kind_is_covered_from_when_its_last_source_began():
    table = events(
        {"source": "polis", "start": "2020-01-01"},
        {"source": "vakt", "start": "2024-10-01"},
        {"source": "vakt", "start": "2019-01-01", "kind": "event"},
    )
    assert first_covered(table, "reported_crime", TWO) == date(2024, 10, 1)
    assert first_covered(table, "event", TWO) == date(2019, 1, 1)
    assert first_covered(table, "unsafe_place", TWO) is None
    seasons = covered_seasons(table, "reported_crime", parse("2026Q4"), TWO)
    assert [str(s) for s in seasons] == ["2025Q4", "2024Q4"]
    assert covered_seasons(table, "unsafe_place", parse("2026Q4"), TWO) == []


def test_a_source_that_begins_a_day_into_the_season_does_not_cover_it():
    begun = events({"start": "2024-10-02"})
    assert [str(s) for s in covered_seasons(begun, "reported_crime", parse("2026Q4"), TWO)] == [
        "2025Q4"
    ]


def test_no_more_years_than_the_settings_want():
    table = events({"start": "2010-01-01"})
    for years in (1, 3):
        few = settings(thresholds={"history_years": years})
        assert len(covered_seasons(table, "reported_crime", parse("2026Q4"), few)) == years


def test_what_is_to_come_is_no_last_day():
    table = events({"start": "2026-07-01"}, {"start": "2026-12-24", "kind": "upcoming"})
    assert last_day(table) == date(2026, 7, 1)
    assert last_day(table[table["kind"] == "upcoming"]) == date(2026, 12, 24)


PLACED = {"start": "datum", "x": "x", "y": "y"}


def test_a_source_in_a_new_form_covers_from_the_first_forms_day_and_is_not_silent():
    """A new form without `follows` is another source, and the old one has fallen silent."""
    new = {"follows": "polis", "columns": PLACED}
    one = settings(sources={"polis": {}, "ny": new})
    two = settings(sources={"polis": {}, "ny": {"columns": PLACED}})
    table = events(
        {"start": "2021-10-01"},
        {"start": "2023-09-30"},
        {"source": "ny", "start": "2023-10-01"},
        {"source": "ny", "start": "2026-09-29"},
    )
    kind, quarter = "reported_crime", parse("2026Q3")
    assert first_covered(table, kind, one) == date(2021, 10, 1)
    assert first_covered(table, kind, one, by_place=True) == date(2023, 10, 1)
    assert silent_since(table, kind, quarter, one) is None
    assert first_covered(table, kind, two) == date(2023, 10, 1)
    assert silent_since(table, kind, quarter, two) == date(2023, 9, 30)
