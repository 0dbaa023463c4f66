"""Measures on polygons, streets and areas are followed up on just that ground."""

from dataclasses import replace

import geopandas as gpd
import pytest
import shapely
from frames import events, settings
from frames_of_measures import GEOGRAPHY, HISTORY, Q1, THERE, register, yearly

from est_analysis.measures.evaluation import evaluate
from est_analysis.measures.ground import sites

ELL = "POLYGON ((0 0, 400 0, 400 100, 100 100, 100 400, 0 400, 0 0))"
NOWHERE = {"plats": "", "omrade": ""}
OWN = replace(
    GEOGRAPHY,
    areas=gpd.GeoDataFrame({"name": ["Norr"]}, geometry=[shapely.box(0, 0, 400, 400)]),
    streets=gpd.GeoDataFrame(
        {"name": ["Storgatan"]}, geometry=[shapely.LineString([(0, 0), (400, 0)])]
    ),
)
CORNER, NOTCH = {"x": 350.0, "y": 50.0}, {"x": 300.0, "y": 300.0}
"""One within the L, one in its notch: within its outline's box and its circle, but not in it."""


def judged(problem, rows):
    told = [HISTORY, *rows, *yearly([30] * 4, **THERE)]
    listed = register(problem={**NOWHERE, **problem})
    (found,) = evaluate(events(*told), listed, Q1, settings(), OWN)
    return found


def both(problem):
    """Return events before and after where only the notch, and where only the corner, has any."""
    counts = [10, 20, 20, 20]
    parts = (judged(problem, yearly(counts, **at)) for at in (NOTCH, CORNER))
    return [(one.before, one.after) for one in parts]


def test_a_polygon_counts_what_lies_in_it_and_no_more():
    assert both({"polygon": ELL}) == [(0, 0), (60, 10)]


def test_a_circle_of_the_same_size_would_have_counted_otherwise():
    """The sibling: round ground about the same centre takes the notch in."""
    assert both({"x": 200.0, "y": 200.0, "radie_m": 250.0}) == [(60, 10), (60, 10)]


def test_an_area_and_a_street_are_ground_too():
    assert both({"omrade": "Norr"}) == [(60, 10), (60, 10)]
    assert both({"gata": "storgatan", "radie_m": 60.0}) == [(0, 0), (60, 10)]


def test_what_is_told_first_holds():
    assert both({"polygon": ELL, "omrade": "Norr"}) == [(0, 0), (60, 10)]
    assert both({"plats": "Intill", "omrade": "Norr"}) == [(0, 0), (0, 0)]


@pytest.mark.parametrize(
    "problem", [{}, {"omrade": "Söder"}, {"gata": "Lillgatan"}, {"polygon": "x"}]
)
def test_ground_that_nobody_knows_is_not_guessed(problem):
    assert judged(problem, yearly([10, 20, 20, 20], **CORNER)).why_not == "no_place"


def test_it_is_compared_with_a_circle_of_its_own_size():
    found = judged({"polygon": ELL}, yearly([10, 20, 20, 20], **CORNER))
    assert (found.comparison_before, found.comparison_after) == (90, 30)
    (site,) = sites(
        [(register().measures.iloc[0], register(problem={"polygon": ELL}).problems.iloc[0])], OWN
    )
    assert 3.14159 * site.radius**2 == pytest.approx(70_000, rel=1e-3)
    assert site.reach > site.radius
    assert found.place == ""
    assert judged({"omrade": "Norr"}, []).place == "Norr"


def test_its_baseline_is_frozen_as_any_other():
    first = judged({"polygon": ELL}, yearly([10, 20, 20, 20], **CORNER))
    assert first.held.tally(first.baseline) == (60, 90)
