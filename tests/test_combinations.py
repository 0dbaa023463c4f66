"""Combinations: Fisher by the book, the gate, and quiet towns that stay quiet."""

import numpy as np
import pandas as pd
import pytest
from chance import at_most
from frames import events
from scipy.stats import fisher_exact

from est_analysis.patterns import combinations as combinations_module
from est_analysis.patterns.combinations import combinations, excess


def rows(group, place_type, clock, n, first="2026-06-01"):  # a Monday
    days = pd.date_range(first, periods=n, freq="7D")
    return [
        {
            "group": group,
            "place_type": place_type,
            "place": f"{place_type} {i % 3}",
            "start": f"{day:%Y-%m-%d} {clock}",
        }
        for i, day in enumerate(days)
    ]


NIGHTS = [
    *rows("Skadegörelse", "park", "02:00", 15, "2026-06-02"),
    *rows("Skadegörelse", "park", "12:00", 10),
    *rows("Skadegörelse", "skola", "12:00", 60),
    *rows("Stöld", "park", "12:00", 20, "2026-06-03"),
]


def test_the_excess_is_fishers():
    rng = np.random.default_rng(4)
    whole = rng.integers(20, 90, 40)
    there, then = rng.integers(1, whole), rng.integers(1, whole)
    n = rng.hypergeometric(there, whole - there, then)
    for k, m, t, w, p in zip(n, there, then, whole, excess(n, there, then, whole), strict=True):
        table = [[k, m - k], [t - k, w - m - t + k]]
        assert p == pytest.approx(fisher_exact(table, alternative="greater").pvalue, abs=1e-9)


def test_a_planted_combination_is_found_with_its_figures():
    found = combinations(events(*NIGHTS))
    assert (found.n, found.tried) == (105, 6)  # three groups at places, at two times
    line = found.table.set_index("place_type").loc["park"]
    assert line[["group", "daypart", "weekend"]].tolist() == ["Skadegörelse", "natt", "vardag"]
    assert (line["n"], line["there"], line["share"]) == (15, 25, 0.6)
    assert (line["elsewhere"], line["others"]) == (0, 0)
    assert line["low"] < 0.6 < line["high"]


def test_several_reports_of_one_day_and_place_are_one_occasion():
    once = [{**row, "start": "2026-06-02 02:00", "place": "park 0"} for row in NIGHTS[:15]]
    found = combinations(events(*once, *NIGHTS[15:]))
    assert found.n == 91
    assert found.table.empty


def test_a_time_that_the_group_has_everywhere_is_no_finding():
    everywhere = [*NIGHTS, *rows("Skadegörelse", "skola", "02:00", 90, "2026-06-02")]
    assert combinations(events(*everywhere)).table.empty


@pytest.mark.parametrize(("there", "tried"), [(9, 0), (10, 1)])
def test_the_gate_is_ten_occasions_at_a_sort_of_place(there, tried):
    assert combinations(events(*rows("Stöld", "torg", "12:00", there))).tried == tried


def test_a_group_at_one_sort_of_place_only_has_nothing_to_be_held_against():
    own = [*rows("Stöld", "torg", "12:00", 20), *rows("Stöld", "torg", "02:00", 20)]
    assert combinations(events(*own)).table.empty


def test_nothing_known_is_nothing_tried():
    found = combinations(events(*({**row, "time_precision": "day"} for row in NIGHTS)))
    assert (found.n, found.tried, len(found.table)) == (0, 0, 0)
    assert combinations(events()).tried == 0


def test_the_order_of_rows_changes_nothing():
    table = events(*NIGHTS)
    mixed_up = table.sample(frac=1, random_state=2)
    pd.testing.assert_frame_equal(combinations(table).table, combinations(mixed_up).table)


def quiet(seed, shape=(4, 4, 8), n=300):
    """Return occasions whose times hang on the group alone; times are eight, places stay apart."""
    rng = np.random.default_rng(seed)
    times = [f"2026-06-0{day} {hour:02d}:30" for day in (2, 6) for hour in (2, 10, 16, 20)]
    rhythm = rng.dirichlet(np.ones(shape[2]), shape[0])
    group, place = rng.integers(shape[0], size=n), rng.integers(shape[1], size=n)
    return events(
        *(
            {
                "group": f"G{g}",
                "place_type": f"P{p}",
                "place": f"plats {i}",
                "start": times[rng.choice(8, p=rhythm[g])],
            }
            for i, (g, p) in enumerate(zip(group, place, strict=True))
        )
    )


def false(towns=60):
    return sum(len(combinations(quiet(seed)).table) > 0 for seed in range(towns))


def test_quiet_towns_have_no_more_false_combinations_than_promised():
    assert false() <= at_most(60)


def test_the_bound_would_notice_tests_that_are_not_adjusted(monkeypatch):
    monkeypatch.setattr(combinations_module.counts, "holm", lambda p: p)
    assert false() > at_most(60)
