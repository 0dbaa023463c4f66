"""Unrest of places: measured over whole years, apart from what a year brings to all."""

from datetime import date
from types import SimpleNamespace

import numpy as np
import pytest
from frames import events, settings
from frames_of_measures import register

from benchmarks import truth_of_measures as asked
from est_analysis.measures.unrest import dispersion, of_places
from est_analysis.patterns.change import unrest
from est_analysis.patterns.hotspots import located
from est_analysis.periods import parse
from est_analysis.reports.language import Language
from est_analysis.reports.results import Results

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


def known_by_place(told):
    """Return a report's unrest of places, where an older form named none of its first two years."""
    rows = [
        {"start": f"{year}-05-05", "count": 20 + 6 * (year % 2 == i), "place": f"Torg {i}"}
        | ({} if year >= told else {"place": "", "source": "old", "place_precision": "area"})
        for year in range(2021, 2027)
        for i in (0, 1)
    ]
    placed = {"start": "datum", "x": "x", "y": "y"}
    old = {"covers_from": date(2021, 1, 1)}
    kept = settings(
        sources={
            "old": old,
            "polis": {"covers_from": date(told, 1, 1), "follows": "old", "columns": placed},
        }
    )
    results = Results(kept, parse("2026"), "internal", Language("sv"))
    results.__dict__["events"] = events(*rows)
    results.__dict__["gathered"] = SimpleNamespace(events=results.events)
    results.__dict__["register"] = register(problem={"plats": "Ingenstans"})
    return results, results.unrest_of_places


def test_years_before_places_were_told_are_no_unrest():
    """Counted, they are years without a single crime at every place."""
    results, found = known_by_place(2024)
    assert found == known_by_place(2024)[1] >= 1
    crimes = located(results.events)
    at = {"period": results.period, "municipality": results.municipality}
    by_place = of_places(crimes, **at, first=date(2024, 1, 1))
    by_kind = of_places(crimes, **at, first=date(2021, 1, 1))
    assert found == by_place
    assert by_kind != by_place
