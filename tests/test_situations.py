"""Situations: Gower by hand, types that are found again, frozen and sorted into without loss."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
from frames import events, settings
from hypothesis import given
from hypothesis import strategies as st

from est_analysis import periods
from est_analysis.errors import ReportError
from est_analysis.patterns import situations
from est_analysis.patterns.situations import (
    DISSOLVED,
    Typology,
    distinguishing,
    fitting_period,
    gower,
    jaccard,
    sort_into,
    thawed,
    typology,
)
from est_analysis.patterns.traits import MAIN, traits

SCHOOL = {"group": "Skadegörelse", "place_type": "skola", "start": "2026-07-01 20:00"}
CARS = {"group": "Stöld ur fordon", "place_type": "parkering", "start": "2026-07-03 02:00"}
TOWN = {"group": "Misshandel", "place_type": "torg", "start": "2026-07-04 23:00"}
YEAR, QUARTER = periods.parse("2025"), periods.parse("2026Q3")


def settings_for(minimum, **parts):
    return settings(thresholds={"minimum_situations": minimum}, **parts)


def fitted(table, minimum=20):
    return typology(table, settings_for(minimum), kind="reported_crime", fitted=YEAR)


def sorted_by(table, frozen, **parts):
    return sort_into(table, frozen, QUARTER, settings_for(20, **parts))


def names(frozen):
    return [(tuple(one.name.values()), one.n) for one in frozen.types]


def by_hand(left, right, weights):
    """Gower's distance of two rows as he wrote it; None is an unknown trait."""
    pairs = [
        (w, a != b) for a, b, w in zip(left, right, weights, strict=True) if None not in (a, b)
    ]
    total = sum(w for w, _ in pairs)
    return sum(w for w, differs in pairs if differs) / total if total else 1.0


def distances(left, right, weights):
    one, other = (np.array([[-1 if v is None else v for v in r] for r in t]) for t in (left, right))
    return gower(one, other, weights=weights, unlike=[None] * len(weights))


def test_gower_by_hand():
    # of weights 2, 2, 1, 1: the third is unknown to one, so 5 count, of which 2 + 1 differ
    assert distances([[1, 2, 3, 4]], [[1, 9, None, 5]], [2, 2, 1, 1])[0, 0] == pytest.approx(0.6)
    assert distances([[1, 2, 3, 4]], [[1, 2, 3, 4]], [2, 2, 1, 1])[0, 0] == 0
    assert distances([[None, 2]], [[1, None]], [1, 1])[0, 0] == 1  # nothing known for both


def test_factors_compare_by_what_they_share():
    apart = situations._unlike_sets([{"insyn"}, {"insyn", "skräp"}, {"mörker"}])
    assert apart.tolist() == [[0, 0.5, 1], [0.5, 0, 1], [1, 1, 0]]
    codes = np.array([[0], [1], [-1]])
    found = gower(codes, codes, weights=[1.0], unlike=[apart])
    assert found.tolist() == [[0, 0.5, 1], [0.5, 0, 1], [1, 1, 1]]


_VALUE = st.sampled_from([None, 0, 1, 2])
_TABLE = st.lists(st.tuples(_VALUE, _VALUE, _VALUE, _VALUE), min_size=1, max_size=7)


@given(left=_TABLE, right=_TABLE, seed=st.integers(0, 99))
def test_gower_is_what_was_written_symmetric_and_blind_to_order(left, right, seed):
    weights = [2.0, 2.0, 1.0, 1.0]
    there = distances(left, right, weights)
    expected = [[by_hand(a, b, weights) for b in right] for a in left]
    np.testing.assert_allclose(there, expected, atol=1e-6)
    np.testing.assert_array_equal(there.T, distances(right, left, weights))
    order = np.random.default_rng(seed).permutation(len(left))
    np.testing.assert_array_equal(there[order], distances([left[i] for i in order], right, weights))
    columns = np.random.default_rng(seed).permutation(4)
    moved = [[tuple(row[c] for c in columns) for row in table] for table in (left, right)]
    np.testing.assert_allclose(there, distances(*moved, [weights[c] for c in columns]), atol=1e-6)


def test_the_reference_notices_an_unknown_trait_taken_for_a_value():
    wrong = gower(np.array([[0, 9]]), np.array([[0, 3]]), weights=[1, 1], unlike=[None, None])
    assert wrong[0, 0] != pytest.approx(by_hand((0, None), (0, 3), [1, 1]))


@pytest.mark.parametrize(
    ("start", "weekend"),
    [
        ("2026-07-03 17:59", "vardag"),  # Friday
        ("2026-07-03 18:00", "helg"),
        ("2026-07-05 12:00", "helg"),
        ("2026-07-06 05:59", "helg"),  # Monday
        ("2026-07-06 06:00", "vardag"),
    ],
)
def test_the_weekend_begins_on_friday_evening(start, weekend):
    assert traits(events({"start": start}))["weekend"].tolist() == [weekend]


def test_a_day_without_a_clock_has_neither_daypart_nor_weekend():
    row = traits(events({"start": "2026-07-04", "time_precision": "day"})).iloc[0]
    assert row[list(MAIN)].tolist() == ["Skadegörelse", "torg", "", ""]
    assert (row["season"], row["severity"]) == ("sommar", "")


def test_factors_are_in_order_and_severity_is_a_word():
    row = traits(events({"factors": "skräp ,insyn", "severity": 3.0})).iloc[0]
    assert (row["factors"], row["severity"]) == ("insyn, skräp", "allvarligt")


def test_below_the_gate_combinations_are_counted_and_rare_ones_left_out():
    table = events(*[SCHOOL] * 6, *[CARS] * 5, *[TOWN] * 4)
    found = fitted(table)
    assert (found.method, found.n, found.fit) == ("configurations", 15, None)
    assert names(found) == [
        (("Skadegörelse", "skola", "kväll", "vardag"), 6),
        (("Stöld ur fordon", "parkering", "natt", "vardag"), 5),
    ]
    assert [one.stability for one in found.types] == [None, None]
    assert sorted_by(table, found).nowhere == 4


def test_one_row_of_many_events_counts_as_many():
    few = fitted(events({**SCHOOL, "count": 7}, CARS))
    assert (few.n, [one.n for one in few.types]) == (8, [7])
    many = fitted(events({**SCHOOL, "count": 7}, *[SCHOOL] * 9, *[CARS] * 10 * 4))
    assert (many.n, [one.n for one in many.types]) == (56, [40, 16])


def test_no_events_are_no_situation():
    found = fitted(events())
    assert (found.n, found.types) == (0, ())
    said = sorted_by(events(), found)
    assert (said.n, said.nowhere, len(said.table)) == (0, 0, 0)


def test_three_plain_situations_are_found_as_they_are():
    table = events(*[SCHOOL] * 40, *[CARS] * 25, *[TOWN] * 15)
    found = fitted(table)
    assert (found.method, found.fit, found.dissolved) == ("k-medoids", 1.0, 0)
    assert [one.n for one in found.types] == [40, 25, 15]
    assert [one.stability for one in found.types] == [1.0] * 3
    assert [list(one.name.values())[:3] for one in found.types] == [
        ["Skadegörelse", "skola", "kväll"],
        ["Stöld ur fordon", "parkering", "natt"],
        ["Misshandel", "torg", "kväll"],
    ]
    said = sorted_by(table, found)
    assert said.table["n"].tolist() == [40, 25, 15]
    assert (said.nowhere, said.now) == (0, 80)


def test_events_all_alike_are_one_situation():
    found = fitted(events(*[SCHOOL] * 25))
    assert [one.n for one in found.types] == [25]
    assert found.types[0].name["group"] == "Skadegörelse"


def test_a_trait_that_everything_has_names_nothing():
    table = events(*[SCHOOL] * 30, *[{**CARS, "start": SCHOOL["start"]}] * 30)
    found = fitted(table)
    assert names(found) == [(("Skadegörelse", "skola"), 30), (("Stöld ur fordon", "parkering"), 30)]


@pytest.mark.parametrize(
    ("inside", "outside", "named"),
    [
        (5, 5, True),  # five of ten: half, and none elsewhere
        (4, 4, False),  # too few
        (5, 6, False),  # less than half
    ],
)
def test_a_name_needs_half_and_five(inside, outside, named):
    own = [{"group": "A"}] * inside + [{"group": f"B{i}"} for i in range(outside)]
    table = events(*own, *({"group": f"C{i}"} for i in range(40)))
    member = np.arange(len(table)) < len(own)
    found = distinguishing(traits(table), np.ones(len(table), np.int64), member)
    assert (found.get("group") == "A") == named


def test_a_name_needs_to_be_surely_commoner_than_among_all():
    table = events(*[{"group": "A"}] * 6, *[{"group": "B"}] * 4, *[{"group": "A"}] * 50)
    member = np.arange(len(table)) < 10
    assert "group" not in distinguishing(traits(table), np.ones(len(table), np.int64), member)


def test_a_single_factor_can_name_a_type():
    own = [{"factors": "insyn, skräp"}] * 4 + [{"factors": "insyn"}] * 3
    table = events(*own, *[{"factors": "belysning"}] * 30)
    member = np.arange(len(table)) < len(own)
    found = distinguishing(traits(table), np.ones(len(table), np.int64), member)
    assert found["factors"] == "insyn"


def mixed(n, seed, year=2026):
    rng = np.random.default_rng(seed)
    return events(
        *(
            {
                "group": rng.choice(["Skadegörelse", "Klotter", "Stöld"]),
                "place_type": rng.choice(["skola", "torg", ""]),
                "start": pd.Timestamp(f"{year}-06-29") + pd.Timedelta(hours=int(rng.integers(168))),
                "time_precision": rng.choice(["minute", "day"], p=[0.8, 0.2]),
                "factors": rng.choice(["", "insyn", "insyn, skräp"]),
                "count": int(rng.integers(1, 4)),
            }
            for _ in range(n)
        )
    )


def lost_or_doubled(said, table):
    """Tell whether some event stands in no line, or in more than one."""
    return int(said.table["n"].sum()) + said.nowhere != int(table["count"].sum())


@pytest.mark.parametrize("n", [20, 137, 1_600])  # the last is more than is fitted
def test_every_event_is_in_one_type_or_in_none(n):
    table = mixed(n, seed=n)
    found = fitted(table)
    assert found.method == "k-medoids"
    assert len(found.types) <= 16
    assert not lost_or_doubled(sorted_by(table, found), table)


def test_a_lost_event_is_noticed():
    table = mixed(50, seed=1)
    said = sorted_by(table, fitted(table))
    assert lost_or_doubled(dataclasses.replace(said, nowhere=said.nowhere + 1), table)


def test_the_order_of_rows_changes_nothing_and_the_gate_is_where_it_is_set():
    table = mixed(200, seed=3)
    mixed_up = table.sample(frac=1, random_state=5)
    assert fitted(table) == fitted(mixed_up)
    one, other = (sorted_by(t, fitted(table)).table for t in (table, mixed_up))
    pd.testing.assert_frame_equal(one, other)
    assert fitted(table, 200).method == "k-medoids"
    assert fitted(table, 201).method == "configurations"


def test_what_has_no_structure_is_dissolved_and_what_has_stands():
    rng = np.random.default_rng(8)
    noise = [
        {"group": f"G{rng.integers(12)}", "place_type": f"P{rng.integers(12)}", "start": start}
        for start in pd.date_range("2025-01-01 12:00", periods=150, freq="7h")
    ]
    found = fitted(events(*noise, *[SCHOOL] * 60))
    assert found.dissolved > 0
    assert all(one.stability >= DISSOLVED for one in found.types)
    assert found.types[0].name["group"] == "Skadegörelse"


def test_jaccard_by_hand():
    # type 0 (three events) comes back as two of its own and one other: 2 of 4, and so does 1
    members = np.array([0, 0, 0, 1, 1, 1])
    again = np.array([0, 0, 1, 0, 1, 1])
    assert jaccard(members, again, 2) == pytest.approx([2 / 4, 2 / 4])
    assert jaccard(members, 1 - members, 2) == pytest.approx([1, 1])  # numbers are no names


def test_an_event_like_no_type_fits_nowhere():
    frozen = fitted(events(*[SCHOOL] * 40, *[CARS] * 25))
    strange = {"group": "Brand", "place_type": "bad", "start": "2026-08-01 13:00"}
    said = sorted_by(events(*[SCHOOL] * 3, strange, {**strange, "count": 2}), frozen)
    assert (said.n, said.nowhere, said.nowhere_now) == (6, 3, 3)
    assert said.table["n"].tolist() == [3, 0]


def test_places_are_shown_from_where_the_group_says_and_hours_from_ten():
    frozen = fitted(events(*[SCHOOL] * 40, *[CARS] * 25))
    rows = [{**SCHOOL, "place": p} for p in ("A-skolan",) * 5 + ("B-skolan",) * 4 + ("C-skolan",)]
    line = sorted_by(events(*rows), frozen).table.iloc[0]
    assert line["places"] == (("A-skolan", 5), ("B-skolan", 4))
    assert line["busiest"] == (2, 17)  # Wednesday 17-21 holds 20:00
    assert sorted_by(events(*rows[:9]), frozen).table.iloc[0]["busiest"] is None
    strict = sorted_by(events(*rows), frozen, disclosure={"smallest_place_count": 5})
    assert strict.table.iloc[0]["places"] == (("A-skolan", 5),)
    cells = sorted_by(events(*({**r, "place_precision": "cell"} for r in rows)), frozen)
    assert cells.table.iloc[0]["places"] == ()


def entry_of(year, kind="reported_crime"):
    frozen = typology(
        events(*[SCHOOL] * 6), settings_for(20), kind=kind, fitted=periods.parse(str(year))
    )
    return json.loads(json.dumps(frozen.entry()))


def test_a_typology_comes_back_from_the_ledger_as_it_was():
    frozen = fitted(mixed(120, seed=2))
    assert frozen.frozen
    assert thawed([json.loads(json.dumps(frozen.entry()))], frozen.kind, QUARTER, None) == frozen
    assert isinstance(frozen, Typology)


def test_a_changed_typology_is_refused():
    entry = entry_of(2025)
    entry["types"][0]["n"] += 1
    with pytest.raises(ReportError, match="2025"):
        thawed([entry], "reported_crime", QUARTER, None)


@pytest.mark.parametrize(
    ("period", "wanted", "year"),
    [
        ("2026Q3", None, "2025"),  # the first that is over: what held goes on to hold
        ("2024Q3", None, "2023"),
        ("2027Q1", None, "2025"),
        ("2027Q1", 2026, "2026"),
        ("2026Q3", 2026, "2025"),  # that year is not over
        ("2022Q1", None, None),
    ],
)
def test_which_frozen_typology_holds(period, wanted, year):
    ledger = [entry_of(2025), entry_of(2023), entry_of(2026), entry_of(2024, "event")]
    found = thawed(ledger, "reported_crime", periods.parse(period), wanted)
    assert (found and found.fitted) == year


def test_an_entry_of_another_version_is_not_read():
    assert thawed([{**entry_of(2025), "version": 0}], "reported_crime", QUARTER, None) is None


@pytest.mark.parametrize(
    ("first", "wanted", "fitted_on"),
    [
        ("2024-12-31", None, "2025"),
        ("2025-01-02", None, "2025-10-01--2026-09-30"),  # no whole year: for the time being
        ("2023-01-01", 2024, "2024"),
        ("2023-01-01", 2026, "2025"),
    ],
)
def test_what_a_typology_is_fitted_on(first, wanted, fitted_on):
    own = settings(situations={} if wanted is None else {"fitted": wanted})
    found = fitting_period(events({"start": first}), "reported_crime", QUARTER, own)
    assert str(found) == fitted_on
