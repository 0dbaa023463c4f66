"""Measures on polygons, streets and areas are followed up on just that ground."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from frames import events, settings
from frames_of_measures import GEOGRAPHY, HISTORY, Q1, THERE, register, yearly

from est_analysis.gather.surveys import Surveys
from est_analysis.measures.evaluation import evaluate
from est_analysis.measures.event_study import panel_of
from est_analysis.measures.ground import Site, clear_of, sites
from est_analysis.measures.perceived import perceived
from est_analysis.measures.planning import plans

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


def elsewhere(problem, at, *, kind="reported_crime", **more):
    """Return the register and events of a measure with so many events at a spot, and far away."""
    rows = [*yearly([10, 20, 20, 20], **at), *yearly([30] * 4, **THERE)]
    told = [HISTORY, {**HISTORY, "kind": kind}, *({**row, "kind": kind} for row in rows)]
    return events(*told), register(more.get("measure"), {**NOWHERE, **problem})


LATER = {"startdatum": "2026-06-01", "status": "Planerad"}


@pytest.mark.parametrize(("at", "count"), [(CORNER, 60), (NOTCH, 0)])
def test_a_plan_counts_just_its_ground(at, count):
    listed, own = elsewhere({"polygon": ELL, "vald_period": "2021Q1"}, at, measure=LATER)
    (plan,) = plans(listed, own, Q1, settings(), OWN)
    assert plan.count == (50 if count else 0)  # three years up to the period's end
    assert (plan.prospect.rule, plan.comparison_count) == ("register", 90)


@pytest.mark.parametrize(("at", "n"), [(CORNER, 1), (NOTCH, 0)])
def test_reports_of_unsafe_places_are_counted_on_just_that_ground(at, n):
    kept = settings(sources={"polis": {}, "trygg": {"kind": "unsafe_place"}})
    listed, own = elsewhere({"polygon": ELL}, at, kind="unsafe_place")
    listed["source"] = ["polis", *["trygg"] * (len(listed) - 1)]
    found = evaluate(listed, own, Q1, kept, OWN)
    none = Surveys(
        pd.DataFrame({"share": [], "area": [], "year": []}).astype({"share": bool}), None
    )
    reports = perceived(listed, own, found, Q1, kept, OWN, none).reports
    assert len(reports) == n
    assert [(one.before, one.after, one.rule) for one in reports] == [(60, 10, "register")] * n


@pytest.mark.parametrize(("at", "here"), [(CORNER, 70), (NOTCH, 0)])
def test_a_panel_counts_just_its_ground(at, here):
    far = pd.DataFrame({"name": ["Torg"], "place_type": ["torg"], "x": [9e4], "y": [0.0]})
    places = pd.concat([OWN.places, far.assign(area="Centrum")], ignore_index=True)
    spread = [{**row, "x": 9e4, "y": 0.0} for row in yearly([10, 20, 20, 20])]
    base = [HISTORY, *spread, *yearly([1, 2, 2, 2], x=50.0, y=50.0)]
    listed = events(*base, *yearly([10, 20, 20, 20], **at))
    own = register({"jamforelseplats": ""}, {**NOWHERE, "polygon": ELL})
    panel = panel_of(listed, own, Q1, settings(), replace(OWN, places=places))
    assert (panel is None) == (here == 0)  # without its events no place is of its level
    if panel is not None:
        assert panel.counts[0].sum() == here + 7


def test_two_grounds_meet_where_they_do_and_not_where_their_circles_would():
    ell = Site((200.0, 50.0), 150.0, shape=shapely.from_wkt(ELL))
    notch = Site((320.0, 320.0), 60.0)
    assert ell.reach + notch.radius > 270  # their circles do
    assert not ell.touches(notch) and not notch.touches(ell)
    assert ell.touches(Site((320.0, 150.0), 60.0))
    assert ell.touches(Site((50.0, 50.0), 1.0))  # within it
    assert ell.touches(replace(ell)) and ell.touches(Site(ell.centre, 9.0, shape=notch_of(90)))
    assert not ell.touches(Site((300.0, 300.0), 50.0, shape=notch_of(150)))
    assert clear_of(np.array([[320.0, 320.0], [320.0, 150.0]]), 60.0, [ell]).tolist() == [0]


def notch_of(low):
    return shapely.box(low, low, 400, 400)
