"""Priorities: the matrix by hand, and who stands where when a criterion is left out."""

import numpy as np
import pandas as pd
import pytest
from frames import events
from hypothesis import given
from hypothesis import strategies as st

from est_analysis.measures.priorities import CRITERIA, matrix
from est_analysis.patterns.hotspots import places
from est_analysis.periods import parse

Q3 = parse("2026Q3")
COLUMNS = ["place", *CRITERIA, "need", "best", "worst", "influence"]


def problems(**judged):
    rows = [(place, influence) for place, influence in judged.items()]
    return pd.DataFrame(rows, columns=["plats", "paverkbarhet"]).astype({"paverkbarhet": float})


def test_a_year_before_that_nobody_delivered_is_no_increase():
    table = events({"place": "A", "count": 10}, {"place": "B", "count": 6, "severity": 3})
    found = matrix(places(table, Q3, smallest=2), table, None, problems())
    assert found["increasing"].isna().all()
    # ranks: A 1 1 2, B 2 1 1
    assert found["need"].tolist() == [pytest.approx(4 / 3)] * 2
    assert found["place"].tolist() == ["A", "B"]


def test_a_place_that_no_criterion_speaks_of_has_no_need():
    found = laid_out([{"place": "A", "kind": "physical_defect", "count": 9}])
    assert found.empty
    assert list(found.columns) == COLUMNS


def laid_out(now, before=(), register=None):
    table = events(*now)
    return matrix(
        places(table, Q3, smallest=2),
        table,
        events(*before),
        problems() if register is None else register,
    )


def test_the_matrix_by_hand():
    now = [
        {"place": "A", "count": 10},
        {"place": "B", "count": 6, "severity": 3},
        {"place": "B", "count": 2, "severity": 2},
        {"place": "C", "count": 3},
        {"place": "C", "kind": "unsafe_place", "count": 4},
    ]
    before = [
        {"place": "A", "count": 12},
        {"place": "B", "count": 1},
        {"place": "B", "count": 40, "kind": "event"},
    ]
    found = laid_out(now, before, problems(**{"b ": 2, "A": 1, "X": 3}))
    assert list(found.columns) == COLUMNS
    # ranks: A 1 3 2 2, B 2 1 2 1, C 3 2 1 2
    assert found[[*COLUMNS[:6], "best", "worst"]].to_numpy().tolist() == [
        ["B", 8, 7, 0, 6, 1.5, 1, 1],
        ["A", 10, -2, 0, 0, 2.0, 1, 3],
        ["C", 3, 3, 4, 0, 2.0, 2, 3],
    ]
    assert found["influence"].tolist() == [2, 1, pytest.approx(np.nan, nan_ok=True)]


def test_what_is_only_known_to_an_area_is_in_no_place():
    rough = {"place": "A", "place_precision": "area", "count": 50, "severity": 3}
    found = laid_out([{"place": "A", "count": 5}, rough], [rough])
    assert found.loc[0, list(CRITERIA)].tolist() == [5, 5, 0, 0]


def test_no_places_are_no_matrix():
    found = laid_out([])
    assert list(found.columns) == COLUMNS
    assert found.empty


def test_ten_of_the_twenty_with_most_crime_are_shown():
    crimes = [{"place": f"P{i:02d}", "count": 50 - i} for i in range(25)]
    feared = [{"place": "P19", "kind": "unsafe_place", "count": 99}]
    beyond = [{"place": "P20", "kind": "unsafe_place", "count": 999}]
    found = laid_out([*crimes, *feared, *beyond])
    assert len(found) == 10
    assert set(found["place"]) <= {f"P{i:02d}" for i in range(20)}


def rank_faults(found):
    """Return what in the order of a matrix contradicts its own criteria; all places are shown."""
    table = found.set_index("place")[list(CRITERIA)]
    higher = {c: [int((table[c] > v).sum()) + 1 for v in table[c]] for c in CRITERIA}
    need = np.mean([higher[c] for c in CRITERIA], axis=0)
    faults = [] if np.allclose(need, found["need"]) else ["need"]
    if list(need) != sorted(need):
        faults.append("order")
    places_without = []
    for left_out in CRITERIA:
        mean = np.mean([higher[c] for c in CRITERIA if c != left_out], axis=0)
        places_without.append([int((mean < m - 1e-9).sum()) + 1 for m in mean])
    if found["best"].tolist() != np.min(places_without, axis=0).tolist():
        faults.append("best")
    if found["worst"].tolist() != np.max(places_without, axis=0).tolist():
        faults.append("worst")
    return faults


_FIVE = st.lists(st.integers(0, 6), min_size=5, max_size=5)


def five(crimes, fear, severe):
    kinds = (("reported_crime", crimes, None), ("unsafe_place", fear, None), ("event", severe, 3))
    return [
        {"place": place, "kind": kind, "count": n, "severity": severity}
        for kind, counts, severity in kinds
        for place, n in zip("ABCDE", counts, strict=True)
        if n
    ]


@given(crimes=_FIVE, fear=_FIVE, severe=_FIVE, before=_FIVE)
def test_ranks_follow_from_the_criteria(crimes, fear, severe, before):
    found = laid_out(five(crimes, fear, severe), five(before, [0] * 5, [0] * 5))
    assert rank_faults(found) == []


def test_a_wrong_rank_is_noticed():
    found = laid_out(five([5, 4, 3, 2, 2], [2, 0, 3, 0, 0], [0, 2, 0, 0, 3]))
    assert rank_faults(found) == []
    assert rank_faults(found[::-1]) == ["order"]
    assert rank_faults(found.assign(best=found["best"] + 1)) == ["best"]
    assert rank_faults(found.assign(commonest=found["commonest"].iloc[::-1].to_numpy())) != []
