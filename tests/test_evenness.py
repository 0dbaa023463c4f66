"""Whether hours and weekdays are even: known cases, exact sums, and uniform p-values."""

import numpy as np
import pytest
from chance import at_most
from scipy.stats import chi2, multinomial

from est_analysis.patterns import evenness


@pytest.mark.parametrize(
    ("hours", "mean", "length"),
    [({22: 1, 2: 1}, 0.5, 0.866), ({6: 4}, 6.5, 1.0), ({0: 3, 12: 3}, None, 0.0)],
)
def test_the_mean_hour_by_hand(hours, mean, length):
    by_hour = np.zeros(24)
    by_hour[list(hours)] = list(hours.values())
    found = evenness.circular(by_hour)
    assert found.length == pytest.approx(length, abs=0.01)  # binning is corrected for
    if mean is not None:
        assert found.hour == pytest.approx(mean)
        assert abs(found.hour - np.average(list(hours), weights=list(hours.values()))) >= 0.5


def test_no_events_have_no_mean_hour_and_negative_ones_are_refused():
    found = evenness.circular(np.zeros(24))
    assert np.isnan(found.hour)
    assert (found.p, found.n) == (1.0, 0.0)
    with pytest.raises(ValueError, match="zero or more"):
        evenness.circular([-1.0, 2.0])


def uneven_days(seeds, n, share):
    """Count the seeds in which Rayleigh's test calls the day uneven at 5 %."""
    called = 0
    for seed in seeds:
        drawn = np.random.default_rng(seed).multinomial(n, share)
        called += evenness.circular(drawn).p <= 0.05
    return called


def test_an_even_day_is_called_uneven_as_often_as_said_and_a_night_almost_always():
    seeds = range(1, 401)
    even = uneven_days(seeds, 40, np.full(24, 1 / 24))
    assert 400 * 0.05 / 2 <= even <= at_most(400)
    night = np.where((np.arange(24) >= 20) | (np.arange(24) < 4), 2.0, 1.0)
    assert uneven_days(seeds, 200, night / night.sum()) > 300


@pytest.mark.parametrize(
    ("counts", "p"),
    [
        ([6, 0, 0, 0, 0, 0, 0], 7**-5),  # all on one day, whichever
        ([0, 0, 2, 0, 0, 0, 0], 1 / 7),
        ([1, 1, 0, 0, 0, 0, 0], 1.0),  # two days: as even as two events can be
        ([1, 1, 1, 1, 1, 1, 1], 1.0),
    ],
)
def test_weekdays_by_hand(counts, p):
    found = evenness.weekdays(counts)
    assert found.p == pytest.approx(p)
    assert found.exact


def test_all_ways_to_fall_have_the_chance_one_together():
    assert evenness.weekdays([0] * 7).p == 1.0
    assert len(evenness._ways(5, 7)) == 462
    assert (evenness._ways(5, 7).sum(axis=1) == 5).all()


def test_days_that_the_calendar_has_more_of_get_more():
    as_expected = 4 * 0.8**3 * 0.2  # three and one lie nearest to what four days and one give
    assert evenness.weekdays([4, 0], [4, 1]).p == pytest.approx(1 - as_expected)
    assert evenness.weekdays([4, 0]).p == pytest.approx(1 / 8)
    with pytest.raises(ValueError, match="never came"):
        evenness.weekdays([1, 1], [1, 0])
    with pytest.raises(ValueError, match="whole"):
        evenness.weekdays([0.5, 1])


def test_drawn_and_exact_agree_where_both_can_be_had(monkeypatch):
    counts = [5, 1, 0, 2, 0, 3, 1]
    exact = evenness.weekdays(counts)
    monkeypatch.setattr(evenness, "ENUMERATED", 5)
    drawn = evenness.weekdays(counts)
    assert (exact.exact, drawn.exact) == (True, False)
    assert drawn.p == pytest.approx(exact.p, abs=0.015)


def test_the_exact_test_keeps_its_level_where_chi_square_does_not():
    """The true level of both: the chance of all the ways to fall that they call uneven."""
    n = 10
    ways = evenness._ways(n, 7)
    chance = multinomial(n, np.full(7, 1 / 7)).pmf(ways)
    statistic, way = np.unique(
        np.round(evenness._g(ways, np.full(7, 1 / 7)), 9), return_inverse=True
    )
    of_statistic = np.bincount(way, chance)
    example = [ways[np.flatnonzero(way == one)[0]] for one in range(len(statistic))]
    exact = np.array([evenness.weekdays(counts).p for counts in example])
    assert 0.03 < of_statistic[exact <= 0.05].sum() <= 0.05
    assert of_statistic[chi2.sf(statistic, 6) <= 0.05].sum() > 0.055
