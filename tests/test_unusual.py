"""Places against their own earlier years: silent where nothing goes on, awake where it does."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom

from est_analysis.patterns import unusual
from est_analysis.patterns.unusual import (
    CALM,
    Unrest,
    against_background,
    against_earlier,
    against_other,
    occasions,
    smoothed,
    unrest,
)

ESDA = json.loads((Path(__file__).parent / "oracles/esda.json").read_text(encoding="utf-8"))


def town(seed, *, burst=1.0, events=250, places=250, more=None):
    """Return four years' counts of a centre-heavy town; `burst` is variance over mean."""
    rng = np.random.default_rng(seed)
    risk = np.sort(rng.pareto(1.2, places) + 0.05)[::-1]
    mean = risk / risk.sum() * events * (1 + 0.15 * rng.normal(size=(4, 1))).clip(0.5)
    if more:
        mean[3, more[0]] *= more[1]
    if burst == 1:
        return rng.poisson(mean).T
    return rng.negative_binomial(mean / (burst - 1), 1 / burst).T


def claims(p_of, towns=100, **made):
    """Count the towns, of seeds 1 and on, in which a statistic makes a claim at 5 %."""
    return sum(p_of(town(seed, **made), seed) <= 0.05 for seed in range(1, towns + 1))


def ours(counts, seed):
    return against_earlier(counts[:, 3], counts[:, :3], replicates=99, seed=seed).p


def each_place_for_itself(counts, seed):
    now, base = counts[:, 3], counts[:, :3].sum(axis=1)
    return binom.sf(now - 1, now + base, now.sum() / counts.sum()).min()


def as_if_calm(counts, seed):
    base = counts[:, :3].sum(axis=1)
    return against_other(counts[:, 3], base, replicates=99, seed=seed).p


BOUND = binom.ppf(0.99, 100, 0.05)  # so many false claims in 100 quiet towns are still 5 %


@pytest.mark.parametrize("burst", [1.0, 1.5])
def test_quiet_towns_are_seldom_claimed(burst):
    assert claims(ours, burst=burst) <= BOUND


def test_a_statistic_that_forgets_the_other_places_or_the_unrest_is_caught():
    assert claims(each_place_for_itself) > BOUND
    assert claims(as_if_calm, burst=1.5) > BOUND


@pytest.mark.parametrize(("place", "times"), [(1, 3), (10, 8)])
def test_a_place_that_grew_much_is_found_and_named(place, times):
    named = 0
    for seed in range(1, 31):
        counts = town(seed, more=(place, times))
        found = against_earlier(counts[:, 3], counts[:, :3], replicates=99, seed=seed)
        named += found.p_place[place] <= 0.05
    assert named >= 20


def test_the_same_claim_whatever_the_order_of_places():
    counts = town(3, burst=1.5, more=(2, 4))
    order = np.random.default_rng(0).permutation(len(counts))
    one = against_earlier(counts[:, 3], counts[:, :3], replicates=99)
    two = against_earlier(counts[order, 3], counts[order, :3], replicates=99)
    assert one.p == two.p == one.p_place.min()
    np.testing.assert_array_equal(one.p_place[order], two.p_place)
    assert (one.expected.sum(), one.n.sum()) == pytest.approx((two.n.sum(), counts[:, 3].sum()))
    # places where nothing ever happened say nothing
    padded = np.vstack([counts, np.zeros((500, 4), int)])
    assert against_earlier(padded[:, 3], padded[:, :3], replicates=99).p == one.p


def test_a_rise_of_the_whole_is_no_finding_about_places():
    counts = np.tile([[20], [8], [3]], (40, 4))
    risen = against_earlier(counts[:, 3] * 5, counts[:, :3], replicates=99)
    assert risen.p > 0.5
    np.testing.assert_allclose(risen.ratio, 1)
    counts[7, 3] += 25
    assert against_earlier(counts[:, 3], counts[:, :3], replicates=99).p == 0.01


def test_one_event_in_a_small_place_does_not_top_the_list():
    now, before = np.array([1, 40, 20, 20, 20, 20]), np.array([0, 30, 60, 60, 60, 60])
    earlier = np.column_stack([before // 3] * 3)
    found = against_earlier(now, earlier, replicates=99)
    assert found.ratio.argmax() == 0 and np.isinf(found.ratio[0])
    assert found.shrunken.argmax() == 1 and np.isfinite(found.shrunken).all()
    assert found.score.argmax() == 1


@pytest.mark.parametrize(
    ("now", "earlier"),
    [
        ([], np.zeros((0, 3), int)),
        ([0, 0], [[0, 0], [0, 0]]),
        ([1], [[0, 0]]),
        ([400], [[300, 300]]),  # all at one address
        ([0, 0], [[90, 90], [9, 9]]),  # nothing now
        ([50, 50], [[0, 0], [0, 0]]),  # nothing before
        ([30, 40], [[30], [40]]),  # one earlier year
        ([3, 4], [[3, 4], [4, 3]]),  # too few
    ],
)
def test_below_the_gate_nothing_is_claimed(now, earlier):
    found = against_earlier(now, earlier, replicates=19)
    assert not found.gate
    assert found.p == 1 or found.p > 0.05
    assert against_earlier([30, 40], [[30, 30], [40, 40]], replicates=19).gate


def test_what_is_no_count_is_refused():
    for now, earlier in (([1], [[1, 1], [1, 1]]), ([-1], [[1, 1]]), ([1], [[0.5, 1]])):
        with pytest.raises(ValueError):
            against_earlier(now, earlier)
    for background in ([1], [0, 0], [1, -1], [1, np.nan]):
        with pytest.raises(ValueError):
            against_background([1, 2], background)


# unrest, occasions


def test_unrest_finds_what_it_was_made_of():
    rng = np.random.default_rng(1)
    level = rng.gamma(1.0, 8.0, 3000)
    calm = unrest(rng.poisson(level[:, None], (3000, 4)))
    assert calm.weight(np.array([20.0]), 4)[0] > 300
    bursts = rng.negative_binomial(level[:, None] / 1.5, 1 / 2.5, (3000, 4))  # 1 + 1/b = 2.5
    assert unrest(bursts).weight(np.array([32.0]), 4)[0] == pytest.approx(32 / 1.5, rel=0.15)
    swings = rng.negative_binomial(3, 3 / (3 + level[:, None]), (3000, 4))  # a = 3
    assert unrest(swings).weight(np.array([32.0]), 4)[0] == pytest.approx(12, rel=0.15)


@pytest.mark.parametrize("table", [np.zeros((0, 3)), np.zeros((5, 3)), [[4], [5]], [[1, 0]] * 9])
def test_where_nothing_tells_of_unrest_periods_are_calm(table):
    assert unrest(np.asarray(table)) == CALM


def test_reports_of_one_night_are_one_occasion():
    places = ["Torget"] * 5 + ["Parken"] * 2
    place, day = occasions(places, [8, 1, 2, 3, 20, 1, 3])
    assert list(zip(place, day, strict=True)) == [
        ("Parken", 1), ("Parken", 3), ("Torget", 1), ("Torget", 8), ("Torget", 20),
    ]  # fmt: skip
    assert len(occasions(places, [8, 1, 2, 3, 20, 1, 3], gap=0)[0]) == 7
    assert len(occasions([], [])[0]) == 0


# other backgrounds


def test_another_kind_of_record_as_background():
    rng = np.random.default_rng(2)
    level = rng.gamma(1, 5, 80)
    crimes, events = rng.poisson(level), rng.poisson(level * 3)
    assert against_other(crimes, events, replicates=99).p > 0.05
    crimes[4] += 40
    found = against_other(crimes, events, replicates=99)
    assert found.p_place.argmin() == 4 and found.p == 0.01
    restless = against_other(crimes, events, unrest=Unrest(0.01, 0.01), replicates=99)
    assert restless.p > 0.05


@pytest.mark.parametrize("spread", [CALM, Unrest(0, 1.0)])
def test_false_claims_against_a_known_background(spread):
    heads = np.random.default_rng(0).gamma(0.5, 100, 60) + 1
    share, false, wrong = heads / heads.sum(), 0, 0
    for seed in range(1, 101):
        rng = np.random.default_rng(seed)
        level = share if spread == CALM else rng.dirichlet(spread.weight(share * 200, 1))
        counts = rng.multinomial(200, level)
        false += against_background(counts, heads, unrest=spread, replicates=99).p <= 0.05
        wrong += against_background(counts, np.ones(60), unrest=spread, replicates=99).p <= 0.05
    assert false <= BOUND < wrong


def test_an_event_where_nobody_lives_contradicts_the_background():
    found = against_background([5, 30, 30], [0, 10, 10], replicates=19)
    assert np.isnan([found.expected[0], found.shrunken[0], found.p_place[0]]).all()
    assert found.expected[1:].tolist() == [30, 30]


def test_rates_are_smoothed_as_esda_smooths_them():
    known = ESDA["smoothing"]
    found = smoothed(known["events"], known["at_risk"])
    np.testing.assert_allclose(found, known["rate"], atol=1e-10)
    raw = np.array(known["events"]) / known["at_risk"]
    assert not np.allclose(raw, known["rate"], atol=1e-4)
    assert smoothed([3, 0], [0, 0]).tolist() == pytest.approx([np.nan] * 2, nan_ok=True)
    assert smoothed([2, 2, 0], [10, 10, 0]).tolist() == [0.2] * 3


def test_a_period_whose_only_events_stand_alone_does_not_spoil_the_estimate():
    table = np.array([[3, 2, 0], [4, 5, 0], [0, 0, 1], [2, 1, 0]])
    found = unusual.unrest(table)
    assert np.isfinite([found.a, found.b]).all()
    assert found == unusual.unrest(table[[0, 1, 3]][:, :2])


def test_seasons_are_pooled_each_at_its_own_level():
    rng = np.random.default_rng(8)
    low, high = (rng.poisson(mean * rng.gamma(1.0, 1.0, (200, 3))) for mean in (3, 30))
    pooled = unusual.unrest(low, high)
    alone = [unusual.unrest(table) for table in (low, high)]
    spread = [one.weight(np.array(30), 3) for one in (pooled, *alone)]
    assert min(spread[1:]) <= spread[0] <= max(spread[1:])
