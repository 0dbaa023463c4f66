"""Hours of their own: found where they are, called chance where they are not."""

import datetime

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from chance import at_most
from frames import events, settings

from est_analysis import periods
from est_analysis.patterns import own_rhythms

QUARTER = periods.parse("2026Q3")
WEEKS = pd.date_range("2025-10-06", periods=50, freq="7D")  # Mondays


def at(place, day, hour, n=50, **row):
    """Return events of a place at one hour of one weekday, week after week."""
    when = WEEKS[:n] + pd.Timedelta(days=day, hours=hour)
    return [{"start": moment, "place": place, **row} for moment in when]


def town():
    """Return a square by night, a school by day, and a street at all hours."""
    street = [row for day in range(7) for row in at("Gatan", day, 3 * day + 2, 20)]
    old = [{"start": "2022-01-01 12:00", "place": "Gatan"}]
    return events(*at("Torget", 5, 23), *at("Skolan", 2, 10), *street, *old)


def test_the_hours_of_places_are_told_by_weekday_and_clock():
    table, span = own_rhythms.by_place(town(), QUARTER, settings())
    assert str(span) == "2023-10-01--2026-09-30"
    found = table.set_index("label")
    assert set(found.index) == {"Torget", "Skolan", "Gatan"}
    assert (found["p_all"] <= 0.05).all()
    when = found[["weekend", "first", "hours", "share"]]
    assert when.loc["Torget"].tolist() == [True, 20, 4, 1.0]
    assert when.loc["Skolan"].tolist() == [False, 8, 4, 1.0]
    assert found.loc["Torget", "low"] < 1 == found.loc["Torget", "high"]


def test_few_events_and_places_that_may_not_be_shown_are_left_out():
    assert own_rhythms.by_place(town(), QUARTER, settings(thresholds={"minimum_rhythm": 60}))[0][
        "label"
    ].tolist() == ["Gatan"]
    hidden = settings(disclosure={"smallest_place_count": 51})
    assert set(own_rhythms.by_place(town(), QUARTER, hidden)[0]["label"]) <= {"Gatan"}
    nothing, span = own_rhythms.by_place(events(), QUARTER, settings())
    assert nothing.empty
    assert span is None


def test_events_without_a_clock_are_counted_beside():
    dated = [{**row, "time_precision": "day"} for row in at("Torget", 1, 0, 7)]
    table = own_rhythms.own_hours(
        pd.concat([town(), events(*dated)], ignore_index=True),
        [*town()["place"], *["Torget"] * 7],
        settings(),
    )
    row = table.set_index("label").loc["Torget"]
    assert (row["n"], row["unknown"]) == (50, 7)


def test_a_situation_can_be_asked_for_by_its_label():
    table = town()
    label = np.where(table["place"] == "Skolan", "skadegörelse · skola · dag", "")
    found = own_rhythms.own_hours(table, label, settings())
    assert found["label"].tolist() == ["skadegörelse · skola · dag"]
    assert found["p_all"].iloc[0] <= 0.05


def test_a_dense_area_holds_the_events_inside_it():
    table = events({"x": 10.0, "y": 10.0}, {"x": 500.0, "y": 10.0}, {"x": None, "y": None})
    area = gpd.GeoDataFrame({"name": ["Torget"]}, geometry=[shapely.box(0, 0, 99, 99)])
    assert own_rhythms.in_areas(table, area).tolist() == ["Torget", "", ""]


@pytest.mark.parametrize(
    ("day", "hour", "late"),
    [(4, 15, False), (4, 16, True), (5, 2, True), (6, 19, True), (6, 20, False), (0, 2, False)],
)
def test_the_weekend_begins_on_friday_and_ends_before_sunday_night(day, hour, late):
    assert own_rhythms.weekend(24 * day + hour) == late
    assert own_rhythms.stretches()[24 * day + hour].argmax() == late * 6 + hour // 4
    assert (own_rhythms.stretches().sum(axis=1) == 1).all()


def test_two_rhythms_by_hand():
    spread = np.array([[1.0, 0], [1, 0], [0.5, 0.5], [0, 1]])
    found = own_rhythms.compare(spread, [1, 1, 2, 1], [True, True, False, False])
    assert (found.n, found.other_n) == (2, 3)
    assert found.distance == pytest.approx(2 * (1 - 1 / 3))
    nobody = own_rhythms.compare(spread, [1, 1, 2, 1], [False] * 4)
    assert (nobody.p, nobody.n) == (1.0, 0)


def test_a_unit_has_one_label():
    with pytest.raises(ValueError, match="two labels"):
        own_rhythms.compare(np.eye(2), [1, 1], [True, False], units=[7, 7])


def nights(seed, *, burst=1):
    """Return spread, label and unit of events whose hours have nothing to do with their label."""
    rng = np.random.default_rng(seed)
    occasions = 150 // burst
    hour = np.repeat(rng.integers(0, 12, occasions), burst)
    label = np.repeat(rng.choice([-1, 0, 1, 2], occasions, p=[0.4, 0.2, 0.2, 0.2]), burst)
    return np.eye(12)[hour], label, np.repeat(np.arange(occasions), burst)


def claimed(seeds, *, burst, as_units):
    """Count the seeds in which any of three labels is said to have hours of its own."""
    called = 0
    for seed in seeds:
        spread, label, unit = nights(seed, burst=burst)
        found = own_rhythms.by_label(
            spread, np.ones(len(label)), label, 3, units=unit if as_units else None, draws=99
        )
        called += min(own_rhythms.counts.holm([one.p for one in found])) <= 0.05
    return called


def test_labels_that_say_nothing_are_called_chance_also_when_events_come_in_bursts():
    seeds = range(1, 121)
    assert claimed(seeds, burst=1, as_units=False) <= at_most(len(seeds))
    assert claimed(seeds, burst=5, as_units=True) <= at_most(len(seeds))
    assert claimed(seeds, burst=5, as_units=False) > at_most(len(seeds))  # ten cars, ten proofs


def test_ten_cars_in_a_night_are_one_occasion():
    one_night = [
        {"start": f"2026-02-06 21:{minute:02d}", "place": "Torget"} for minute in range(0, 60, 2)
    ]
    rest = [row for day in range(7) for row in at("Gatan", day, 12, 20)]
    rest += [row for day in range(7) for row in at("Vägen", day, 20, 20)]
    table = events(*one_night, *rest)
    found = own_rhythms.own_hours(table, table["place"], settings()).set_index("label")
    assert found.loc["Torget", "n"] == 30
    assert found.loc["Torget", "p"] > 0.05
    spread_out = events(*at("Torget", 4, 21, 30), *rest)
    again = own_rhythms.own_hours(spread_out, spread_out["place"], settings()).set_index("label")
    assert again.loc["Torget", "p"] <= 0.05


def quarters(hour_now, hour_then):
    """Return a summer of one hour, and two earlier ones of another."""
    rows = []
    for year, hour in ((2026, hour_now), (2025, hour_then), (2024, hour_then)):
        days = pd.date_range(datetime.date(year, 7, 1), periods=45, freq="2D")
        rows += [{"start": day + pd.Timedelta(hours=hour)} for day in days]
    return events({"start": "2023-01-01 12:00"}, *rows)


def test_a_season_is_held_against_its_own_earlier_years():
    same, seasons = own_rhythms.season(quarters(21, 21), QUARTER, settings())
    assert len(seasons) == 3
    assert (same.n, same.other_n, same.distance) == (45, 90, 0)
    assert same.p == 1.0
    moved, _ = own_rhythms.season(quarters(9, 21), QUARTER, settings())
    assert moved.distance == pytest.approx(2)
    assert moved.p <= 0.01
    few, _ = own_rhythms.season(
        quarters(9, 21), QUARTER, settings(thresholds={"minimum_rhythm": 46})
    )
    assert few is None
    assert own_rhythms.season(events(), QUARTER, settings()) == (None, [])
