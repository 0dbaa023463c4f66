"""What four counts can tell: published exact figures, error rates and power by simulation."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from est_analysis.measures.design import Design, exact, outcomes, p_values, unlikeness
from est_analysis.measures.evaluation import weighted_displacement_difference


def test_the_published_twins():
    """Fisher (1935): 10 of 13 and 2 of 17; the figures are those of R's fisher.test."""
    found = exact((2, 10), (15, 3))
    assert found.p == pytest.approx(2 * 0.0004651809, abs=1e-9)
    low, high = 1 / 0.363182271, 1 / 0.003325764  # R solves to a tolerance of about 1e-4
    assert (found.interval.low, found.interval.high) == pytest.approx((low, high), rel=3e-3)
    assert found.ratio == pytest.approx(10 * 15 / (2 * 3))


def test_the_tasting_lady():
    assert exact((1, 3), (3, 1)).p == pytest.approx(2 * 17 / 70)


@pytest.mark.parametrize("counts", [(40, 7, 46, 25), (3, 0, 5, 6), (0, 4, 9, 1), (97, 21, 75, 27)])
def test_it_agrees_with_a_kept_library(counts):
    t0, t1, c0, c1 = counts
    found = exact((t0, t1), (c0, c1))
    table = [[t1, t0], [c1, c0]]
    tails = [stats.fisher_exact(table, way).pvalue for way in ("less", "greater")]
    assert found.p == pytest.approx(min(1, 2 * min(tails)))
    kept = stats.contingency.odds_ratio(table).confidence_interval(0.95)
    assert (found.interval.low, found.interval.high) == pytest.approx(kept, rel=1e-6)


def test_interval_and_p_say_the_same_also_when_places_are_unruly():
    for counts in ((40, 7, 46, 25), (12, 2, 20, 15), (9, 1, 10, 9)):
        calm = exact(counts[:2], counts[2:])
        unruly = exact(counts[:2], counts[2:], dispersion=1.5)
        assert unruly.p > calm.p
        assert unruly.interval.low < calm.interval.low
        for found in (calm, unruly):
            assert (found.p <= 0.05) == (found.interval.high < 1 or found.interval.low > 1)


def test_nothing_at_all_says_nothing():
    found = exact((0, 0), (0, 0))
    assert math.isnan(found.ratio)
    assert (found.interval.low, found.interval.high, found.p) == (0, math.inf, 1)
    with pytest.raises(ValueError, match="zero or more"):
        exact((-1, 2), (3, 4))


def test_above_ten_the_rule_is_the_ratio():
    laid = outcomes((120, 20), (90, 30))
    p = laid.p[laid.after == 20].item()
    z = math.log(0.5) / math.sqrt(1 / 20 + 1 / 120 + 1 / 30 + 1 / 90)
    assert p == pytest.approx(math.erfc(-z / math.sqrt(2)))
    small = laid.after < 10
    only_exact = outcomes((120, 20), (90, 30), least=1000).p
    assert (laid.p[small] == only_exact[small]).all()
    assert laid.p[laid.after == 20] != only_exact[laid.after == 20]


def test_an_outcome_that_cannot_be_claimed_is_no_question():
    assert not outcomes((2, 1), (2, 1)).reaches(0.06)
    assert outcomes((12, 3), (10, 8)).reaches(0.06)


# error rates and power, by simulation


def counted(rng, mean, n, dispersion):
    if dispersion == 1:
        return rng.poisson(mean, n)
    return rng.negative_binomial(mean / (dispersion - 1), 1 / dispersion, n)


def claimed(design, effect, n, seed, *, dispersion=None):
    """Return the shares of runs in which fewer, and more, is claimed after one season."""
    rng = np.random.default_rng(seed)
    phi = design.dispersion if dispersion is None else dispersion
    means = (design.before * design.baseline, design.before * effect)
    means += (design.comparison * design.baseline, design.comparison)
    draws = np.stack([counted(rng, mean, n, phi) for mean in means], axis=1)
    fewer = more = 0
    for t0, t1, c0, c1 in draws.tolist():
        laid = outcomes((t0, t1), (c0, c1), dispersion=design.dispersion)
        at = t1 - int(laid.after[0])
        fewer += laid.p[at] <= design.alpha and laid.way[at] < 0
        more += laid.p[at] <= design.alpha and laid.way[at] > 0
    return fewer / n, more / n


SMALL = [Design(3, 5, 3), Design(8, 8, 3), Design(20, 20, 3, alpha=0.06), Design(12, 40, 3)]


@pytest.mark.parametrize("design", SMALL, ids=lambda d: f"{d.before}-{d.comparison}")
def test_without_effect_claims_keep_their_level(design):
    n = 1_000
    share = sum(claimed(design, 1.0, n, seed=7))
    assert share <= stats.binom.ppf(0.999, n, design.alpha) / n


def test_places_more_unruly_than_was_said_are_noticed():
    n = 1_000
    design = Design(20, 20, 3, 2.5, alpha=0.06)
    bound = stats.binom.ppf(0.999, n, 0.06 * 1.3) / n  # flattening is about right, not exact
    assert sum(claimed(design, 1.0, n, seed=8)) <= bound
    careless = Design(20, 20, 3, 1.0, alpha=0.06)
    assert sum(claimed(careless, 1.0, n, seed=8, dispersion=2.5)) > bound


POWERED = [
    (Design(10, 10, 3, alpha=0.06), 0.25),
    (Design(20, 20, 3, alpha=0.06), 0.25),
    (Design(20, 20, 3, alpha=0.06), 2.0),
    (Design(32, 25, 3, 1.3, alpha=0.01), 0.25),
    (Design(50, 50, 1, alpha=0.1), 0.5),
]


@pytest.mark.parametrize(("design", "effect"), POWERED)
def test_power_is_as_the_line_predicts(design, effect):
    fewer, more = claimed(design, effect, 1_000, seed=9)
    assert design.power(effect) == pytest.approx(fewer if effect < 1 else more, abs=0.05)


def test_a_line_that_forgets_half_of_the_events_is_noticed():
    design, effect = Design(50, 50, 1, alpha=0.1), 0.5
    fewer, _ = claimed(design, effect, 1_000, seed=9)
    assert abs(Design(25, 25, 1, alpha=0.1).power(effect) - fewer) > 0.16


def test_many_outcomes_at_once_are_judged_as_one_by_one():
    rng = np.random.default_rng(11)
    cells = rng.poisson(rng.choice([0.5, 4, 12, 40], (4, 300)))
    for phi in (1.0, 1.4):
        alone = []
        for t0, t1, c0, c1 in cells.T.tolist():
            laid = outcomes((t0, t1), (c0, c1), dispersion=phi)
            alone.append(laid.p[t1 - int(laid.after[0])])
        assert p_values(cells, phi, 10) == pytest.approx(alone, abs=1e-9)


def test_unlikeness_is_the_root_of_the_deviance():
    t0, t1, c0, c1 = 36, 4, 40, 15
    table = [[t0, t1], [c0, c1]]
    known = stats.chi2_contingency(table, correction=False, lambda_="log-likelihood").statistic
    assert unlikeness((t0, t1, c0, c1)) == pytest.approx(math.sqrt(known))
    far = unlikeness([[36, 36], [0, 1], [36, 36], [12, 12]])
    assert far[0] > far[1]
    assert unlikeness((0, 0, 3, 4)) == 0


def among_others(design, effect, n, seed):
    """Return the share of runs that are claimed and rank high enough among untreated places."""
    rng = np.random.default_rng(seed)
    before, there = design.before * design.baseline, design.comparison * design.baseline
    means = (before, design.before * effect, there, design.comparison)
    cells = np.stack([counted(rng, mean, n, design.dispersion) for mean in means])
    shape = (design.places, n)
    others = [counted(rng, mean, shape, design.dispersion) for mean in (before, design.before)]
    theirs = unlikeness(np.stack([*others, *np.broadcast_to(cells[2:, None], (2, *shape))]))
    rank = 1 + (theirs >= unlikeness(cells) - 1e-9).sum(axis=0)
    right = (cells[1] * cells[2] - cells[0] * cells[3]) * (effect - 1) > 0
    claimed = right & (p_values(cells, design.dispersion, design.least) <= design.alpha)
    return (claimed & (rank / (design.places + 1) <= max(design.rare, design.alpha))).mean()


RANKED = [
    (Design(12, 12, 3, 1.0, 0.06, 10, 58), 0.05),
    (Design(30, 30, 3, 1.3, 0.06, 10, 199), 0.3),
    (Design(20, 20, 3, 1.0, 0.06, 10, 39), 2.5),
    (Design(50, 50, 3, 1.0, 0.06, 10, 39), 0.42),
    (Design(100, 100, 3, 1.0, 0.06, 10, 39), 0.5),
]


@pytest.mark.parametrize(("design", "effect"), RANKED)
def test_power_counts_the_untreated_places_that_have_a_say(design, effect):
    called = among_others(design, effect, 4_000, seed=12)
    assert design.power(effect) == pytest.approx(called, abs=0.025)
    assert design.power(effect) < replace(design, places=0).power(effect)


def test_a_line_that_forgets_them_promises_too_much():
    told = sum(replace(design, places=0).power(effect) for design, effect in RANKED[2:])
    seen = sum(among_others(design, effect, 4_000, seed=12) for design, effect in RANKED[2:])
    kept = sum(design.power(effect) for design, effect in RANKED[2:])
    assert told - seen > 0.05
    assert abs(kept - seen) < 0.05


def test_three_values_cannot_stand_for_a_small_count_after(monkeypatch):
    design, effect, n = Design(12, 12, 3, alpha=0.06), 0.05, 4_000
    cells = np.random.default_rng(13).poisson([[36], [0.6], [36], [12]], (4, n))
    fewer = cells[1] * cells[2] < cells[0] * cells[3]
    seen = ((p_values(cells, 1.0, 10) <= 0.06) & fewer).mean()
    assert design.power(effect) == pytest.approx(seen, abs=0.02)

    def rounded(mean, phi):
        reach = math.sqrt(3 * mean * phi)
        values = [max(0, round(mean + step)) for step in (-reach, 0, reach)]
        return np.array(values), np.array([1, 4, 1]) / 6

    monkeypatch.setattr("est_analysis.measures.design._all", rounded)
    assert abs(design.power(effect) - seen) > 0.05


KNOWN = [(50, 0.64), (100, 0.47), (200, 0.34), (500, 0.22)]
"""Falls that the weighted difference sees: one year each, one-sided 5 %, 80 %."""


def seen(n, fall, rule, runs=20_000):
    t0, t1, c0, c1 = np.random.default_rng(3).poisson([n, n * (1 - fall), n, n], (runs, 4)).T
    if rule == "ratio":
        z = np.log(t1 * c0 / (t0 * c1)) / np.sqrt(1 / t0 + 1 / t1 + 1 / c0 + 1 / c1)
    else:
        z = (t1 - t0 - (c1 - c0)) / np.sqrt(t0 + t1 + c0 + c1)
    return (z < stats.norm.ppf(0.05)).mean()


@pytest.mark.parametrize(("n", "fall"), KNOWN)
def test_the_ratio_sees_a_smaller_fall_than_the_difference(n, fall):
    own = 1 - Design(n, n, 1, alpha=0.1).smallest_fall()
    assert seen(n, fall, "difference") == pytest.approx(0.8, abs=0.02)  # the known figure is right
    assert own < fall
    assert seen(n, own, "ratio") >= 0.79
    assert seen(n, own, "difference") < 0.8


@pytest.mark.parametrize("times", [1, 5, 50])
@pytest.mark.parametrize("trend", [0.7, 1.0, 1.4])
def test_the_rule_keeps_its_level_beside_a_larger_comparison(times, trend):
    """Also where everything rises or falls: then the unscaled difference errs, or is blind."""
    n, runs = 40, 2_000
    draws = np.random.default_rng(4).poisson(
        [3 * n, n * trend, 3 * n * times, n * times * trend], (runs, 4)
    )
    false = 0
    for t0, t1, c0, c1 in draws.tolist():
        laid = outcomes((t0, t1), (c0, c1))
        false += laid.p[t1 - int(laid.after[0])] <= 0.06
    assert false <= stats.binom.ppf(0.999, runs, 0.06)


def test_an_unscaled_difference_errs_where_everything_falls():
    runs = 4_000
    draws = np.random.default_rng(4).poisson([120, 28, 120 * 20, 28 * 20], (runs, 4))
    found = [
        weighted_displacement_difference((t0, t1), (c0, c1), time_weights=(3, 1)).p <= 0.06
        for t0, t1, c0, c1 in draws.tolist()
    ]
    assert np.mean(found) > 0.9


def test_the_smallest_effects_have_the_power_that_they_say():
    design = Design(40, 40, 3)
    fall, rise = design.smallest_fall(), design.smallest_rise()
    assert design.power(fall) >= 0.8 > design.power(fall + 0.01)
    assert design.power(rise) >= 0.8 > design.power(rise - 0.05)
    assert Design(1, 1, 3).smallest_fall() is None
    assert Design(0.1, 0.1, 3).smallest_rise() is None


def test_years_that_are_needed():
    design = Design(50, 50, 3, alpha=0.06)
    years = design.years_needed(0.5)
    assert design.power(0.5, years) >= 0.8 > design.power(0.5, years - 1)
    assert years == 2
    assert Design(200, 200, 3).years_needed(0.5) == 1
    assert Design(5, 5, 3).years_needed(0.5) is None
    assert Design(50, 50, 0).years_needed(0.1) is None
