"""Where a problem lies: five ways to say it, in order, and why not where none will do."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from est_analysis.gather.geography import Geography
from est_analysis.measures.places import DEFAULT_RADIUS_M, centre_of, comparison, footprint

GEOGRAPHY = Geography(
    boundary=None,
    areas=gpd.GeoDataFrame({"name": ["Centrum"]}, geometry=[shapely.box(0, 0, 900, 900)]),
    places=pd.DataFrame({"name": ["Torget"], "place_type": ["torg"], "x": [100.0], "y": [200.0]}),
    streets=gpd.GeoDataFrame(
        {"name": ["Storgatan", "Storgatan"]},
        geometry=[
            shapely.LineString([(0, 0), (100, 0)]),
            shapely.LineString([(100, 0), (200, 0)]),
        ],
    ),
)
EVERY = {
    "polygon": "POLYGON ((0 0, 10 0, 10 10, 0 10, 0 0))",
    "x": 50.0,
    "y": 60.0,
    "radie_m": 75.0,
    "plats": "torget",
    "gata": " STORGATAN ",
    "omrade": "centrum",
}
ORDER = [
    ("polygon", "polygon"),
    ("x", "point"),
    ("plats", "place"),
    ("gata", "street"),
    ("omrade", "area"),
]


def without(*columns):
    nothing = {"x": np.nan, "y": np.nan, "radie_m": np.nan}
    return {**EVERY, **{column: nothing.get(column, "") for column in columns}}


@pytest.mark.parametrize("at", range(len(ORDER)))
def test_the_first_that_is_given_holds(at):
    gone = [column for column, _ in ORDER[:at]]
    assert footprint(without(*gone), GEOGRAPHY).how == ORDER[at][1]


def test_a_circle_has_its_radius_and_area():
    found = footprint(without("polygon"), GEOGRAPHY)
    assert (found.centre, found.reach_m) == ((50.0, 60.0), 75.0)
    assert found.shape.area == pytest.approx(np.pi * 75**2, rel=5e-4)
    assert footprint(without("polygon", "radie_m"), GEOGRAPHY).reach_m == DEFAULT_RADIUS_M


def test_a_polygon_reaches_as_far_as_a_circle_of_its_area():
    found = footprint(EVERY, GEOGRAPHY)
    assert np.pi * found.reach_m**2 == pytest.approx(100)
    assert found.shape.contains(shapely.Point(found.centre))


def test_a_street_is_all_its_lines():
    found = footprint(without("polygon", "x", "plats"), GEOGRAPHY)
    assert found.shape.bounds == pytest.approx((-75, -75, 275, 75))


WHY = {
    "nothing": without("polygon", "x", "plats", "gata", "omrade"),
    "unknown_place": {**without("polygon", "x"), "plats": "Ingenstans"},
    "unknown_street": {**without("polygon", "x", "plats"), "gata": "Ingengatan"},
    "unknown_area": {**without("polygon", "x", "plats", "gata"), "omrade": "Ingen"},
    "not_wkt": {**EVERY, "polygon": "0 0, 1 1"},
    "no_polygon": {**EVERY, "polygon": "POINT (0 0)"},
    "invalid": {**EVERY, "polygon": "POLYGON ((0 0, 1 1, 1 0, 0 1, 0 0))"},
}


@pytest.mark.parametrize("why", WHY)
def test_nothing_is_guessed(why):
    found = footprint(WHY[why], GEOGRAPHY)
    assert (found.shape, found.how, found.why_not) == (None, "", why)
    assert footprint(EVERY, GEOGRAPHY).why_not == ""


def test_a_row_with_only_the_older_columns_will_do():
    found = footprint({"plats": "Torget", "x": np.nan, "y": np.nan}, GEOGRAPHY)
    assert (found.how, found.centre) == ("place", (100.0, 200.0))


def test_a_comparison_place_is_as_large_as_the_treated():
    own = footprint(without("polygon"), GEOGRAPHY)
    assert comparison("Torget", own, GEOGRAPHY).reach_m == 75
    assert comparison("", own, GEOGRAPHY).why_not == "nothing"
    assert comparison("Parken", own, GEOGRAPHY).why_not == "unknown_place"


def test_without_a_map_nothing_is_known():
    bare = Geography(None, None, None, None)
    assert centre_of("Torget", bare) is None
    assert footprint(without("polygon", "x", "plats"), bare).why_not == "unknown_street"
    assert footprint(without("polygon"), bare).how == "point"
