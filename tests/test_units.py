"""What places are counted by: stretches and cells by hand, the empty ones too."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from frames import events
from frames_of_places import AREAS, FULL, NOTHING, PLACES, frame

from est_analysis.gather.geography import Geography
from est_analysis.patterns import units


def at(x, y, **row):
    return {"x": float(x), "y": float(y), **row}


def test_events_fall_on_the_nearest_stretch_of_about_a_hundred_metres():
    table = events(at(50, 310), at(149, 300), at(450, 850), at(700, 700), at(900, 300))
    found = units.streets(table, FULL)
    assert found.sort == "stretch"
    assert found.number.tolist() == [0, 1, 17, -1, 8]
    assert found.size.tolist() == pytest.approx([1.0] * 18)  # nine each; the nameless one is none
    names = found.names([0, 4, 17])
    assert names[0] == "Storgatan (1)" and names[1].startswith("Storgatan vid Tvärgatan")
    assert len(set(found.names(range(18)))) == 18


def test_what_is_no_place_has_no_stretch():
    table = events(at(50, 310, place_precision="area"), {"x": None, "y": None})
    assert units.streets(table, FULL).number.tolist() == [-1, -1]
    assert units.streets(events(), FULL).number.empty
    assert units.streets(table, NOTHING) is None
    nameless = Geography(None, None, None, frame([""], [shapely.LineString([(0, 0), (9, 0)])]))
    assert units.streets(table, nameless) is None


def test_where_only_the_street_is_known_whole_streets_are_counted():
    named = {"x": None, "y": None, "place_precision": "street", "place": "Storgatan"}
    table = events(at(50, 310), named, {**named, "place": "Okända gatan"}, at(450, 50))
    found = units.streets(table, FULL)
    assert found.sort == "street"
    assert [found.names([u])[0] if u >= 0 else "" for u in found.number] == [
        *("Storgatan", "Storgatan", "", "Tvärgatan")
    ]
    assert found.size.tolist() == pytest.approx([9.0, 9.0])
    # those that decide may be others than those that are counted
    assert units.streets(table, FULL, table.iloc[:1]).sort == "stretch"


def test_cells_that_could_hold_anything_have_a_road_a_place_or_an_event():
    table = events(at(60, 60), at(890, 890), at(5_000, 5_000, place_precision="area"))
    found = units.cells(table, FULL, 100.0)
    # the boundary is 900 m: nine cells on each road, one shared, two of places, two of events
    road = {(x, 3) for x in range(9)} | {(4, y) for y in range(9)}
    expected = road | {(1, 1), (6, 1), (0, 0), (8, 8)}
    rows, columns = np.nonzero(found.grid.inside)
    inside = {
        (c + found.grid.east, r + found.grid.north) for r, c in zip(rows, columns, strict=True)
    }
    assert expected <= inside <= expected | {(9, 3), (4, 9)}  # a road may end on the edge
    assert found.number.tolist()[2] == -1
    assert found.names([int(found.number[0])]) == ["Ruta 0/0"]


def test_a_cell_on_the_border_counts_by_what_lies_inside():
    half = Geography(shapely.box(0, 0, 900, 350), None, None, FULL.streets)
    found = units.cells(events(at(50, 310)), half, 100.0)
    assert found.size[found.number[0]] == pytest.approx(0.5)
    assert found.size.max() == pytest.approx(1.0)


def test_without_streets_the_boundary_and_without_that_a_frame():
    bare = Geography(FULL.boundary, AREAS, PLACES, None)
    assert len(units.cells(events(at(50, 50)), bare, 100.0).size) == 81
    framed = units.cells(events(at(50, 50), at(250, 50)), NOTHING, 100.0)
    assert framed.number.ge(0).all() and framed.grid.shape == (3, 5)
    # too many cells for a frame are no cells, and no stop
    wide = events(*(at(90_000 * i, 90_000 * i) for i in range(50)))
    assert units.cells(wide, NOTHING, 10.0) is None


def lost(found, table):
    """Return the located events that no cell holds."""
    return table[(found.number < 0) & table["x"].notna() & (table["place_precision"] == "point")]


def test_no_located_event_is_lost_by_the_cells():
    rng = np.random.default_rng(1)
    table = events(*(at(*xy) for xy in rng.uniform(0, 900, (50, 2))))
    found = units.cells(table, FULL, 100.0)
    assert lost(found, table).empty
    broken = units.Units("cell", found.number.where(found.number > 0, -1), found.size, found.grid)
    some = (found.number == 0).any()
    assert lost(broken, table).empty != some


def test_streets_of_no_length_are_no_streets():
    dot = gpd.GeoDataFrame(
        {"name": ["A"]}, geometry=[shapely.LineString([(0, 0), (0, 0)])], crs="EPSG:3006"
    )
    assert units.streets(events(at(0, 0)), Geography(None, None, None, dot)) is None
