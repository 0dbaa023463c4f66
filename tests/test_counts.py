"""Small counts: intervals and p-values against published values and two other libraries."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.rates import confint_poisson, test_poisson_2indep

from est_analysis import counts

test_poisson_2indep.__test__ = False  # a function of statsmodels, not a test

small = st.integers(0, 60)
exposures = st.floats(0.25, 20)


@pytest.mark.parametrize(
    ("count", "low", "high"),
    [(0, 0, 3.6889), (1, 0.0253, 5.5716), (5, 1.6235, 11.6683), (10, 4.7954, 18.3904)],
)
def test_poisson_interval_is_garwoods(count, low, high):
    interval = counts.poisson_interval(count)
    assert interval.low == pytest.approx(low, abs=1e-4)
    assert interval.high == pytest.approx(high, abs=1e-4)


@given(count=small, level=st.sampled_from([0.8, 0.95, 0.99]))
def test_poisson_interval_equals_two_libraries(count, level):
    interval = counts.poisson_interval(count, level=level)
    low, high = confint_poisson(count, 1, method="exact-c", alpha=1 - level)
    assert (interval.low, interval.high) == pytest.approx((np.nan_to_num(low), high))
    tail = (1 - level) / 2
    assert stats.poisson.cdf(count, interval.high) == pytest.approx(tail)
    if count:
        assert stats.poisson.sf(count - 1, interval.low) == pytest.approx(tail)


@pytest.mark.parametrize("mean", [0.3, 1.7, 5.0, 12.4])
def test_poisson_interval_covers_at_least_its_level(mean):
    seen = np.arange(60)
    covered = [i.low <= mean <= i.high for i in map(counts.poisson_interval, seen)]
    assert stats.poisson.pmf(seen, mean)[covered].sum() >= 0.95
    halved = [abs(n - mean) <= stats.norm.ppf(0.975) * np.sqrt(n) for n in seen]
    assert stats.poisson.pmf(seen, mean)[halved].sum() < 0.95  # the normal interval does not


@pytest.mark.parametrize("count", [-1, math.nan, math.inf])
def test_poisson_interval_refuses_what_is_no_count(count):
    with pytest.raises(ValueError, match="zero or more"):
        counts.poisson_interval(count)


def test_compare_rates_by_hand():
    # 0 against 3 in equal time: all three fell on one side, 2 * 1/8
    compared = counts.compare_rates(0, 1, 3, 1)
    assert compared.p == pytest.approx(0.25)
    assert (compared.ratio, compared.interval.low) == (0, 0)
    # 8 against 2: 2 * (45 + 10 + 1) / 1024
    assert counts.compare_rates(8, 1, 2, 1).p == pytest.approx(112 / 1024)
    # 5 in one year against 15 in three is no change
    even = counts.compare_rates(5, 1, 15, 3)
    assert (even.ratio, even.p) == (1, 1)


@given(a=small, b=small, t=exposures, u=exposures, level=st.sampled_from([0.8, 0.95]))
def test_compare_rates_equals_the_exact_binomial(a, b, t, u, level):
    compared = counts.compare_rates(a, t, b, u, level=level)
    if a + b == 0:
        assert math.isnan(compared.ratio)
        assert (compared.p, compared.interval.low, compared.interval.high) == (1, 0, math.inf)
        return
    share = t / (t + u)
    sides = [stats.binomtest(a, a + b, share, alternative=s).pvalue for s in ("less", "greater")]
    assert compared.p == pytest.approx(min(1, 2 * min(sides)))
    exact = stats.binomtest(a, a + b).proportion_ci(level, method="exact")
    assert compared.interval.low == pytest.approx(exact.low / (1 - exact.low) * u / t)
    if b == 0:
        assert compared.ratio == compared.interval.high == math.inf
    else:
        assert compared.interval.high == pytest.approx(exact.high / (1 - exact.high) * u / t)
        assert compared.ratio == pytest.approx(a / t / (b / u))
        assert compared.interval.low <= compared.ratio <= compared.interval.high


@pytest.mark.parametrize(("a", "t", "b", "u"), [(6, 1, 2, 1), (25, 1, 16, 3), (3, 92, 40, 276)])
def test_compare_rates_equals_statsmodels_one_sided_tests(a, t, b, u):
    sides = [
        test_poisson_2indep(a, t, b, u, method="exact-cond", alternative=side).pvalue
        for side in ("larger", "smaller")
    ]
    assert counts.compare_rates(a, t, b, u).p == pytest.approx(min(1, 2 * min(sides)))


@given(a=small, b=small, t=exposures, u=exposures)
def test_interval_and_p_say_the_same(a, b, t, u):
    compared = counts.compare_rates(a, t, b, u, level=0.95)
    excludes_one = not compared.interval.low <= 1 <= compared.interval.high
    if abs(compared.p - 0.05) > 1e-9:
        assert excludes_one == (compared.p < 0.05)


@given(a=small, b=small, phi=st.floats(1, 5))
def test_dispersion_only_makes_a_comparison_shyer(a, b, phi):
    sharp = counts.compare_rates(a, 1, b, 3)
    wide = counts.compare_rates(a, 1, b, 3, dispersion=phi)
    assert wide.p >= sharp.p - 1e-12
    assert wide.interval.low <= sharp.interval.low + 1e-12
    assert wide.interval.high >= sharp.interval.high - 1e-12
    assert counts.compare_rates(a, 1, b, 3, dispersion=0.2) == sharp or a + b == 0


@pytest.mark.parametrize("wrong", [(-1, 1, 2, 1), (1, 0, 2, 1), (1, 1, -2, 1), (1, 1, 2, -3)])
def test_compare_rates_refuses_what_is_no_rate(wrong):
    with pytest.raises(ValueError, match="zero or more"):
        counts.compare_rates(*wrong)


def test_dispersion_by_hand():
    # means 4 and 10: (4 + 0 + 4)/4 + (25 + 0 + 25)/10 = 7, over 2 * 2 degrees of freedom
    assert counts.dispersion([[2, 4, 6], [5, 10, 15]]) == pytest.approx(7 / 4)
    assert counts.dispersion([[2, 4, 6], [5, 10, 15], [0, 0, 0], [1, np.nan, 9]]) == 7 / 4


@pytest.mark.parametrize("nothing", [[[3, 3, 3]], [[0, 0]], [[5], [9]], [], [[np.nan, 1]]])
def test_dispersion_is_one_where_nothing_varies(nothing):
    assert counts.dispersion(nothing) == 1


def test_dispersion_of_poisson_counts_is_near_one_and_of_others_is_not():
    rng = np.random.default_rng(1)
    mean = np.repeat(rng.uniform(2, 30, 4000)[:, None], 3, axis=1)
    assert counts.dispersion(rng.poisson(mean)) == pytest.approx(1, abs=0.05)
    assert counts.dispersion(rng.poisson(mean * rng.gamma(2, 1 / 2, mean.shape))) > 3


def test_permutation_p_counts_ties_and_what_is_no_number_against_the_claim():
    assert counts.permutation_p(3, [1, 2, 3, 4]) == 3 / 5
    assert counts.permutation_p(9, np.zeros(999)) == 1 / 1000
    assert counts.permutation_p(math.nan, np.zeros(999)) == 1
    assert counts.permutation_p(9, [math.nan] * 4) == 1


def test_holm_by_hand():
    assert counts.holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert counts.holm([]).size == 0


@settings(max_examples=4)  # statsmodels takes a tenth of a second
@given(p=st.lists(st.integers(0, 1000).map(lambda n: n / 1000), min_size=1, max_size=15))
def test_holm_equals_statsmodels(p):
    assert counts.holm(p) == pytest.approx(multipletests(p, method="holm")[1])


@pytest.mark.parametrize("wrong", [math.nan, -0.1, 1.1])
def test_holm_refuses_what_is_no_p_value(wrong):
    with pytest.raises(ValueError, match="between 0 and 1"):
        counts.holm([0.5, wrong])


def test_an_interval_excludes_a_change_only_from_both_sides():
    assert counts.Interval(0.6, 1.9, 0.95).excludes_change(2)
    for low, high in ((0.5, 1.9), (0.6, 2.0), (0.1, 9.0), (0.6, math.inf), (math.nan, math.nan)):
        assert not counts.Interval(low, high, 0.95).excludes_change(2)


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(0, 10, 0.0, 0.2775), (3, 10, 0.1078, 0.6032), (10, 10, 0.7225, 1.0), (0, 0, 0.0, 1.0)],
)
def test_wilson_interval(hits, n, low, high):
    interval = counts.wilson_interval(hits, n)
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=1e-4)


@given(st.integers(0, 60), st.integers(1, 60))
def test_wilson_interval_is_statsmodels(hits, more):
    interval = counts.wilson_interval(hits, hits + more)
    expected = proportion_confint(hits, hits + more, method="wilson")
    assert (interval.low, interval.high) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("hits", "n"), [(-1, 3), (4, 3)])
def test_no_share_has_no_interval(hits, n):
    with pytest.raises(ValueError, match="share"):
        counts.wilson_interval(hits, n)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_bh_is_statsmodels(p):
    expected = multipletests(p, method="fdr_bh")[1]
    np.testing.assert_allclose(counts.bh(p), expected, atol=1e-12)


def test_bh_of_none_is_none_and_of_nonsense_refused():
    assert counts.bh([]).size == 0
    with pytest.raises(ValueError, match="0 and 1"):
        counts.bh([0.5, float("nan")])


@pytest.mark.parametrize(
    ("now", "before", "published"),
    [
        (0, 3, 0.088379),
        (6, 2, 0.1749),
        (10, 5, 0.206164),
        (15, 5, 0.025035),
        (25, 16, 0.164796),
    ],
)
def test_the_published_e_tests_hold_and_the_exact_test_claims_less(now, before, published):
    # the conditional test is exact; the E-test of Krishnamoorthy & Thomson (2004) is not quite
    theirs = test_poisson_2indep(now, 1, before, 1, method="etest").pvalue
    assert theirs == pytest.approx(published, abs=1e-4)
    assert counts.compare_rates(now, 1, before, 1).p >= theirs


def test_the_published_e_tests_with_unequal_times():
    rates = {"method": "etest"}, {"method": "etest-wald"}
    found = [test_poisson_2indep(100, 10, 25, 5, **how).pvalue for how in rates]
    assert found == pytest.approx([0.00153807, 0.000574719], rel=1e-3)
