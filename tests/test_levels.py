"""Changes of level: found where planted, by chance as seldom as said, and never a season."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from chance import at_most
from frames import events, settings

from est_analysis.patterns.levels import levels, season_profile, shift
from est_analysis.periods import parse

PERIOD = parse("2026-09-17--2026-09-30")


def test_a_change_of_level_by_hand():
    found = shift([2] * 20 + [8] * 20)
    assert (found.at, found.before, found.after) == (20, 2, 8)
    assert found.p == 1 / 1000
    flat = shift([4] * 40)
    assert flat.p > 0.9
    assert shift([0] * 10).p == 1
    with pytest.raises(ValueError, match="at least 8"):
        shift([1, 2, 3])
    with pytest.raises(ValueError, match="above zero"):
        shift([1] * 10, exposure=[0] * 10)


def falsely(phi, told):
    rng = np.random.default_rng(4)
    mean = 6.0
    table = rng.negative_binomial(mean / (phi - 1), 1 / phi, (100, 60))
    p = [shift(row, dispersion=told, simulations=99, seed=i).p for i, row in enumerate(table)]
    return sum(one <= 0.05 for one in p)


def test_chance_is_called_a_change_as_seldom_as_said():
    assert falsely(2.5, 2.5) <= at_most(100)
    assert falsely(2.5, 1.0) > at_most(100)  # as if the series were no more restless than Poisson


def test_a_season_is_no_change_of_level():
    t = np.arange(78)
    wave = np.round(20 * np.exp(0.8 * np.cos(2 * np.pi * t / 26)))
    profile = season_profile(wave, 26)
    assert shift(wave, exposure=profile).p > 0.2
    assert shift(wave).p < 0.05  # without the profile it would be one
    assert (season_profile(wave[:30], 26) == 1).all()


def rows(rate_before, rate_after, since="2025-06-01"):
    days = pd.date_range("2023-08-01", "2026-09-30", freq="D")
    rng = np.random.default_rng(7)
    n = rng.poisson(np.where(days < pd.Timestamp(since), rate_before, rate_after))
    return [{"start": day, "count": int(k)} for day, k in zip(days, n, strict=True) if k]


def test_a_planted_change_is_dated():
    found = levels(events(*rows(0.5, 1.2)), PERIOD, settings()).iloc[0]
    assert found["changed"]
    assert abs((found["day"] - date(2025, 6, 1)).days) <= 60
    assert found["after"] / found["before"] == pytest.approx(2.4, rel=0.3)
    assert not levels(events(*rows(0.8, 0.8)), PERIOD, settings()).iloc[0]["changed"]


def test_short_few_and_silent_series_have_no_level():
    table = events(*rows(0.5, 1.2))
    assert levels(table[table["start"] > "2026-01-01"], PERIOD, settings()).empty
    assert levels(table.iloc[::40], PERIOD, settings()).empty
    assert levels(table[table["start"] < "2026-06-01"], PERIOD, settings()).empty
    assert levels(events(), PERIOD, settings()).empty
    assert "changed" in levels(events(), PERIOD, settings())
