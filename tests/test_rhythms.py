"""When: aoristic weights against published examples and a minute-by-minute reference."""

import numpy as np
import pandas as pd
import pytest
from frames import events
from hypothesis import given
from hypothesis import strategies as st

from est_analysis.patterns.rhythms import DAYPARTS, Rhythm, aoristic, daypart

WEEK = 7 * 24 * 60
FOREVER = 10**6


def spans(*pairs, **row):
    return events(*({"start": start, "end": end, **row} for start, end in pairs))


def one(start, end=None, **row):
    return aoristic(spans((start, end), **row), longest_span_hours=FOREVER)


def by_the_minute(table, longest_span_hours):
    """Walk every minute of every interval: slow, and plain to see that it is right."""
    weights = np.zeros((7, 24))
    for event in table.itertuples():
        minutes = 1
        if not pd.isna(event.end):
            minutes = max(1, int((event.end - event.start) / pd.Timedelta(minutes=1)))
        if minutes > longest_span_hours * 60:
            continue
        if event.time_precision == "day" and (pd.isna(event.end) or minutes >= 24 * 60):
            continue
        if minutes >= WEEK:
            weights += event.count / 168
            continue
        first = (event.start.day_of_week * 24 + event.start.hour) * 60 + event.start.minute
        for minute in range(first, first + minutes):
            weights.reshape(-1)[minute % WEEK // 60] += event.count / minutes
    return weights


# AT-12, Ratcliffe's own page: eight hours, an eighth in each
def test_a_working_day_is_spread_evenly_over_its_eight_hours():
    weights = one("2026-07-01 08:00", "2026-07-01 16:00").weights  # a Wednesday
    expected = np.zeros((7, 24))
    expected[2, 8:16] = 0.125
    np.testing.assert_allclose(weights, expected, atol=1e-12)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-07-05 23:30", "2026-07-06 00:30", {(6, 23): 0.5, (0, 0): 0.5}),  # Sunday to Monday
        ("2026-07-05 22:00", "2026-07-06 00:00", {(6, 22): 0.5, (6, 23): 0.5}),  # not past the week
        ("2026-07-01 21:59", "2026-07-01 21:59", {(2, 21): 1}),
        ("2026-07-01 21:59", None, {(2, 21): 1}),
        ("2026-07-01 21:45", "2026-07-01 22:15", {(2, 21): 0.5, (2, 22): 0.5}),
    ],
)
def test_hours_by_hand(start, end, expected):
    weights = one(start, end).weights
    for (day, hour), weight in expected.items():
        assert weights[day, hour] == pytest.approx(weight)
    assert weights.sum() == pytest.approx(1)


def test_an_interval_of_a_week_or_more_is_flat_and_one_a_minute_shorter_is_not():
    np.testing.assert_allclose(one("2026-07-01 13:20", "2026-07-08 13:20").weights, 1 / 168)
    np.testing.assert_allclose(one("2026-07-01 00:00", "2026-07-09 00:00").weights, 1 / 168)
    assert one("2026-07-01 13:20", "2026-07-08 13:19").weights.std() > 0


def test_days_without_a_clock_say_nothing_about_the_hour():
    rhythm = one("2026-07-01", "2026-07-02", time_precision="day")
    assert (rhythm.n, rhythm.unknown, rhythm.too_long) == (0, 1, 0)
    assert rhythm.weights.sum() == 0


def test_a_day_that_was_over_by_a_known_hour_is_spread_until_then():
    weights = one("2026-07-01", "2026-07-01 06:00", time_precision="day").weights
    np.testing.assert_allclose(weights[2, :6], 1 / 6)


def test_long_intervals_and_unknown_times_are_counted_and_left_out():
    table = events(
        {"start": "2026-07-01 10:00", "end": "2026-07-04 10:00", "count": 2},  # 72 h: the limit
        {"start": "2026-07-01 10:00", "end": "2026-07-04 10:01", "count": 3},
        {"start": "2026-07-01", "time_precision": "day", "count": 4},
        {"start": "2026-07-01", "time_precision": "month", "count": 5},
    )
    rhythm = aoristic(table, longest_span_hours=72)
    assert (rhythm.n, rhythm.too_long, rhythm.unknown) == (2, 3, 9)
    assert rhythm.weights.sum() == pytest.approx(2)


def test_no_events_weigh_nothing():
    rhythm = aoristic(events(), longest_span_hours=72)
    assert rhythm.n == 0
    assert rhythm.weights.shape == (7, 24)
    assert rhythm.weights.sum() == 0


# minutes from some Monday: within the day, over midnight, over the week's end, longer than a week
_MINUTE = st.integers(0, 2 * WEEK)
_LENGTH = st.one_of(
    st.none(), st.just(0), st.just(1440), st.integers(1, 1500), st.integers(WEEK - 2, 3 * WEEK)
)
_ROW = st.tuples(_MINUTE, _LENGTH, st.sampled_from(["minute", "hour", "day"]), st.integers(1, 9))


def drawn(rows):
    monday = pd.Timestamp("2026-06-29")
    return events(
        *(
            {
                "start": monday + pd.Timedelta(minutes=first),
                "end": pd.NaT if length is None else monday + pd.Timedelta(minutes=first + length),
                "time_precision": precision,
                "count": count,
            }
            for first, length, precision, count in rows
        )
    )


def reference_faults(rhythm, table, longest):
    """Return what in `rhythm` the minute-by-minute reference contradicts."""
    faults = []
    if not np.allclose(rhythm.weights, by_the_minute(table, longest), atol=1e-9):
        faults.append("weights")
    if abs(rhythm.weights.sum() - rhythm.n) > 1e-6:
        faults.append("sum")
    if rhythm.n + rhythm.unknown + rhythm.too_long != table["count"].sum():
        faults.append("events lost")
    if (rhythm.weights < 0).any():
        faults.append("negative")
    return faults


@given(rows=st.lists(_ROW, max_size=6), longest=st.sampled_from([24, 72, 24 * 7, FOREVER]))
def test_weights_equal_a_walk_minute_by_minute(rows, longest):
    table = drawn(rows)
    assert reference_faults(aoristic(table, longest_span_hours=longest), table, longest) == []


def test_the_reference_notices_a_moved_a_lost_and_an_unwrapped_event():
    table = drawn([(WEEK - 30, 60, "minute", 2)])
    good = aoristic(table, longest_span_hours=72)
    assert reference_faults(good, table, 72) == []
    moved = Rhythm(np.roll(good.weights, 1, axis=1), good.n, good.unknown, good.too_long)
    assert reference_faults(moved, table, 72) == ["weights"]
    lost = Rhythm(good.weights, 1, 0, 0)
    assert reference_faults(lost, table, 72) == ["sum", "events lost"]
    unwrapped = good.weights.copy()
    unwrapped[0, 0] = 0
    faults = reference_faults(Rhythm(unwrapped, 2, 0, 0), table, 72)
    assert faults == ["weights", "sum"]


@given(rows=st.lists(_ROW, min_size=1, max_size=6), seed=st.integers(0, 99))
def test_the_order_of_rows_says_nothing(rows, seed):
    table = drawn(rows)
    here = aoristic(table, longest_span_hours=72).weights
    there = aoristic(table.sample(frac=1, random_state=seed), longest_span_hours=72).weights
    np.testing.assert_allclose(here, there, atol=1e-12)


@pytest.mark.parametrize(
    ("start", "end", "part"),
    [
        ("2026-07-01 00:00", None, "natt"),
        ("2026-07-01 05:59", None, "natt"),
        ("2026-07-01 06:00", None, "dag"),
        ("2026-07-01 15:00", "2026-07-01 18:00", "eftermiddag"),
        ("2026-07-01 18:00", "2026-07-02 00:00", "kväll"),
        ("2026-07-01 23:00", "2026-07-02 00:01", ""),  # over two parts
        ("2026-07-01 14:30", "2026-07-01 15:30", ""),
        ("2026-07-01 20:00", "2026-07-02 21:00", ""),  # the next day's evening is another one
    ],
)
def test_daypart_by_hand(start, end, part):
    assert daypart(spans((start, end))).tolist() == [part]


def test_daypart_needs_a_clock():
    assert daypart(spans(("2026-07-01", None), time_precision="day")).tolist() == [""]


@given(first=st.integers(0, 1439), data=st.data())
def test_an_interval_belongs_to_a_part_exactly_when_all_its_minutes_do(first, data):
    length = data.draw(st.integers(0, 1440 - first))
    day = pd.Timestamp("2026-07-01")
    times = (day + pd.Timedelta(minutes=first), day + pd.Timedelta(minutes=first + length))
    inside = [
        name
        for name, (low, high) in DAYPARTS.items()
        if all(low * 60 <= m < high * 60 for m in range(first, first + max(1, length)))
    ]
    assert daypart(spans(times)).tolist() == (inside or [""])
