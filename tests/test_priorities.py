"""Priorities: the matrix by hand, and who stands where when a criterion is left out."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from frames import events
from hypothesis import given
from hypothesis import strategies as st

from est_analysis.counts import compare_rates, poisson_interval
from est_analysis.measures.priorities import CRITERIA, fields, matrix
from est_analysis.patterns.hotspots import places
from est_analysis.periods import parse
from est_analysis.reports.findings_of_priorities import order_finding
from est_analysis.reports.language import Language

Q3 = parse("2026Q3")
COLUMNS = ["place", *CRITERIA, "need", "best", "worst", "influence"]
TOLD = [name for name in CRITERIA if name != "deviating"]  # no gazetteer: nothing deviates


def problems(**judged):
    rows = [(place, influence) for place, influence in judged.items()]
    return pd.DataFrame(rows, columns=["plats", "paverkbarhet"]).astype({"paverkbarhet": float})


def test_a_year_before_that_nobody_delivered_is_no_increase():
    table = events({"place": "A", "count": 10}, {"place": "B", "count": 6, "severity": 3})
    found = matrix(places(table, Q3, smallest=2), table, None, problems()).table
    assert found["increasing"].isna().all()
    # ranks: A 1 1 2, B 2 1 1
    assert found["need"].tolist() == [pytest.approx(4 / 3)] * 2
    assert found["place"].tolist() == ["A", "B"]


def test_a_place_that_no_criterion_speaks_of_has_no_need():
    found = laid_out([{"place": "A", "kind": "physical_defect", "count": 9}])
    assert found.empty
    assert set(COLUMNS) <= set(found.columns)


def laid_out(now, before=(), register=None, known=None):
    table = events(*now)
    return matrix(
        places(table, Q3, smallest=2),
        table,
        events(*before),
        problems() if register is None else register,
        known,
    ).table


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
    # ranks: A 1 3 2 2, B 2 1 2 1, C 3 2 1 2
    assert found[["place", *TOLD, "need", "best", "worst"]].to_numpy().tolist() == [
        ["B", 8, 7, 0, 6, 1.5, 1, 1],
        ["A", 10, -2, 0, 0, 2.0, 1, 3],
        ["C", 3, 3, 4, 0, 2.0, 2, 3],
    ]
    assert found["influence"].tolist() == [2, 1, pytest.approx(np.nan, nan_ok=True)]


def test_what_is_only_known_to_an_area_is_in_no_place():
    rough = {"place": "A", "place_precision": "area", "count": 50, "severity": 3}
    found = laid_out([{"place": "A", "count": 5}, rough], [rough])
    assert found.loc[0, TOLD].tolist() == [5, 5, 0, 0]


def test_no_places_are_no_matrix():
    found = laid_out([])
    assert set(COLUMNS) <= set(found.columns)
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
    table = found.set_index("place")[TOLD]
    higher = {c: [int((table[c] > v).sum()) + 1 for v in table[c]] for c in TOLD}
    need = np.mean([higher[c] for c in TOLD], axis=0)
    faults = [] if np.allclose(need, found["need"]) else ["need"]
    if list(need) != sorted(need):
        faults.append("order")
    places_without = []
    for left_out in TOLD:
        mean = np.mean([higher[c] for c in TOLD if c != left_out], axis=0)
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


# the group's own judgements, and what deviates from its sort


def graded(**columns):
    """Return the register's problems at A, B, ..., with grades by place."""
    n = max(len(values) for values in columns.values())
    base = {"id": [f"P{i}" for i in range(n)], "plats": list("ABCDEFGH")[:n]}
    return pd.DataFrame({**base, "paverkbarhet": np.nan, **columns})


FOUR = [{"place": place, "count": n} for place, n in zip("ABCD", (40, 30, 20, 10), strict=True)]


def whole(now, register=None, known=None):
    table = events(*now)
    listed = problems() if register is None else register
    return matrix(places(table, Q3, smallest=2), table, None, listed, known)


def test_a_grade_is_weighed_only_where_every_place_has_one():
    some = whole(FOUR, graded(signalbrott=[1.0, 1.0, 1.0, np.nan]))
    assert "signalbrott" not in some.weighed
    assert some.table["signalbrott"].tolist()[:3] == [1, 1, 1]
    every = whole(FOUR, graded(signalbrott=[1.0, 1.0, 1.0, 3.0]))
    assert "signalbrott" in every.weighed
    need = {w: f.table.set_index("place")["need"] for w, f in (("some", some), ("every", every))}
    assert need["every"]["D"] < need["some"]["D"]


def test_a_place_deviates_from_the_others_of_its_sort():
    known = pd.DataFrame(
        {
            "name": [*"ABCD", "E", "F"],
            "place_type": ["torg", "torg", "torg", "torg", "park", "torg"],
        }
    )
    table = whole(FOUR, known=known).table.set_index("place")
    # the others of A are B, C, D and F, which holds nothing: 60 / 4
    assert table.loc["A", "deviating"] == pytest.approx(40 - 15)
    alone = known.assign(place_type=["torg", *["park"] * 5])
    table = whole(FOUR, known=alone).table.set_index("place")  # no other square: all the others
    assert table.loc["A", "deviating"] == pytest.approx(40 - 60 / 5)


def test_the_registers_places_are_there_however_few_their_crimes_unless_they_left_the_list():
    many = [{"place": f"P{i:02d}", "count": 50 - i} for i in range(25)]
    feared = [{"place": "A", "kind": "unsafe_place", "count": 2}]
    found = whole([*many, *feared], graded(status=["Öppet"])).table
    assert found["place"].tolist()[-1] == "A"
    assert found["problems"].tolist()[-1] == "P0"
    closed = whole([*many, *feared], graded(status=["Avslutat"])).table
    assert "A" not in set(closed["place"])


def test_intervals_are_the_exact_ones():
    table = events(*FOUR)
    before = events({"place": "A", "count": 20})
    found = matrix(places(table, Q3, smallest=2), table, before, problems()).table
    row = found.set_index("place").loc["A"]
    exact = poisson_interval(40)
    assert (row["low"], row["high"]) == (exact.low, exact.high)
    ratio = compare_rates(40, 1, 20, 1).interval
    assert (row["ratio_low"], row["ratio_high"]) == (ratio.low, ratio.high)


# how far the order holds


def test_an_order_far_apart_holds_and_a_close_one_does_not():
    def at(*counts):
        severe = {"kind": "event", "severity": 3}
        return [
            row
            for place, n in zip("ABCDEF", counts, strict=True)
            for row in ({"place": place, "count": n}, {"place": place, "count": n, **severe})
        ]

    apart = whole(at(900, 600, 400, 9, 6, 3))
    assert apart.holds
    assert apart.same["both"] > 0.95
    assert apart.table["top"].tolist()[:3] == pytest.approx([1, 1, 1], abs=0.02)
    close = whole(at(12, 11, 10, 9, 9, 8))
    assert not close.holds
    assert close.table["top"].max() < 0.9
    assert (close.table["last"] - close.table["first"]).min() >= 2
    assert close.same["counts"] < close.same["weights"]


def test_shares_of_the_first_three_sum_to_three_and_ranks_hold_the_middle():
    found = whole(FOUR).table
    assert found["top"].sum() == pytest.approx(3)
    assert (found["first"] <= found["last"]).all()


def test_the_order_is_tried_the_same_each_time():
    one, other = whole(FOUR), whole(FOUR)
    assert one.same == other.same
    pd.testing.assert_frame_equal(one.table, other.table)


def test_three_places_have_no_order_to_try():
    found = whole(FOUR[:3])
    assert found.same == {}
    assert not found.holds
    assert "för få" in Language("sv").say(order_finding(found).sentences[None])


def test_the_sentence_says_whether_the_order_holds():
    base = whole(FOUR)
    same = {"weights": 0.9, "counts": 0.9, "both": 0.85}
    holds = Language("sv").say(order_finding(replace(base, same=same)).sentences[None])
    assert "Ordningen håller: A, B och C kommer först i 85" in holds
    unsure = Language("sv").say(
        order_finding(replace(base, same={**same, "both": 0.6})).sentences[None]
    )
    assert "Ordningen är osäker" in unsure
    assert "byts ut i 40" in unsure


def test_four_fields():
    register = graded(paverkbarhet=[3.0, 1.0, np.nan], resurser=[2.0, 1.0, np.nan])
    laid = fields(whole(FOUR, register)).set_index("place")
    assert laid["influence"].tolist() == ["good", "small", "unjudged", "unjudged"]
    dear = register.assign(kostnad=[3.0, 1.0, np.nan])  # (3 + 2 + 1) / 3, (1 + 1 + 3) / 3
    assert fields(whole(FOUR, dear))["influence"].tolist()[:2] == ["small", "small"]
    assert set(laid["need"]) == {"great"}
    many = whole([{"place": f"P{i}", "count": 50 - i} for i in range(9)])
    assert fields(many)["need"].tolist() == ["great"] * 5 + ["less"] * 4
