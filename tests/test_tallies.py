"""Counting near places: the same as going through every event, and no slower for many of them."""

import numpy as np
import pandas as pd
import pytest
from frames import events

from est_analysis.measures.tallies import Tallies, Tally
from est_analysis.patterns.coverage import in_period
from est_analysis.periods import parse

PRECISIONS = ["minute", "hour", "day", "month", "unknown"]


def town(n=600, seed=5):
    """Return events of three groups on a coarse grid over six years, some known only to a month."""
    rng = np.random.default_rng(seed)
    days = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 6 * 365 * 24, n), "h")
    return events(
        *(
            {
                "start": day,
                "x": float(x),
                "y": float(y),
                "group": group,
                "count": int(count),
                "time_precision": precision,
            }
            for day, x, y, group, count, precision in zip(
                days,
                rng.integers(0, 12, n) * 50.0,
                rng.integers(0, 12, n) * 50.0,
                rng.choice(["A", "B", "C"], n),
                rng.integers(1, 4, n),
                rng.choice(PRECISIONS, n, p=[0.6, 0.1, 0.1, 0.1, 0.1]),
                strict=True,
            )
        )
    )


PERIODS = [
    *("2024Q1", "2023", "2022-05", "2021-02-11--2022-02-09", "2019", "2030Q1"),
    *("2020-01-01--2025-12-31", "2024-06-01--2024-07-31"),
]
TOWN = town()


def by_hand(table, group, centre, radius, periods, without=None):
    """Count by going through every event."""
    own = table if group == "" else table[table["group"] == group]
    near = np.hypot(own["x"] - centre[0], own["y"] - centre[1]) <= radius
    if without is not None:
        near = ~near
    return sum(int(in_period(own[near], p)["count"].sum()) for p in periods)


def differences(table, tallies, seed=6, tries=60):
    """Return where the fast count is not the plain one."""
    rng = np.random.default_rng(seed)
    wrong = []
    for _ in range(tries):
        centre = tuple(float(v) for v in rng.integers(-2, 14, 2) * 50.0)
        radius = float(rng.choice([50.0, 70.7, 100.0, 150.0, 10_000.0]))
        group = str(rng.choice(["", "A", "B", "okänd"]))
        periods = [parse(p) for p in rng.choice(PERIODS, 3, replace=False)]
        spots = tallies.within(centre, radius)
        plain = by_hand(table, group, centre, radius, periods)
        outside = by_hand(table, group, centre, radius, periods, without=True)
        found = (
            tallies.count(group, spots, periods),
            int(tallies.each(group, [centre, (9e9, 9e9)], radius, periods)[0]),
            tallies.outside(group, spots, periods),
        )
        if found != (plain, plain, outside):
            wrong.append((centre, radius, group, found, plain, outside))
    return wrong


def test_every_count_is_that_of_going_through_the_events():
    assert differences(TOWN, Tallies(TOWN)) == []


@pytest.mark.parametrize(
    "change",
    [
        {"time_precision": "minute"},
        {"count": 1},
        {"group": "A"},
        {"start": pd.Timestamp("2024-03-31")},
    ],
)
def test_a_count_that_forgets_something_is_noticed(change):
    assert differences(TOWN, Tallies(TOWN.assign(**change)))


def test_hours_are_split_by_the_whole_groups_busiest_quarter_of_the_day():
    rows = [
        *({"start": f"2024-03-0{d} 19:30"} for d in range(1, 6)),
        *({"start": f"2024-03-0{d} 09:30", "x": 0.0, "y": 0.0} for d in range(1, 4)),
        {"start": "2024-03-01 20:00", "x": 0.0, "y": 0.0},
        {"start": "2024-03-01 20:00", "x": 0.0, "y": 0.0, "time_precision": "day"},
    ]
    tallies = Tallies(events(*rows))
    spots, march = tallies.within((0, 0), 10), [parse("2024-03")]
    assert tallies.busiest_part("Skadegörelse") == 3
    busy, rest = (tallies.count("", spots, march, hours=h) for h in ("busy", "rest"))
    assert (busy, rest, tallies.count("", spots, march)) == (1, 3, 5)
    assert tallies.each("", [(0, 0)], 10, march, hours="rest").tolist() == [3]


def test_nothing_is_counted_where_nothing_is():
    tallies = Tallies(TOWN.head(0))
    year = [parse("2024")]
    assert tallies.within((0, 0), 100).tolist() == []
    assert tallies.count("", tallies.within((0, 0), 100), year) == 0
    assert tallies.each("A", [(0, 0), (1, 1)], 100, year).tolist() == [0, 0]
    assert tallies.outside("A", tallies.within((0, 0), 100), year) == 0
    assert tallies.busiest_part("A") is None
    assert Tallies(TOWN).each("A", np.empty((0, 2)), 100, year).tolist() == []


def test_a_million_events_are_two_look_ups():
    """What is looked at for one place and period does not grow with the events of others."""
    days = np.arange(1_000_000) % 3_650 + 18_000
    units = np.arange(1_000_000) // 100
    tally = Tally(units, days, np.zeros_like(days), np.ones_like(days))
    asked = []

    class Watched(np.ndarray):
        def __getitem__(self, item):
            asked.append(np.size(item))
            return super().__getitem__(item)

    tally._layers = [(level, keys, sums.view(Watched)) for level, keys, sums in tally._layers]
    tally.at([5], parse("2024"))
    assert sum(asked) == 2
