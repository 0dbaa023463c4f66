"""Unrest of places: measured over whole years, apart from what a year brings to all."""

import numpy as np
import pytest

from benchmarks import truth_of_measures as asked
from est_analysis.measures.unrest import dispersion, of_places
from est_analysis.patterns.change import unrest

FIRST = asked.FIRST.date()


def town(**parts):
    sort = asked.Sort("unrest", scale=20, **parts)
    return asked.draw(sort, np.random.default_rng(5))


def estimated(made, treated=()):
    events, settings = asked.events(made), asked._settings()
    return of_places(events, asked.PERIOD, settings, first=FIRST, treated=treated)


def test_a_restless_year_is_seen_whole_where_its_quarters_show_a_part():
    made = town(dispersion=2.4)
    of_quarters = unrest(
        asked.events(made), asked.PERIOD, asked._settings(), by="place", first=FIRST
    )
    assert of_quarters < 1.6
    assert estimated(made) == pytest.approx(2.4, abs=0.3)
    assert estimated(town(dispersion=2.4, lasts="quarter")) == pytest.approx(2.4, abs=0.3)


def test_what_a_year_brings_to_all_places_is_no_unrest_of_theirs():
    assert dispersion([[10, 20], [30, 60], [5, 10]]) == 1.0
    assert dispersion([[10, 20], [60, 30], [5, 10]]) > 2


def test_nothing_to_judge_by_is_no_unrest():
    assert dispersion([[4], [5]]) == 1.0
    assert dispersion([[4, 9]]) == 1.0
    assert dispersion(np.zeros((3, 4))) == 1.0


def test_treated_places_are_left_out():
    made = town()
    after = slice(-asked.QUARTERS, None)
    made.counts[made.treated, after] = 0
    everywhere = estimated(made)
    elsewhere = estimated(made, [asked._name(i) for i in made.treated])
    assert elsewhere < 1.1 < everywhere
