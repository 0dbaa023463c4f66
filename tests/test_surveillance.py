"""EARS, the square-root band and Farrington: published figures, and what must hold of any."""

import numpy as np
import pytest
from scipy import stats

from est_analysis.patterns import surveillance

# robberies a week in Memphis 2019, 52 full weeks from 1 January (methods AT-34)
WEEKS = (
    "37 65 53 39 47 38 35 31 33 34 27 25 29 33 45 37 32 62 36 35 54 56 50 54 47 57 53 56 41 48 48 "
    "36 50 54 40 51 53 63 41 52 32 41 43 38 30 30 35 34 52 39 49 41"
)
MEMPHIS = np.array([int(n) for n in WEEKS.split()])


def test_ears_gives_the_limits_of_r():
    limits = surveillance.ears(MEMPHIS)
    published = {27: 74.021, 28: 63.7049, 48: 51.8118, 49: 51.5565, 52: 65.7707}
    for week, limit in published.items():
        assert limits[week - 1] == pytest.approx(limit, abs=1e-3)
    second_half = slice(26, None)  # the weeks that were compared with R
    assert list(np.flatnonzero((limits < MEMPHIS)[second_half]) + 27) == [49]
    lagged = surveillance.ears(MEMPHIS, lag=2)
    assert not (lagged < MEMPHIS)[second_half].any()
    # the breaking sibling: a standard deviation over n, not n - 1, or another baseline
    assert surveillance.ears(MEMPHIS, baseline=8)[26] != pytest.approx(74.021, abs=1e-3)


def test_ears_without_history_has_no_limit():
    assert np.isnan(surveillance.ears(MEMPHIS)[:7]).all()
    assert np.isnan(surveillance.ears(MEMPHIS, lag=2)[:9]).all()
    assert np.isfinite(surveillance.ears(MEMPHIS, lag=2)[9])
    assert np.isnan(surveillance.ears([3, 4, 5])).all()
    many = surveillance.ears(np.stack([MEMPHIS, MEMPHIS[::-1]]))
    assert many[0] == pytest.approx(surveillance.ears(MEMPHIS), nan_ok=True)


def test_the_root_band_of_memphis():
    means = np.convolve(MEMPHIS, np.ones(8) / 8, "valid")[:-1]
    low, high = surveillance.root_band(means)
    assert means[0] == 43.125
    assert (low[0], high[0]) == pytest.approx((25.674, 65.076), abs=1e-3)
    later = MEMPHIS[8:]
    assert list(np.flatnonzero((later < low) | (later > high)) + 9) == [18]
    assert surveillance.root_band(0.5)[0] == 0  # not below zero


def test_poisson_z_by_hand():
    assert surveillance.poisson_z([16, 4, 100], [25, 9, 80]) == pytest.approx([2, 2, -2.1115], 1e-4)


def weekly(mean, years=4, seed=1):
    return np.random.default_rng(seed).poisson(mean, 52 * years + 4)


def test_farrington_on_a_flat_series_has_the_poisson_limit():
    flat = np.full(4 * 52, 9)
    found = surveillance.farrington(flat)
    assert found.expected == pytest.approx(9)
    assert found.dispersion == 1
    assert found.limit == stats.poisson.ppf(0.995, 9)
    assert not found.alarm
    assert surveillance.farrington([*flat[:-1], 30]).alarm


def test_farrington_knows_the_season():
    t = np.arange(4 * 52 + 1)
    wave = 10 * np.exp(np.cos(2 * np.pi * t / 52))  # the newest week is at the top
    found = surveillance.farrington(np.round(wave))
    assert found.expected == pytest.approx(wave[-1], rel=0.1)
    shifted = surveillance.farrington(np.round(np.roll(wave, 26)))
    assert shifted.expected < found.expected / 3


def test_a_past_outbreak_does_not_hide_the_next():
    series = weekly(8)
    burst = series.copy()
    burst[-1 - 52 : -1 - 48] += 40
    plain, taken_down = surveillance.farrington(series), surveillance.farrington(burst)
    assert taken_down.limit < plain.limit + 10
    unweighted = np.mean(burst[-1 - 52 - 3 : -1 - 48])
    assert taken_down.expected < unweighted


def test_farrington_says_when_it_cannot():
    assert surveillance.farrington(weekly(8, years=2)).why_not == "short"
    assert surveillance.farrington(weekly(8), years=2).why_not == "short"
    few = weekly(8)
    few[-4:] = 1
    assert surveillance.farrington(few).why_not == "few"
    with pytest.raises(ValueError, match="one row"):
        surveillance.farrington([[1, 2]])
    with pytest.raises(ValueError, match="one row"):
        surveillance.farrington([-1.0])


def test_farrington_keeps_its_level_where_nothing_goes_on():
    alarms = [surveillance.farrington(weekly(8, seed=s)).alarm for s in range(100)]
    assert sum(alarms) <= stats.binom.ppf(0.99, 100, 0.02)  # discrete, and its limit estimated
    risen = [surveillance.farrington([*weekly(8, seed=s)[:-1], 24]).alarm for s in range(20)]
    assert all(risen)


def test_seasons_part_the_year():
    season = surveillance.season_of(np.arange(0, 52), 3)
    assert set(season) == set(range(10))
    assert (season == 0).sum() == 7
    assert season[0] == season[3] == season[49] == 0
    sizes = [(season == s).sum() for s in range(1, 10)]
    assert max(sizes) - min(sizes) <= 1
