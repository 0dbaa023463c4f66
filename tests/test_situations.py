"""Situations: Gower distances by hand, and a typology that never loses or doubles an event."""

import numpy as np
import pandas as pd
import pytest
from frames import events, settings
from hypothesis import given
from hypothesis import strategies as st

from est_analysis.patterns.situations import TRAITS, gower, traits, typology

SCHOOL = {"group": "Skadegörelse", "place_type": "skola", "start": "2026-07-01 20:00"}
CARS = {"group": "Stöld ur fordon", "place_type": "parkering", "start": "2026-07-03 02:00"}
TOWN = {"group": "Misshandel", "place_type": "torg", "start": "2026-07-04 23:00"}


def settings_for(minimum):
    return settings(thresholds={"minimum_situations": minimum})


def by_hand(left, right, weights):
    """Gower's distance of two rows as he wrote it; None is an unknown trait."""
    pairs = [
        (w, a != b) for a, b, w in zip(left, right, weights, strict=True) if None not in (a, b)
    ]
    total = sum(w for w, _ in pairs)
    return sum(w for w, differs in pairs if differs) / total if total else 1.0


def distances(left, right, weights):
    codes = [np.array([[-1 if v is None else v for v in row] for row in t]) for t in (left, right)]
    known = [np.array([[v is not None for v in row] for row in t]) for t in (left, right)]
    return gower(codes[0], known[0], codes[1], known[1], weights=weights)


def test_gower_by_hand():
    # of weights 2, 2, 1, 1: the third is unknown to one, so 5 count, of which 2 + 1 differ
    assert distances([[1, 2, 3, 4]], [[1, 9, None, 5]], [2, 2, 1, 1])[0, 0] == pytest.approx(0.6)
    assert distances([[1, 2, 3, 4]], [[1, 2, 3, 4]], [2, 2, 1, 1])[0, 0] == 0
    assert distances([[None, 2]], [[1, None]], [1, 1])[0, 0] == 1  # nothing known for both


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
    known = np.ones((1, 2), dtype=bool)
    wrong = gower(np.array([[0, -1]]), known, np.array([[0, 3]]), known, weights=[1, 1])
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
    assert row.to_dict() == {
        "group": "Skadegörelse",
        "place_type": "torg",
        "daypart": "",
        "weekend": "",
    }


def test_below_the_gate_combinations_are_counted_and_rare_ones_left_out():
    found = typology(events(*[SCHOOL] * 6, *[CARS] * 5, *[TOWN] * 4), settings_for(20))
    assert found.method == "configurations"
    assert found.n == 15
    assert found.table[[*TRAITS, "n"]].values.tolist() == [
        ["Skadegörelse", "skola", "kväll", "vardag", 6],
        ["Stöld ur fordon", "parkering", "natt", "vardag", 5],
    ]
    assert found.table["share"].tolist() == pytest.approx([6 / 15, 5 / 15])
    assert found.table["fit"].isna().all()


def test_one_row_of_many_events_counts_as_many():
    few = typology(events({**SCHOOL, "count": 7}, CARS), settings_for(20))
    assert (few.n, few.table["n"].tolist()) == (8, [7])
    many = typology(events({**SCHOOL, "count": 7}, *[SCHOOL] * 9, *[CARS] * 10), settings_for(20))
    assert (many.n, many.table["n"].tolist()) == (26, [16, 10])


def test_no_events_are_no_situation():
    found = typology(events(), settings_for(20))
    assert (found.n, len(found.table)) == (0, 0)
    assert list(found.table) == [*TRAITS, "n", "share", "fit"]


def test_three_plain_situations_are_found_as_they_are():
    found = typology(events(*[SCHOOL] * 30, *[CARS] * 20, *[TOWN] * 10), settings_for(20))
    assert found.method == "k-medoids"
    assert found.table["n"].tolist() == [30, 20, 10]
    assert found.table["group"].tolist() == ["Skadegörelse", "Stöld ur fordon", "Misshandel"]
    assert found.table["place_type"].tolist() == ["skola", "parkering", "torg"]
    assert found.table["fit"].tolist() == pytest.approx([1.0] * 3)


def test_events_all_alike_are_one_situation():
    found = typology(events(*[SCHOOL] * 25), settings_for(20))
    assert found.table["n"].tolist() == [25]
    assert found.table["share"].tolist() == [1]


def mixed(n, seed):
    rng = np.random.default_rng(seed)
    return events(
        *(
            {
                "group": rng.choice(["Skadegörelse", "Klotter", "Stöld"]),
                "place_type": rng.choice(["skola", "torg", ""]),
                "start": pd.Timestamp("2026-06-29") + pd.Timedelta(hours=int(rng.integers(168))),
                "time_precision": rng.choice(["minute", "day"], p=[0.8, 0.2]),
                "count": int(rng.integers(1, 4)),
            }
            for _ in range(n)
        )
    )


def lost_or_doubled(found, table):
    """Tell whether some event stands in no type, or in more than one."""
    in_types = int(found.table["n"].sum())
    return in_types != int(table["count"].sum()) or abs(found.table["share"].sum() - 1) > 1e-9


@pytest.mark.parametrize("n", [20, 137, 1_600])  # the last is more than is fitted
def test_every_event_is_in_exactly_one_type(n):
    table = mixed(n, seed=n)
    found = typology(table, settings_for(20))
    assert found.method == "k-medoids"
    assert 2 <= len(found.table) <= 8
    assert not lost_or_doubled(found, table)


def test_a_lost_event_is_noticed():
    table = mixed(50, seed=1)
    found = typology(table, settings_for(20))
    found.table.loc[0, "n"] -= 1
    assert lost_or_doubled(found, table)


def test_the_same_events_give_the_same_typology_and_the_gate_is_where_it_is_set():
    table = mixed(200, seed=3)
    first, second = (typology(table, settings_for(100)) for _ in range(2))
    pd.testing.assert_frame_equal(first.table, second.table)
    assert typology(table, settings_for(200)).method == "k-medoids"
    assert typology(table, settings_for(201)).method == "configurations"
