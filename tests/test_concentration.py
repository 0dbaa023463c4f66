"""Concentration by the published examples, and against what chance alone gives."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import hypergeom

from est_analysis.patterns.concentration import (
    concentration,
    generalised_gini,
    gini,
    same_top,
)

NONE = [0] * 7


@pytest.mark.parametrize(
    ("counts", "even", "general", "unbiased"),
    [
        ([10, 8, 2, *NONE], 0.78, 0.78, 0.8667),
        ([5, 2, 1, *NONE], 0.80, 0.75, 0.8571),
        ([10, *[0] * 9], 0.90, 0.90, 1),
        ([10, *[0] * 99], 0.99, 0.90, 1),
        ([3, 1, 1, *NONE], 0.78, 0.56, 0.70),
        ([1] * 5 + [0] * 5, 0.50, 0, 0),
    ],
)
def test_gini_by_bernasco_and_steenbeek(counts, even, general, unbiased):
    found = [gini(counts), generalised_gini(counts), generalised_gini(counts, unbiased=True)]
    assert found == pytest.approx([even, general, unbiased], abs=1e-4)
    assert gini([c for c in counts if c]) != pytest.approx(even)  # empty places count


def test_few_events_are_concentrated_by_arithmetic_alone():
    # 200 and 500 events by lot on 991 places: 8.2 % and 14.4 % hold half (methods, B.8)
    for n, half, general in ((200, 0.082, 0.17), (500, 0.144, 0.35)):
        counts = np.random.default_rng(n).multinomial(n, [1 / 991] * 991)
        for risk in (None, np.ones(991)):  # drawn in two ways
            found = concentration(counts, risk=risk, replicates=199)
            assert found.holders[0.5].chance / 991 == pytest.approx(half, abs=0.002)
            assert found.general.chance == pytest.approx(general, abs=0.01)


def covered(draw, risk=None):
    """Return how many of 60 towns lie within the band of half the events."""
    inside = 0
    for seed in range(60):
        counts = draw(np.random.default_rng(seed))
        half = concentration(counts, risk=risk, replicates=99, seed=seed).holders[0.5]
        inside += half.low <= half.value <= half.high
    return inside


@pytest.mark.parametrize("places", [40, 400])
def test_towns_by_lot_lie_within_the_band(places):
    risk = np.arange(places) % 5 + 1.0

    def by_risk(rng):
        return rng.multinomial(150, risk / risk.sum())

    # 95 % within, 1 % chance of fewer than 51 of 60 at nine in ten
    assert covered(lambda rng: rng.multinomial(150, [1 / places] * places)) >= 51
    assert covered(by_risk, risk) >= 51
    assert covered(lambda rng: rng.multinomial(150, risk**3 / (risk**3).sum()), risk) < 20


@given(st.lists(st.integers(0, 9), min_size=1, max_size=40), st.randoms())
def test_the_order_of_places_says_nothing(counts, random):
    other = random.sample(counts, len(counts))
    one, two = (concentration(c, replicates=9) for c in (counts, other))
    assert repr(one) == repr(two)  # NaN included
    assert one.holders.keys() == two.holders.keys() == {0.25, 0.5, 0.8}
    for share, measure in one.holders.items():
        top = np.sort(counts)[::-1][: int(measure.value)]
        assert top.sum() >= share * sum(counts)
        assert not len(top) or top[:-1].sum() < share * sum(counts)


@pytest.mark.parametrize("counts", [[], [0, 0, 0], [1], [500], [29, 0]])
def test_nothing_one_event_and_one_place_are_below_the_gate(counts):
    found = concentration(counts, replicates=9)
    assert not found.gate
    assert (found.n, found.places) == (sum(counts), len(counts))
    assert concentration([*counts, 30, 0], replicates=9).gate


def test_what_is_no_count_and_no_risk_is_refused():
    for counts, risk in (([-1, 2], None), ([0.5], None), ([1, 2], [1]), ([1, 2], [0, 0])):
        with pytest.raises(ValueError):
            concentration(counts, risk=risk)


# the same places


def test_the_foremost_places_against_chance():
    before, now = np.zeros(100, int), np.zeros(100, int)
    before[:10], now[5:15] = np.arange(20, 30), np.arange(20, 30)
    found = same_top(before, now, 10)
    assert (found.before, found.now, found.both, found.chance) == (10, 10, 5, 1)
    assert found.p == pytest.approx(hypergeom.sf(4, 100, 10, 10))
    assert same_top(before, np.roll(now, 30), 10).p > 0.5


def test_ties_over_the_border_and_empty_places_are_not_foremost():
    tied = same_top([5, 1, 1, 1, 0], [5, 1, 1, 0, 0], 2)
    assert (tied.before, tied.now, tied.both) == (1, 1, 1)
    assert same_top([5, 1, 1, 1, 0], [5, 1, 1, 0, 0], 3).now == 3
    nothing = same_top([0, 0, 0], [1, 1, 1], 2)
    assert (nothing.before, nothing.now) == (0, 0) and np.isnan(nothing.p)
    with pytest.raises(ValueError):
        same_top([1], [1, 2], 1)
