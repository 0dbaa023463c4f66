"""Two years of each place, and two patterns over areas: hand cases and published figures."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau

from est_analysis.patterns.emerging import (
    FULL,
    WORDS,
    by_month,
    classify,
    classify_fully,
    mann_kendall,
)
from est_analysis.patterns.shifts import shift, similarity

# Mann-Kendall


def order_with(s, n=10):
    """Return an order of `n` numbers whose rises less falls are `s`."""
    series = list(range(n))
    for _ in range((n * (n - 1) // 2 - s) // 2):
        i = next(i for i in range(n - 1) if series[i] < series[i + 1])
        series[i], series[i + 1] = series[i + 1], series[i]
    return series


def test_mann_kendall_is_the_published_one():
    s, p = mann_kendall([order_with(s) for s in (23, 13, 9, 5, 1)])
    assert s.tolist() == [23, 13, 9, 5, 1]
    assert p.tolist() == pytest.approx([0.0491, 0.2831, 0.4743, 0.7205, 1.0], abs=1e-4)


@pytest.mark.parametrize("seed", range(4))
def test_many_series_at_once_are_each_by_itself(seed):
    table = np.random.default_rng(seed).poisson(1.0, (6, 24))
    s, _ = mann_kendall(table)
    tau = [kendalltau(np.arange(24), row, variant="c").statistic for row in table]
    ties = [len(set(row.tolist())) for row in table]
    again = [t * 24**2 * (min(k, 24) - 1) / min(k, 24) / 2 for t, k in zip(tau, ties, strict=True)]
    np.testing.assert_allclose(s, again, atol=1e-6)
    np.testing.assert_allclose(mann_kendall(table[:, ::-1])[0], -s)


def test_a_flat_series_has_no_trend():
    s, p = mann_kendall([[3] * 12, [0] * 12])
    assert (s.tolist(), p.tolist()) == ([0, 0], [1, 1])


# the report's classes

YEAR = [0] * 12


def spread(n):
    """Return `n` events over twelve months, one every so often."""
    return np.bincount(np.arange(n) * 12 // n, minlength=12).tolist() if n else YEAR


@pytest.mark.parametrize(
    ("before", "now", "state"),
    [
        (0, 4, "too_few"),
        (0, 5, "new"),
        (1, 5, "sporadic"),
        (1, 8, "growing"),
        (8, 1, "cooling"),
        (5, 0, "cooling"),
        (12, 10, "persistent"),
        (3, 2, "sporadic"),
    ],
)
def test_places_by_exact_rules(before, now, state):
    found = classify([spread(before) + spread(now)])
    assert found.iloc[0][["before", "now", "state"]].tolist() == [before, now, state]
    assert set(WORDS) >= set(found["state"])


def test_events_in_one_burst_are_not_lasting():
    burst = [0] * 11 + [10] + [9] + [0] * 11
    assert classify([burst])["state"].tolist() == ["sporadic"]
    with pytest.raises(ValueError):
        classify([[1, 2, 3]])
    assert classify(np.zeros((0, 24), int)).empty


@given(st.lists(st.lists(st.integers(0, 4), min_size=24, max_size=24), min_size=1, max_size=6))
def test_turning_time_round_swaps_growing_and_cooling(table):
    counts = np.array(table)
    here, there = classify(counts)["state"], classify(counts[:, ::-1])["state"]
    mirrored = here.replace({"new": "growing"}).map({"growing": "cooling", "cooling": "growing"})
    changed = mirrored.notna()
    assert (there[changed].replace({"new": "growing"}) == mirrored[changed]).all()


def test_months_are_whole_and_the_last_incomplete_one_is_dropped():
    start = pd.Series(
        pd.to_datetime(
            ["2026-09-30 23:59", "2026-10-01", "2024-10-01", "2024-09-30 23:00", None],
            format="ISO8601",
        )
    )
    whole = by_month(
        ["A", "A", "B", "B", "B"], start, last=date(2026, 9, 30), count=[2, 1, 1, 1, 1]
    )
    assert (whole.columns[0], whole.columns[-1]) == (
        pd.Timestamp("2024-10-01"),
        pd.Timestamp("2026-09-01"),
    )
    assert whole.sum(axis=1).to_dict() == {"A": 2, "B": 1}
    early = by_month(["A"] * 5, start, last=date(2026, 9, 29))
    assert early.columns[-1] == pd.Timestamp("2026-08-01")
    assert by_month([], start[:0], last=date(2026, 9, 30)).shape == (0, 24)


# the analyst's classes


def steps(text):
    return [c == "x" for c in text]


@pytest.mark.parametrize(
    ("hot", "trend", "name"),
    [
        ("..........", 0, "none"),
        (".........x", 0, "new"),
        ("........xx", 0, "consecutive"),
        ("xxxxxxxxxx", 0, "persistent"),
        ("xxxxxxxxxx", 1, "intensifying"),
        ("xxxxxxxxxx", -1, "diminishing"),
        (".xxxxxxxxx", 0, "persistent"),
        ("x..x.x...x", 1, "sporadic"),
        ("xxxxxxxxx.", 0, "historical"),
        ("xxx.......", 0, "none"),
    ],
)
def test_the_analysts_classes(hot, trend, name):
    assert classify_fully([steps(hot)], [trend]).tolist() == [name]
    assert name in FULL


def test_a_cold_step_is_never_new_and_makes_a_place_oscillate():
    hot, cold = steps("....x....x"), steps("..x.......")
    assert classify_fully([hot], [0], [cold]).tolist() == ["oscillating"]
    assert classify_fully([steps("." * 10)], [0], [steps(".........x")]).tolist() == ["none"]
    assert classify_fully(np.zeros((2, 0)), [0, 0]).tolist() == ["none"] * 2


# patterns over areas

BASE, TEST = [2, 2, 2, 1, 0, 1], [2, 1, 2, 2, 1, 1]


@pytest.mark.parametrize("seed", range(5))
def test_the_published_index_and_its_flip(seed):
    assert similarity(BASE, TEST, seed=seed) == pytest.approx(5 / 6)
    assert similarity(TEST, BASE, seed=seed) == pytest.approx(0.5)
    assert shift(BASE, TEST).unchanged == shift(TEST, BASE).unchanged == 1


def test_a_moved_pattern_is_found_and_only_there():
    base = np.full(20, 40)
    test = base.copy()
    test[3], test[4] = 95, 5
    found = shift(base, test)
    assert np.flatnonzero(found.q <= 0.05).tolist() == [3, 4]
    assert found.unchanged == 0.9
    np.testing.assert_allclose(shift(test, base).p, found.p)
    assert shift(base, base * 3).unchanged == 1  # more everywhere is no other pattern


def test_each_areas_test_is_the_n_minus_one_chi_square_or_fishers():
    found = shift([30, 70, 0], [50, 50, 1])
    cross, whole = 30 * 51 - 50 * 70, 201  # 30 of 100 against 50 of 101
    assert cross == 30 * (101 - 50) - 50 * (100 - 30)
    chi2 = cross**2 * (whole - 1) / (80 * 121 * 100 * 101)
    from scipy.stats import chi2 as law
    from scipy.stats import fisher_exact

    assert found.p[0] == pytest.approx(law.sf(chi2, 1))
    assert found.p[2] == pytest.approx(fisher_exact([[0, 100], [1, 100]]).pvalue)


@pytest.mark.parametrize(("base", "test"), [([], []), ([0, 0], [0, 0]), ([3, 1], [0, 0])])
def test_an_empty_period_has_no_pattern(base, test):
    found = shift(base, test)
    assert np.isnan(found.unchanged) and (found.p == 1).all()
    assert np.isnan(similarity(base, test))
    with pytest.raises(ValueError):
        shift([*base, 1], test)
