"""The simulation of measures in small: a planted effect is called, none is not."""

import numpy as np
import pytest
from scipy.stats import binom

from benchmarks.truth_of_measures import shares, town
from est_analysis.evidence import Word

TOWNS = 6


@pytest.mark.parametrize("choice", ["random", "worst year"])
def test_without_effect_false_claims_stay_within_their_share(choice):
    found = shares(TOWNS, 11, choice, scale=20.0)
    assert found["claim"] * TOWNS <= binom.ppf(0.999, TOWNS, 0.2)
    assert found["tried"] > 0.5


def test_a_planted_effect_is_called_and_its_absence_is_not():
    assert shares(TOWNS, 11, "random", scale=20.0, effect=0.15)["claimed"] > 0.8
    assert shares(TOWNS, 11, "random", scale=20.0)["claimed"] < 0.2


def test_a_choice_on_all_years_leaves_nothing_to_try_and_an_unknown_one_no_clear_word():
    rng = np.random.default_rng(1)
    stated = town(rng, "three years", effect=0.1, scale=20.0)
    assert Word.CLEAR not in stated
    unknown = town(rng, "three years", stated=False, effect=0.1, scale=20.0)
    assert Word.INDICATION in unknown
    assert Word.CLEAR not in unknown
