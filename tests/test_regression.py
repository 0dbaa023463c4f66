"""The fall after a peak: known figures, AT-38 with and without the guard, similar places."""

import math

import numpy as np
import pandas as pd
import pytest
from frames import events

from est_analysis.measures.regression import Spread, counts_at, fall, spread


def test_the_mean_that_a_count_leaves_by_hand():
    """A gamma(2, 5) prior and a Poisson count s: (s + 2) / 1.2 (AT-38's own)."""
    known = Spread(2.0, 10.0, 200)
    assert known.shrunken([0, 10, 22], 1) == pytest.approx([2 / 1.2, 10.0, 20.0])
    assert known.variance(22, 1).item() == pytest.approx(24 / 1.2**2)
    assert known.shrunken(66, 3).item() == pytest.approx(68 / 3.2)


def test_more_seasons_are_trusted_more():
    known = Spread(2.0, 10.0, 200)
    short, long = (known.shrunken(30 * n, n).item() for n in (1, 20))
    assert 10 < short < long < 30


def test_places_that_differ_no_more_than_by_chance_have_one_level():
    alike = spread([9, 10, 11] * 10, 2)
    assert math.isinf(alike.shape)
    assert alike.shrunken([0, 40], 2) == pytest.approx([5.0, 5.0])
    assert alike.variance([0, 40], 2) == pytest.approx([0, 0])


def test_the_spread_is_learnt_back():
    rng = np.random.default_rng(3)
    learnt = spread(rng.poisson(rng.gamma(2, 5, 20_000) * 3), 3)
    assert (learnt.shape, learnt.mean) == pytest.approx((2, 10), rel=0.05)


def test_too_few_places_or_events_teach_nothing():
    assert spread([1] * 9, 1) is None
    assert spread([0] * 30, 1) is None
    assert fall(3, 1, [3, 4]) is None
    with pytest.raises(ValueError, match="zero or more"):
        spread([1, -1] * 10, 1)
    with pytest.raises(ValueError, match="above zero"):
        spread([1, 2] * 10, 0)


def test_the_fall_that_comes_by_itself():
    rng = np.random.default_rng(4)
    similar = rng.poisson(rng.gamma(2, 5, 500))
    top = fall(int(similar.max()), 1, similar)
    assert 0.05 < top.by_itself < 0.25
    assert fall(0, 1, similar).by_itself == 0
    assert fall(2, 1, similar).by_itself < 0  # a place chosen at its best gets worse by itself


# AT-38: two hundred places of gamma(2, 5) rates, the ten worst are treated, nothing is done


def errors(*, shrink, seasons, simulations=1_500):
    """Return the share of false alarms, and the mean change at the treated places by the test."""
    rng = np.random.default_rng(38)
    alarms, changes = 0, []
    for _ in range(simulations):
        rates = rng.gamma(2, 5, 200)
        chosen_on = rng.poisson(rates * seasons)
        later = rng.poisson(rates)
        order = np.argsort(-chosen_on, kind="stable")
        groups = order[:10], rng.choice(order[10:], 10, replace=False)
        learnt = spread(chosen_on, seasons)
        estimate, variance, base = 0.0, 0.0, []
        for sign, places in zip((1, -1), groups, strict=True):
            seen = chosen_on[places]
            before = learnt.shrunken(seen, seasons) if shrink else seen / seasons
            unsure = learnt.variance(seen, seasons) if shrink else seen / seasons**2
            estimate += sign * (later[places].sum() - before.sum())
            variance += later[places].sum() + unsure.sum()
            base.append(before.sum())
        alarms += estimate < -1.645 * math.sqrt(variance)
        changes.append(later[groups[0]].sum() / base[0] - 1)
    return alarms / simulations, float(np.mean(changes))


def test_the_naive_test_errs_and_the_shrunken_baseline_holds():
    naive, naive_change = errors(shrink=False, seasons=1)
    held, held_change = errors(shrink=True, seasons=1)
    assert naive == pytest.approx(0.39, abs=0.04)  # 0.42 is published, to within 0.03
    assert naive_change == pytest.approx(-0.12, abs=0.015)
    assert held <= 0.07
    assert held_change == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize("years", [3, 4])
def test_places_chosen_on_three_or_four_years_are_held_too(years):
    naive, _ = errors(shrink=False, seasons=years)
    held, change = errors(shrink=True, seasons=years)
    assert naive > 0.09  # five per cent is claimed
    assert held <= 0.07
    assert change == pytest.approx(0, abs=0.01)


def test_events_are_counted_around_each_centre():
    some = events({"x": 0.0, "y": 0.0, "count": 2}, {"x": 99.0, "y": 0.0}, {"x": 500.0, "y": 0.0})
    assert counts_at(some, [(0, 0), (500, 0), (9_000, 0)], 100).tolist() == [3, 1, 0]
    assert counts_at(some.head(0), [(0, 0)], 100).tolist() == [0]
    assert counts_at(pd.DataFrame(some), [], 100).tolist() == []
