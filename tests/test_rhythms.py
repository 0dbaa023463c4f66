"""When: aoristic weights against published examples and a minute-by-minute reference."""

import numpy as np
import pandas as pd
import pytest
from chance import at_most
from frames import events
from hypothesis import given
from hypothesis import strategies as st

from est_analysis.patterns import rhythms
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


STOCKHOLM = "Europe/Stockholm"


def both_ways(table, longest=FOREVER, zone=STOCKHOLM):
    """Return the weights of the running sum, having seen that those of each event add up to it."""
    whole = aoristic(table, longest_span_hours=longest, zone=zone).weights
    own = rhythms.spans(table, longest_span_hours=longest)
    each = rhythms.profiles(own, zone=zone)
    np.testing.assert_allclose(each.sum(axis=1), 1)
    np.testing.assert_allclose((own.weight @ each).reshape(7, 24), whole, atol=1e-9)
    days = rhythms.profiles(own, zone=zone, fold=np.repeat(np.eye(7), 24, axis=0))
    np.testing.assert_allclose(days, each.reshape(-1, 7, 24).sum(axis=2), atol=1e-12)
    return whole


def test_the_hour_that_spring_skips_holds_nothing_and_that_of_autumn_twice():
    spring = both_ways(spans(("2026-03-29 00:00", "2026-03-29 06:00")))[6, :6]
    np.testing.assert_allclose(spring, [1 / 5, 1 / 5, 0, 1 / 5, 1 / 5, 1 / 5], atol=1e-12)
    autumn = both_ways(spans(("2026-10-25 00:00", "2026-10-25 06:00")))[6, :6]
    np.testing.assert_allclose(autumn, [1 / 7, 1 / 7, 2 / 7, 1 / 7, 1 / 7, 1 / 7])
    by_the_clock = both_ways(spans(("2026-10-25 00:00", "2026-10-25 06:00")), zone=None)
    np.testing.assert_allclose(by_the_clock[6, :6], 1 / 6)  # without its zone an hour is an hour


def test_the_odd_hour_is_right_also_over_the_weeks_end():
    weights = both_ways(spans(("2026-10-24 20:00", "2026-10-26 08:00")))  # 37 hours
    assert weights[6, 2] == pytest.approx(2 / 37)
    assert weights[0, 7] == pytest.approx(1 / 37)
    assert weights.sum() == pytest.approx(1)


def test_an_event_told_within_an_hour_that_never_was_keeps_its_weight():
    weights = both_ways(spans(("2026-03-29 02:10", "2026-03-29 02:40")))
    assert weights[6, 2] == pytest.approx(1)


@pytest.mark.parametrize(
    ("zone", "lengths"),
    [(STOCKHOLM, [-60, 60]), ("UTC", []), ("Australia/Lord_Howe", [30, -30])],
)
def test_odd_hours_of_zones(zone, lengths):
    year = [np.datetime64(f"{y}-01-01", "m").astype(int) for y in (2026, 2027)]
    found = [
        sign * (high - low)
        for low, high, sign in rhythms.odd_hours(zone, 2026, 2026)
        if year[0] <= low < year[1]
    ]
    assert found == lengths


def in_real_time(start, end):
    """Walk an interval's real minutes one by one and look at the clock at each."""
    first, last = (pd.Timestamp(t).tz_localize(STOCKHOLM) for t in (start, end))
    shown = pd.date_range(first, last, freq="min", inclusive="left")
    hour = (shown.day_of_week * 24 + shown.hour).to_numpy()
    return np.bincount(hour, minlength=168).reshape(7, 24) / len(shown)


def around(change):
    """Draw a moment near a change, not in the odd hour itself (which no clock tells apart)."""
    outside = st.one_of(st.integers(-3000, 119), st.integers(180, 3000))
    return outside.map(lambda minute: pd.Timestamp(change) + pd.Timedelta(minutes=minute))


@pytest.mark.parametrize("change", ["2026-03-29", "2026-10-25"])
@given(data=st.data())
def test_weights_equal_a_walk_in_real_time_over_the_odd_hours(change, data):
    start, end = sorted(data.draw(st.tuples(around(change), around(change))))
    end = max(end, start + pd.Timedelta(minutes=1))
    if 120 <= (end - pd.Timestamp(change)) / pd.Timedelta(minutes=1) < 180:
        return
    np.testing.assert_allclose(both_ways(spans((start, end))), in_real_time(start, end), atol=1e-9)


def test_the_walk_in_real_time_notices_a_clock_taken_for_time():
    times = ("2026-10-25 00:00", "2026-10-25 06:00")
    assert not np.allclose(both_ways(spans(times), zone=None), in_real_time(*times))


@given(rows=st.lists(_ROW, max_size=6), longest=st.sampled_from([24, 72, FOREVER]))
def test_the_spread_of_each_event_adds_up_to_that_of_all(rows, longest):
    both_ways(drawn(rows), longest)


def test_no_end_and_an_end_before_its_start_go_by_the_start_and_are_counted():
    table = events(
        {"start": "2026-07-01 21:30", "count": 2},
        {"start": "2026-07-01 21:30", "end": "2026-07-01 20:00", "count": 3},
        {"start": "2026-07-01 21:30", "end": "2026-07-01 22:00"},
    )
    rhythm = aoristic(table, longest_span_hours=72)
    assert (rhythm.n, rhythm.no_end, rhythm.backwards) == (6, 2, 3)
    assert rhythm.weights[2, 21] == pytest.approx(6)


def nights(n=40):
    """Return cars stolen some time between 18 and 08, as far as anybody knows."""
    days = pd.date_range("2026-02-02", periods=n)
    hour = pd.Timedelta(hours=1)
    return spans(*((day + 18 * hour, day + 32 * hour) for day in days))


def test_start_midpoint_and_end_each_claim_a_peak_that_nobody_saw():
    found = rhythms.hours(nights(), longest_span_hours=72)
    assert found.table.loc[[18, 1, 7], ["start", "midpoint", "end"]].to_numpy().tolist() == [
        [40, 0, 0],
        [0, 40, 0],
        [0, 0, 40],
    ]
    np.testing.assert_allclose(found.table.loc[18, "expected"], 40 / 14)
    assert found.table["expected"].max() == pytest.approx(40 / 14)
    assert found.spread == 40
    known = rhythms.hours(spans(("2026-07-01 21:10", "2026-07-01 21:20")), longest_span_hours=72)
    assert known.spread == 0
    assert set(known.peaks.values()) == {21}


def misses(band, truth, seeds):
    """Count the bins that a band leaves out, of events drawn from known hours."""
    left_out = 0
    for seed in seeds:
        rng = np.random.default_rng(seed)
        at = rng.choice(24, rng.poisson(truth.sum()), p=truth / truth.sum())
        low, high = band(np.eye(24)[at], np.ones(len(at)), seed)
        left_out += int(((truth < low) | (truth > high)).sum())
    return left_out


def test_the_band_covers_as_often_as_it_says_also_where_little_happens():
    truth = np.array([0.3] * 8 + [5.0] * 8 + [20.0] * 8)
    seeds = range(1, 61)

    def honest(each, weight, seed):
        return rhythms.band(each, weight, seed=seed, draws=199)

    def resampled_only(each, _, seed):
        drawn = np.random.default_rng(seed).poisson(1.0, (199, len(each))) @ each
        return np.quantile(drawn, [0.025, 0.975], axis=0)

    allowed = at_most(24 * len(seeds))
    assert misses(honest, truth, seeds) <= allowed
    assert misses(resampled_only, truth, seeds) > allowed  # what was never seen is never resampled


def test_the_band_of_very_many_events_is_the_bootstraps_limit(monkeypatch):
    rng = np.random.default_rng(5)
    each = rng.dirichlet(np.ones(6), 3000)
    drawn = rhythms.band(each, np.ones(3000), seed=1)
    monkeypatch.setattr(rhythms, "_RESAMPLED", 10)
    np.testing.assert_allclose(rhythms.band(each, np.ones(3000)), drawn, rtol=0.02)


def test_weekdays_take_in_what_is_known_to_the_day_and_long_intervals():
    table = events(
        {"start": "2026-07-01", "time_precision": "day", "count": 2},  # a Wednesday
        {"start": "2026-07-02 10:00", "end": "2026-07-06 10:00"},  # Thursday to Monday
        {"start": "2026-07-03", "time_precision": "month", "count": 5},
    )
    rhythm = rhythms.by_weekday(table)
    assert (rhythm.n, rhythm.unknown, rhythm.total) == (3, 5, 8)
    expected = [10 / 96, 0, 2, 14 / 96, 24 / 96, 24 / 96, 24 / 96]
    np.testing.assert_allclose(rhythm.by_weekday, expected)
    assert rhythms.surely_on(table).tolist() == [0, 0, 2, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("end", "sure"),
    [("2026-07-02 00:00", 1), ("2026-07-02 00:01", 0), (None, 1)],
)
def test_a_day_is_sure_only_for_what_was_over_by_midnight(end, sure):
    assert rhythms.surely_on(spans(("2026-07-01 20:00", end))).sum() == sure
