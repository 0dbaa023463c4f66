"""Places first: the ranking by hand, what it hides, and where nothing can be compared."""

import numpy as np
import pandas as pd
import pytest
from frames import events, settings
from frames_of_places import FULL

from est_analysis.counts import compare_rates
from est_analysis.patterns import concentration, units
from est_analysis.patterns.few import few
from est_analysis.patterns.peaks import BLOCK, FEWEST, peak
from est_analysis.patterns.ranked import basis, commonest_of, rank, year_before
from est_analysis.periods import parse

Q3 = parse("2026Q3")
COVERED = {"polis": {"covers_from": pd.Timestamp("2023-01-01").date()}}
NOW, BEFORE = "2026-08-01 12:00", "2025-08-01 12:00"


def ranked(table, *, smallest=2, by=None, sources=COVERED, missing=(), **kwargs):
    own = settings(sources=sources, disclosure={"smallest_place_count": smallest})
    return rank(basis(table, Q3, own, missing=missing), Q3, own, units=by, **kwargs)


def at(place, n, start=NOW, **row):
    return {"place": place, "count": n, "start": start, **row}


def test_a_place_has_its_year_the_one_before_and_what_happens_there():
    table = events(
        at("Torget", 9, group="Klotter"),
        at("Torget", 2, group="Stöld"),
        at("Torget", 1, group="Rån"),  # one event of a group is not told
        at("Torget", 4, BEFORE),
        at("Torget", 3, "2025-11-01"),  # the twelve months, not the quarter
        at("Parken", 6, BEFORE),
        at("Parken", 2),
        at("Kiosken", 1),  # counted, not listed
    )
    found = ranked(table, dispersion=1.0)
    first, second = found.table.to_dict("records")
    assert (first["name"], first["n"], first["before"], first["now"]) == ("Torget", 15, 4, 12)
    assert first["season"] == 4 and first["seasons"] == 3
    assert first["groups"] == ["Klotter", "Skadegörelse", "Stöld"]
    by_hand = compare_rates(15, 365, 4, 365)
    assert (first["ratio"], first["ratio_low"], first["ratio_high"]) == (
        by_hand.ratio,
        by_hand.interval.low,
        by_hand.interval.high,
    )
    assert (first["state"], second["state"]) == ("growing", "sporadic")
    assert first["share"] == 15 / 18 and (found.n, found.places) == (18, 3)
    assert found.states["growing"] == 1 and sum(found.states.values()) == 2


def test_unrest_widens_and_never_narrows():
    table = events(at("Torget", 20), at("Torget", 8, BEFORE), at("Parken", 3))
    calm, restless = (ranked(table, dispersion=phi).table.iloc[0] for phi in (1.0, 3.0))
    assert restless["ratio_low"] < calm["ratio_low"] < calm["ratio_high"] < restless["ratio_high"]
    assert ranked(table).dispersion >= 1


def exposed(table, smallest):
    """Return the columns in which a ranked table shows, or lets be worked out, too few events."""
    told = [
        column
        for column in ("n", "before", "now", "season")
        if ((table[column] > 0) & (table[column] < smallest)).any()
    ]
    worked_out = table["ratio"] * 0 + table["n"] / table["ratio"]
    few_before = (worked_out > 0) & (worked_out < smallest - 0.01)
    return told + (["ratio"] if few_before.any() else [])


def many(seed):
    rng = np.random.default_rng(seed)
    return events(
        *(
            at(f"P{place}", int(n), start, group=f"G{place % 3}")
            for place in range(30)
            for start in (NOW, BEFORE, "2025-12-01", "2024-08-01")
            for n in [rng.integers(0, 6)]
            if n
        )
    )


@pytest.mark.parametrize("smallest", [2, 4])
def test_nothing_below_the_smallest_count_is_shown_or_can_be_worked_out(smallest):
    for seed in range(5):
        assert exposed(ranked(many(seed), smallest=smallest).table, smallest) == []


def test_a_shown_single_event_is_noticed():
    good = ranked(many(1), smallest=4).table
    assert exposed(good.assign(before=1.0), 4) == ["before"]
    assert exposed(good.assign(ratio=good["n"] / 2), 4) == ["ratio"]
    assert "n" in exposed(ranked(many(1), smallest=2).table.assign(n=1), 4)


def test_what_is_not_covered_is_not_compared():
    table = events(at("Torget", 9), at("Torget", 4, BEFORE))
    new = {"polis": {"covers_from": pd.Timestamp("2026-01-01").date()}}
    for found in (ranked(table, sources=new), ranked(table, missing=["reported_crime"])):
        assert not found.covered and found.states == {}
        assert found.table[["before", "ratio", "ratio_low"]].isna().all(axis=None)
        assert found.table["state"].tolist() == [""]
    assert ranked(table).covered
    silent = events(at("Torget", 9, "2025-12-01"), at("Torget", 9, "2025-11-30"))
    assert not ranked(silent).covered


def test_the_year_before_is_counted_as_it_was_known_then():
    late = {"registered": "2026-09-30"}
    table = events(
        at("Torget", 9, **late), at("Torget", 4, BEFORE, registered="2025-08-03"),
        at("Torget", 7, BEFORE, registered="2026-06-01"),
    )  # fmt: skip
    assert ranked(table).table["before"].tolist() == [4]


def test_nothing_one_event_and_one_address():
    assert ranked(events()).table.empty and ranked(events()).kind == "reported_crime"
    alone = ranked(events(at("Torget", 1)))
    assert alone.table.empty and (alone.n, alone.places) == (1, 1)
    one = ranked(events(*[at("Torget", 1)] * 40))
    assert one.table["n"].tolist() == [40] and one.table["share"].tolist() == [1]


def test_where_there_is_no_crime_what_there_is_is_ranked():
    found = ranked(events(at("Torget", 3, kind="unsafe_place"), at("Torget", 9, kind="upcoming")))
    assert (found.kind, found.table["n"].tolist()) == ("unsafe_place", [3])


def test_kinds_are_never_summed():
    table = events(at("Torget", 3), at("Torget", 50, kind="event"))
    assert ranked(table).table["n"].tolist() == [3]


def test_one_event_on_a_short_stretch_does_not_top_the_rates():
    rows = [{"x": 50.0 + 100 * (i % 9), "y": 310.0, "count": 6} for i in range(9)]
    table = events(*rows, {"x": 450.0, "y": 850.0, "count": 2})
    by = units.streets(table, FULL)
    short = np.where(np.arange(18) == 17, 0.02, 1.0)  # two metres
    found = ranked(table, by=units.Units("stretch", by.number, short, lines=by.lines, at=by.at))
    low = found.table.set_index("n").loc[2]
    high = found.table[found.table["n"] == 6]
    assert low["rate"] > high["rate"].max()
    assert low["shrunken"] < low["rate"] / 3
    assert found.mean == pytest.approx(56 / 17.02)


def test_the_twelve_months_before_are_by_the_calendar():
    year = Q3.year_to_end()
    assert str(year_before(year)) == "2024-10-01--2025-09-30"


def test_commonest_values_are_those_often_enough():
    table = pd.DataFrame({"of": [1, 1, 1, 2], "g": ["a", "b", "", "a"], "count": [3, 1, 9, 2]})
    assert commonest_of(table, "of", "g", 2) == {1: ["a"], 2: ["a"]}
    assert commonest_of(table, "of", "g", 1, most=1) == {1: ["a"], 2: ["a"]}


# when


def hours(*clocks):
    return events(
        *({"start": f"2026-07-{1 + i % 28:02d} {h:02d}:30"} for i, h in enumerate(clocks))
    )


def test_a_peak_is_told_where_it_stands_out_from_even_and_from_few():
    evening = peak(hours(*[20, 21, 22] * 10), longest_span_hours=72)
    assert evening.hour is not None and {20, 21, 22} <= {
        (evening.hour + k) % 24 for k in range(BLOCK)
    }
    assert evening.hour_share == pytest.approx(1)
    even = peak(hours(*range(24)), longest_span_hours=72)
    assert even.enough and even.hour is None and even.day is None
    few_ones = peak(hours(*[21] * (FEWEST - 1)), longest_span_hours=72)
    assert not few_ones.enough and few_ones.hour is None
    assert peak(events(), longest_span_hours=72).n == 0


def test_even_places_seldom_have_a_peak():
    rng = np.random.default_rng(3)
    found = [peak(hours(*rng.integers(0, 24, 30)), longest_span_hours=72) for _ in range(300)]
    assert np.mean([one.hour is not None for one in found]) < 0.08


# few places


def test_few_places_hold_half_and_stay_the_same():
    rows = [{"x": 50.0, "y": 310.0, "count": 20, "start": s} for s in (NOW, BEFORE)]
    rows += [
        {"x": 50.0 + 100 * i, "y": 310.0, "count": 5, "start": s}
        for s in (NOW, BEFORE)
        for i in range(1, 9)
    ]
    table = events(*rows)
    own = settings(sources=COVERED)
    found = few(basis(table, Q3, own), units.streets(table, FULL))
    half = found.found.holders[0.5]
    assert (found.found.n, found.found.places, found.found.empty) == (60, 18, 9)
    assert half.value == 3 and half.value < half.low
    assert found.same.both == found.same.now == 9
    assert few(basis(table, Q3, own), None) is None


def test_by_lot_is_not_called_concentrated():
    rng = np.random.default_rng(5)
    table = events(*({"x": float(x), "y": 310.0} for x in rng.uniform(0, 900, 60)))
    by = units.streets(table, FULL)
    only = units.Units("stretch", by.number, np.r_[np.ones(9), np.zeros(9)])
    half = few(basis(table, Q3, settings()), only).found.holders[0.5]
    assert half.low <= half.value <= half.high
    assert few(basis(events(), Q3, settings()), by).found.n == 0
    assert not few(basis(table.head(concentration.FEWEST - 1), Q3, settings()), by).found.gate
