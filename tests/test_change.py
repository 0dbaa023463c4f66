"""What changed: each series against the same season of its own earlier years, by hand."""

import math

import numpy as np
import pandas as pd
import pytest
from frames import each_day, events, settings
from hypothesis import given
from hypothesis import strategies as st

from est_analysis.counts import compare_rates
from est_analysis.patterns.change import COMPARED_KINDS, compare
from est_analysis.periods import parse

Q3 = parse("2026Q3")
PLAIN = settings()


def seasons(counts, **row):
    """Return rows with `counts` events on the first day of July of 2026, 2025, ..."""
    return [
        {"start": f"{2026 - back}-07-01 12:00", "count": n, **row}
        for back, n in enumerate(counts)
        if n
    ]


def only(change):
    assert len(change.table) == 1
    return change.table.iloc[0]


def test_a_total_by_hand():
    springs = [{"start": f"{year}-05-01", "count": 3} for year in (2024, 2025, 2026)]
    rows = [*seasons([14, 8, 6, 10]), *springs]
    change = compare(events(*rows), Q3, PLAIN, by="kind")
    row = only(change)
    assert (row["kind"], row["n"], row["preceding"]) == ("reported_crime", 14, 3)
    assert (row["base_n"], row["base_years"], row["expected"]) == (24, 3, 8.0)
    assert row["ratio"] == pytest.approx(14 / 8)
    # 8, 6, 10 around 8 and three equal springs: chi-square 1 on 4 degrees, no more than Poisson
    assert change.dispersion == {"reported_crime": 1.0}
    assert [str(s) for s in change.seasons["reported_crime"]] == ["2025Q3", "2024Q3", "2023Q3"]
    exact = compare_rates(14, 1, 24, 3)
    assert (row["low"], row["high"], row["p"]) == pytest.approx(
        (exact.interval.low, exact.interval.high, exact.p)
    )
    assert row["gate"]


def test_restless_years_widen_the_interval():
    # 2, 20, 8 around 10: (64 + 100 + 4) / 10 / 2
    change = compare(events(*seasons([14, 2, 20, 8])), Q3, PLAIN, by="kind")
    assert change.dispersion["reported_crime"] == pytest.approx(8.4)
    row, calm = (
        only(change),
        only(compare(events(*seasons([14, 10, 10, 10])), Q3, PLAIN, by="kind")),
    )
    assert row["ratio"] == pytest.approx(calm["ratio"])
    assert row["low"] < calm["low"]
    assert row["high"] > calm["high"]
    assert row["p"] > calm["p"]


@pytest.mark.parametrize("years", [0, 1, 2])
def test_short_history_is_said_as_it_is(years):
    row = only(compare(events(*seasons([12] * (1 + years))), Q3, PLAIN, by="kind"))
    assert row["base_years"] == years
    assert row["base_n"] == 12 * years
    if years:
        assert row["expected"] == 12
        assert row["gate"] == (years >= 2)  # one year tells nothing of how years differ
    else:
        assert row[["expected", "ratio", "low", "high", "p"]].isna().all()
        assert not row["gate"]


def test_a_year_half_covered_is_not_compared_with():
    rows = [*seasons([12, 12]), {"start": "2024-07-02", "count": 12}]
    assert only(compare(events(*rows), Q3, PLAIN, by="kind"))["base_years"] == 1
    stated = settings(sources={"polis": {"covers_from": pd.Timestamp("2024-07-01").date()}})
    assert only(compare(events(*rows), Q3, stated, by="kind"))["base_years"] == 2


def test_an_earlier_year_without_events_is_a_zero_where_the_source_covers_it():
    row = only(compare(events(*seasons([12, 0, 0, 3])), Q3, PLAIN, by="kind"))
    assert (row["base_years"], row["base_n"], row["expected"]) == (3, 3, 1.0)


def test_of_two_sources_the_one_that_began_later_decides():
    two = settings(sources={"polis": {}, "vakt": {"partner": "Vaktbolaget"}})
    rows = [*seasons([10, 10, 10, 10]), *seasons([9, 9], source="vakt")]
    row = only(compare(events(*rows), Q3, two, by="kind"))
    assert (row["n"], row["base_years"], row["expected"]) == (19, 1, 19)
    # without that rule the new source would look like more crime
    alone = only(compare(events(*rows), Q3, PLAIN, by="kind"))
    assert alone["ratio"] > 1.4


def test_what_was_only_before_stands_with_a_zero_now():
    rows = [*seasons([5, 5, 5, 5]), *seasons([0, 6, 6, 6], group="Klotter")]
    table = compare(events(*rows), Q3, PLAIN, by="group").table.set_index("group")
    assert list(table.index) == ["Skadegörelse", "Klotter"]
    gone = table.loc["Klotter"]
    assert (gone["n"], gone["base_n"], gone["ratio"], gone["low"]) == (0, 18, 0, 0)
    assert gone["gate"]
    assert gone["p"] == pytest.approx(min(1, 2 * 0.75**18))  # all of 18 fell in three of four


def test_what_is_new_has_no_ratio_to_speak_of():
    rows = [*seasons([5, 5, 5, 5]), *seasons([12], group="Klotter")]
    new = compare(events(*rows), Q3, PLAIN, by="group").table.iloc[0]
    assert (new["group"], new["n"], new["base_n"]) == ("Klotter", 12, 0)
    assert new["ratio"] == new["high"] == math.inf
    assert new["p"] == pytest.approx(2 * 0.25**12)


def test_the_gate_counts_now_and_before_together():
    for counts, gate in (([3, 2, 2, 2], False), ([4, 2, 2, 2], True)):
        assert only(compare(events(*seasons(counts)), Q3, PLAIN, by="kind"))["gate"] == gate


def test_kinds_are_never_mixed_and_other_kinds_not_compared():
    rows = [
        row
        for kind in (*COMPARED_KINDS, "safe_place", "upcoming", "nil_report")
        for row in seasons([3, 4], kind=kind)
    ]
    table = compare(events(*rows), Q3, PLAIN, by="kind").table
    assert table["kind"].tolist() == list(COMPARED_KINDS)
    assert table["n"].tolist() == [3] * len(COMPARED_KINDS)
    assert table["base_n"].tolist() == [4] * len(COMPARED_KINDS)


def test_a_leap_year_is_a_day_longer():
    # 2024Q1 has 91 days, 2025Q1 and 2026Q1 have 90
    rows = [{"start": f"{year}-01-01", "count": 100} for year in (2026, 2025, 2024)]
    row = only(compare(events(*rows), parse("2026Q1"), PLAIN, by="kind"))
    assert row["base_years"] == 2
    assert row["expected"] == pytest.approx(200 * 90 / 181)
    every_day = each_day(
        "2024-01-01", (pd.Timestamp("2026-03-31") - pd.Timestamp("2024-01-01")).days + 1
    )
    row = only(compare(events(*every_day), parse("2026Q1"), PLAIN, by="kind"))
    assert (row["n"], row["base_n"]) == (90, 181)
    assert row["ratio"] == pytest.approx(1)


def test_a_fortnight_meets_the_same_weekdays_of_earlier_years():
    period = parse("2026-09-17--2026-09-30")
    saturdays = [
        {"start": day, "count": 5} for day in pd.date_range("2024-01-06", "2026-09-30", freq="7D")
    ]
    row = only(compare(events(*saturdays), period, PLAIN, by="kind"))
    assert (row["n"], row["preceding"], row["expected"], row["base_years"]) == (10, 10, 10, 2)


def test_series_are_sorted_by_kind_then_size_then_name():
    rows = [
        *seasons([2, 1], kind="event", group="Ö"),
        *seasons([2, 1], kind="event", group="A"),
        *seasons([1, 1], group="B"),
        *seasons([7, 1], group="Z"),
    ]
    table = compare(events(*rows), Q3, PLAIN, by="group").table
    assert list(zip(table["kind"], table["group"], strict=True)) == [
        *(("reported_crime", "Z"), ("reported_crime", "B"), ("event", "A"), ("event", "Ö"))
    ]


def test_events_without_an_area_are_in_no_area():
    rows = [*seasons([4, 4], area="Sörby"), *seasons([9, 9], area="")]
    assert compare(events(*rows), Q3, PLAIN, by="area").table["area"].tolist() == ["Sörby"]


def test_a_series_that_rests_on_police_activity_is_marked():
    rows = [*seasons([4, 4]), *seasons([4, 4], group="Narkotika", police_activity=True)]
    table = compare(events(*rows), Q3, PLAIN, by="group").table.set_index("group")
    assert table["police_activity"].to_dict() == {"Narkotika": True, "Skadegörelse": False}


@pytest.mark.parametrize("by", ["kind", "group", "area"])
def test_nothing_gives_an_empty_table_of_the_same_columns(by):
    full = compare(events(*seasons([3, 4])), Q3, PLAIN, by=by)
    nothing = compare(events(), Q3, PLAIN, by=by)
    assert list(nothing.table.columns) == list(full.table.columns)
    assert nothing.table.empty
    assert (nothing.seasons, nothing.dispersion) == ({}, {})


_COUNTS = st.lists(st.integers(0, 30), min_size=2, max_size=5)


def dishonest(change, table, period, by):
    """Return what in a comparison does not follow from the events by plain counting."""
    faults = []
    start = table["start"]
    for row in change.table.to_dict("records"):
        own = table[(table["kind"] == row["kind"]) & (table[by] == row[by])]
        earlier = change.seasons[row["kind"]]
        spans = [(p.start, p.end) for p in (period, *earlier)]
        tallies = [
            int(own.loc[(start >= str(a)) & (start < str(b)), "count"].sum()) for a, b in spans
        ]
        if (row["n"], row["base_n"], row["base_years"]) != (
            tallies[0],
            sum(tallies[1:]),
            len(earlier),
        ):
            faults.append("count")
        if change.dispersion[row["kind"]] < 1:
            faults.append("dispersion")
        if earlier and row["n"] + row["base_n"] and not row["low"] <= row["ratio"] <= row["high"]:
            faults.append("interval")
    return faults


@given(one=_COUNTS, other=_COUNTS)
def test_every_number_follows_from_the_events(one, other):
    table = events(*seasons(one), *seasons(other, group="Klotter"))
    change = compare(table, Q3, PLAIN, by="group")
    assert dishonest(change, table, Q3, "group") == []
    assert change.table["n"].sum() == one[0] + other[0]


def test_a_wrong_number_is_noticed():
    table = events(*seasons([4, 5, 6]))
    change = compare(table, Q3, PLAIN, by="group")
    change.table.loc[0, "base_n"] += 1
    assert dishonest(change, table, Q3, "group") == ["count"]


def test_the_order_of_rows_says_nothing():
    table = events(*seasons([4, 5, 6]), *seasons([2, 9, 1], group="Klotter"))
    shuffled = table.sample(frac=1, random_state=5)
    pd.testing.assert_frame_equal(
        compare(table, Q3, PLAIN, by="group").table, compare(shuffled, Q3, PLAIN, by="group").table
    )


def called_changed(rate_now, rate_before):
    """Return the share of 400 seeded series with p below 5 %, all compared at once."""
    rng = np.random.default_rng(20261122)
    counts = rng.poisson([rate_now, *[rate_before] * 3], size=(400, 4))
    rows = [row for i, one in enumerate(counts) for row in seasons(one, group=f"G{i:03d}")]
    table = compare(events(*rows), Q3, PLAIN, by="group").table
    return (table["p"] < 0.05).mean()


def test_where_nothing_happens_few_series_are_called_changed():
    assert called_changed(20, 20) <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 400)
    assert called_changed(40, 20) > 0.6  # while what does happen is seen


def test_unrest_in_other_seasons_counts_but_not_that_of_the_period_itself():
    springs = [{"start": f"{2026 - k}-05-01", "count": n} for k, n in enumerate((30, 2, 10))]
    calm = compare(events(*seasons([14, 8, 8, 8])), Q3, PLAIN, by="kind")
    uneasy = compare(events(*seasons([14, 8, 8, 8]), *springs), Q3, PLAIN, by="kind")
    # 30, 2, 10 around 14: chi-square 256/14 + 144/14 + 16/14 on 2 of 4 degrees of freedom
    assert uneasy.dispersion["reported_crime"] == pytest.approx(416 / 14 / 4)
    assert only(uneasy)["high"] > only(calm)["high"]
    peak = compare(events(*seasons([99, 8, 8, 8])), Q3, PLAIN, by="kind")
    assert peak.dispersion == calm.dispersion == {"reported_crime": 1.0}


def test_a_source_that_fell_silent_is_no_fall():
    weekly = [{"start": day} for day in pd.date_range("2023-01-02", "2026-07-20", freq="7D")]
    silent = compare(events(*weekly), Q3, PLAIN, by="kind")
    assert silent.silent == {"reported_crime": weekly[-1]["start"].date()}
    assert not only(silent)["gate"]
    goes_on = [{"start": day} for day in pd.date_range("2023-01-02", "2026-09-30", freq="7D")]
    heard = compare(events(*goes_on), Q3, PLAIN, by="kind")
    assert heard.silent == {}
    assert only(heard)["gate"]


def test_what_was_before_the_source_began_is_not_none():
    change = compare(events({"start": "2026-07-05"}), Q3, PLAIN, by="kind")
    assert pd.isna(only(change)["preceding"])


def test_what_is_counted_by_the_month_is_not_compared_over_a_fortnight():
    """A month's count stands on its first day: most fortnights would hold none of it."""
    rows = [
        {"start": f"{year}-{month:02d}-01", "time_precision": "month", "count": 9}
        for year in range(2022, 2027)
        for month in range(1, 13)
    ]
    table = events(*rows)
    fortnight = parse("2026-09-14--2026-09-27")
    assert compare(table, fortnight, settings(), by="group").table.empty
    assert not compare(table, parse("2026Q3"), settings(), by="group").table.empty
    timed = table.assign(time_precision="minute")
    assert not compare(timed, fortnight, settings(), by="group").table.empty


def test_late_registration_is_no_fall():
    """Half of every quarter is registered a month late; the newest half is not here yet."""
    rows = []
    for year in (2023, 2024, 2025, 2026):
        rows.append({"start": f"{year}-07-01", "count": 20, "registered": f"{year}-09-30"})
        rows.append({"start": f"{year}-07-01", "count": 20, "registered": f"{year}-10-30"})
    row = only(compare(events(*rows[:-1]), Q3, PLAIN, by="kind"))
    assert (row["n"], row["expected"], row["ratio"]) == (20, 20, 1)
    whole = [{**r, "registered": pd.NaT} for r in rows[:-1]]
    assert only(compare(events(*whole), Q3, PLAIN, by="kind"))["ratio"] == 0.5
    later = [*rows, {"start": "2026-10-05", "registered": "2026-11-15"}]
    assert only(compare(events(*later), Q3, PLAIN, by="kind"))["expected"] == 40


def test_a_kind_whose_file_could_not_be_read_is_not_compared():
    """It would look like a fall; the other kinds are compared as ever."""
    rows = []
    for year in (2023, 2024, 2025):
        rows += each_day(f"{year}-07-01", 40) + each_day(f"{year}-07-01", 40, kind="event")
    table = events(*rows, *each_day("2026-07-01", 2), *each_day("2026-07-01", 40, kind="event"))
    period, file = parse("2026Q3"), {"reported_crime": "deliveries/polis/b.csv"}
    whole = compare(table, period, settings(), by="kind").table.set_index("kind")
    lacking = compare(table, period, settings(), by="kind", missing=file)
    without = lacking.table.set_index("kind")
    assert whole.loc["reported_crime", "ratio"] < 0.1
    assert not without.loc["reported_crime", "gate"]
    unknown = ["expected", "ratio", "low", "high", "p", "preceding"]
    assert without.loc["reported_crime", unknown].isna().all()
    assert without.loc["event", "ratio"] == whole.loc["event", "ratio"]
    assert lacking.missing == file


def test_a_source_counted_with_another_is_not_silent():
    """Decision 11: its records are counted with another's, and yet it was heard of."""
    two = settings(sources={"polis": {}, "vakt": {"partner": "Vaktbolaget"}})
    days = pd.date_range("2023-01-02", "2026-09-30", freq="7D")
    police = [{"start": day} for day in days]
    guards = [{"start": day, "source": "vakt"} for day in days]
    since = pd.Timestamp("2026-07-20")  # from then on all the guards' are also the police's
    delivered = events(*police, *guards)
    with_police = (delivered["source"] == "vakt") & (delivered["start"] > since)
    counted = delivered[~with_police]
    heard = compare(counted, Q3, two, by="kind", delivered=delivered)
    assert heard.silent == {}
    assert only(heard)["gate"]
    # told from what is counted alone, the guards look silent; and a silence is still seen
    assert compare(counted, Q3, two, by="kind").silent
    assert compare(counted, Q3, two, by="kind", delivered=counted).silent


def test_a_series_that_codes_break_is_not_compared():
    rows = [*seasons([9, 9, 9]), *seasons([9, 9, 9], group="Klotter")]
    change = compare(events(*rows), Q3, PLAIN, by="group", broken={("reported_crime", "Klotter")})
    assert change.table.set_index("group")["gate"].to_dict() == {
        "Klotter": False,
        "Skadegörelse": True,
    }
    assert change.broken == {("reported_crime", "Klotter")}
    whole = compare(events(*rows), Q3, PLAIN, by="kind", broken={("reported_crime", "Klotter")})
    assert only(whole)["gate"]
    assert whole.broken == frozenset()
