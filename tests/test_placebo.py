"""Untreated places: how they are chosen, what p and rank need, and the level that is kept."""

import numpy as np
import pytest
from scipy import stats

from est_analysis.measures.placebo import placebo, untreated


@pytest.mark.parametrize(
    ("n", "rank", "p"), [(18, None, None), (19, 1, None), (38, 1, None), (39, 1, 1 / 40)]
)
def test_p_needs_39_places_and_a_rank_19(n, rank, p):
    found = placebo((60, 2), [(60, 20)] * n, (60, 20))
    assert (found.places, found.rank, found.p) == (n, rank, p)


def test_a_place_that_changed_as_much_counts_against_the_claim():
    others = [(60, 20)] * 38 + [(60, 2)]
    found = placebo((60, 2), others, (60, 20))
    assert (found.rank, found.p) == (2, 2 / 40)
    more = placebo((60, 2), [*others[:38], (60, 200)], (60, 20))  # a rise as large, too
    assert more.rank == 2


def test_counts_of_nothing_are_ranked_too():
    assert placebo((10, 0), [(10, 3)] * 39, (30, 10)).p == 1 / 40
    with pytest.raises(ValueError, match="zero or more"):
        placebo((-1, 0), [(10, 3)] * 39, (30, 10))


def by_error(cells):
    """Return the logarithm of the ratio of ratios over its standard error, as was ranked before."""
    t0, t1, c0, c1 = cells = np.asarray(cells, float) + 0.5
    return np.abs(np.log(t1 * c0 / (t0 * c1))) / np.sqrt((1 / cells).sum(axis=0))


def test_nothing_left_is_farther_than_one_left(monkeypatch):
    full_stop, nearly, there = (36, 0), [(36, 1)] * 39, (36, 12)
    assert placebo(full_stop, nearly, there).rank == 1
    monkeypatch.setattr("est_analysis.measures.placebo.unlikeness", by_error)
    assert placebo(full_stop, nearly, there).rank == 40


def level(extra, n=1_500):
    """Return how often p <= 0.05 without effect, of places whose own years vary by `extra`."""
    rng, alarms = np.random.default_rng(19), 0
    for _ in range(n):
        unrest = rng.gamma(1 / extra, extra, (41, 2)) if extra else np.ones((41, 2))
        counts = rng.poisson(unrest * [30, 10])
        alarms += placebo(tuple(counts[0]), counts[1:40], tuple(counts[40])).p <= 0.05
    return alarms / n


@pytest.mark.parametrize("extra", [0, 0.2])
def test_places_that_vary_by_themselves_do_not_break_the_level(extra):
    assert level(extra) <= stats.binom.ppf(0.999, 1_500, 0.05) / 1_500


def test_a_chosen_place_breaks_it():
    rng, alarms = np.random.default_rng(19), 0
    for _ in range(300):
        counts = rng.poisson([30, 10], (41, 2))
        worst = np.argmax(counts[:40, 0] - 3 * counts[:40, 1])  # chosen for its fall
        others = np.delete(counts[:40], worst, axis=0)
        alarms += placebo(tuple(counts[worst]), others, tuple(counts[40])).p <= 0.05
    assert alarms / 300 > 0.5


def test_chosen_places_are_alike_and_share_no_ground():
    centres = [(0, 0), (1_000, 0), (1_200, 0), (3_000, 0), (4_000, 0), (5_000, 0)]
    baseline = [20, 20, 21, 9, 41, 10]
    # the first is treated itself; the third lies within the second; 9 and 41 are too unlike
    found = untreated(centres, baseline, 20, [(0, 0)], 150.0)
    assert found.tolist() == [1, 5]
    assert untreated(centres, baseline, 20, [(0, 0)], 100.0).tolist() == [1, 2, 5]  # now they meet
    assert untreated(centres, baseline, 20, [(0, 0), (5_100, 0)], 150.0).tolist() == [1]
    assert untreated(centres, baseline, 0, [], 150.0).tolist() == []
    assert untreated([], [], 5, [], 150.0).tolist() == []
