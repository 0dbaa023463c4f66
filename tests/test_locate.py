"""Where an event was: metres, precision, and no name but a public one."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from frames_of_places import AREAS, FULL, LONG, NOTHING, PLACES, STREETS, frame, place
from hypothesis import given, settings
from hypothesis import strategies as st

from est_analysis import municipality
from est_analysis.errors import DeliveryError
from est_analysis.gather import coordinates, locate
from est_analysis.gather.geography import Geography, read_geography


def named(*rows, **settings):
    return place(*rows, **settings)["place"].tolist()


# --- coordinates


def metres(x, y, source_crs=None):
    columns = pd.Series([x], dtype=float), pd.Series([y], dtype=float)
    east, north = coordinates.to_metres(*columns, source_crs=source_crs, crs="EPSG:3006")
    return east[0], north[0]


def test_degrees_are_projected_and_metres_kept():
    # the definition of SWEREF 99 TM: on 15 degrees east the easting is 500 000 m
    east, north = metres(15.0, 60.0, "EPSG:4326")
    assert east == pytest.approx(500_000, abs=0.01)
    assert north == pytest.approx(6_651_411.19, abs=0.01)
    assert metres(500_100, 6_500_100) == (500_100, 6_500_100)


@pytest.mark.parametrize(
    ("x", "y", "crs"),
    [
        (0, 0, None),
        (0, 0, "EPSG:4326"),
        (np.nan, 6_500_000, None),
        (500_000, np.nan, None),
        (15, 600, "EPSG:4326"),
        (np.inf, 1, None),
    ],
)
def test_no_coordinate_is_half_known(x, y, crs):
    assert np.isnan(metres(x, y, crs)).all()


def test_degrees_are_never_taken_for_metres():
    x, y = pd.Series([18.07, 500_100, 0, np.nan]), pd.Series([59.33, 6_500_100, 0, np.nan])
    assert coordinates.degrees_for_metres(x, y, "EPSG:3006").tolist() == [True, False, False, False]
    assert not coordinates.degrees_for_metres(x, y, "EPSG:4326").any()


def test_outside_the_boundary():
    x = np.array([0.0, 450, 901, np.nan])
    assert coordinates.outside(FULL.boundary, x, x).tolist() == [
        False,
        False,
        True,
        False,
    ]  # on it is inside
    assert not coordinates.outside(None, x, x).any()


# --- names


def test_a_gazetteer_name_is_known_without_regard_to_case_and_spaces():
    got = place((300, 610, "  tORGET "), (np.nan, np.nan, "skolan"), (300, 610, "Torget", "park"))
    assert got["place"].tolist() == ["Torget", "Skolan", "Torget"]
    assert got["place_type"].tolist() == ["torg", "skola", "park"]
    assert got["place_precision"].tolist() == ["point", "place", "point"]
    assert got.loc[0, ["x", "y"]].tolist() == [300, 610]  # its own coordinates stand
    assert got.loc[1, ["x", "y"]].tolist() == [600, 100]
    assert got["area"].tolist() == ["Centrum", "Norr", "Centrum"]


@pytest.mark.parametrize(
    ("x", "y", "name", "kind"),
    [
        (100, 100, "Torget", "torg"),  # of two as near, the first listed
        (200, 100, "Torget", "torg"),  # 100 m away
        (201, 100, "Ruta 0/0", ""),
        (201, 241, "Storgatan", "gata"),  # the nameless street above it has no say
        (200, 239, "Ruta 0/0", ""),
        (600, 190, "Skolan", "skola"),
        (480, 350, "Tvärgatan", "gata"),
        (450, 300, "Storgatan", "gata"),  # on both: the first listed
        (700, 700, "Ruta 500/500", ""),
        (750, 750, "Ruta 750/750", ""),
    ],
)
def test_coordinates_are_named_after_what_is_near(x, y, name, kind):
    got = place((x, y)).iloc[0]
    assert (got["place"], got["place_type"]) == (name, kind)


def test_of_two_streets_as_near_the_first_listed_names():
    turned = replace(FULL, streets=STREETS.iloc[::-1].reset_index(drop=True))
    assert named((450, 300), geography=turned) == ["Tvärgatan"]


def test_of_two_places_of_one_name_the_first_listed_stands():
    twice = pd.concat([PLACES, PLACES.iloc[2:].assign(name="TORGET")], ignore_index=True)
    got = place((np.nan, np.nan, "torget"), geography=replace(FULL, places=twice)).iloc[0]
    assert (got["place"], got["x"]) == ("Torget", 100)


@pytest.mark.parametrize("geography", [FULL, NOTHING, replace(FULL, places=None)])
def test_a_name_that_is_in_no_gazetteer_is_never_shown(geography):
    home = "Hemgatan 3 hos Anna"
    got = place((700, 700, home), (np.nan, np.nan, home), geography=geography)
    assert not got.isin([home]).any(axis=None)
    assert got["place"].tolist() == ["Ruta 500/500", ""]


def test_a_source_whose_places_are_streets_names_them():
    got = place((700, 700, "Lillgatan"), (700, 700, "torget"), (700, 700), precision="street")
    assert got["place"].tolist() == ["Lillgatan", "Torget", "Ruta 500/500"]
    assert set(got["place_precision"]) == {"street"}


def test_a_street_without_coordinates_is_known_and_has_a_point_only_if_it_is_short():
    bend = shapely.LineString([(100, 600), (200, 600), (200, 700)])
    parts = [LONG, shapely.LineString([(0, 800), (100, 800)]), bend]
    streets = frame(["Storgatan", "Kortgatan", "Krokgatan"], parts)
    table = place(
        (None, None, "STORGATAN "),
        (None, None, "kortgatan"),
        (None, None, "Krokgatan"),
        (None, None, "Långt borta"),
        (100.0, 100.0, "Kortgatan"),
        geography=replace(FULL, streets=streets),
    )
    assert table["place"].tolist() == ["Storgatan", "Kortgatan", "Krokgatan", "", "Torget"]
    assert table["place_precision"].tolist() == ["street"] * 3 + ["unknown", "point"]
    assert table["place_type"].tolist()[:3] == ["gata"] * 3
    assert np.isnan(table.loc[0, ["x", "y"]].to_numpy(float)).all()
    assert table.loc[1, ["x", "y"]].tolist() == [50, 800]
    assert table["area"].tolist()[:2] == ["", "Centrum"]
    assert bend.distance(shapely.Point(*table.loc[2, ["x", "y"]])) < 1e-9  # on it, not beside it


def test_the_middle_of_an_area_is_no_place():
    got = place((100, 100), (100, 100, "Torget"), (np.nan, np.nan, "Torget"), precision="area")
    assert got["place"].tolist() == ["", "Torget", "Torget"]
    assert got["place_precision"].tolist() == ["area", "area", "place"]
    assert got["area"].tolist() == ["Centrum"] * 3


def test_without_any_geometry():
    got = place((700, 700, "Torget", "torg", "Centrum"), (np.nan, np.nan), geography=NOTHING)
    assert got["place"].tolist() == ["Ruta 500/500", ""]
    assert got["place_type"].tolist() == ["torg", ""]
    assert got["area"].tolist() == ["Centrum", ""]
    assert got["place_precision"].tolist() == ["point", "unknown"]


def test_empty_lists_and_no_events():
    empty = Geography(None, AREAS.iloc[:0], PLACES.iloc[:0], STREETS.iloc[:0])
    assert named((100, 100), (np.nan, np.nan, "Torget"), geography=empty) == ["Ruta 0/0", ""]
    for geography in (empty, FULL, NOTHING):
        assert place(geography=geography).empty


def test_cells_are_named_by_their_south_west_corner():
    x = pd.Series([0.0, 249.9, 250.0, -0.1, 500_123.4])
    assert locate.cell_name(x, x, 250).tolist() == [
        *("Ruta 0/0", "Ruta 0/0", "Ruta 250/250", "Ruta -250/-250", "Ruta 500000/500000")
    ]


# --- areas


def test_areas():
    rows = [(500, 100), (501, 100), (np.nan, np.nan, "", "", " centrum"), (np.nan, np.nan)]
    got = place(*rows, (np.nan, np.nan, "", "", "Anna"), (950, 950, "", "", "Norr"))
    # on the edge between two: the first listed; a delivered name counts if it is an area's
    assert got["area"].tolist() == ["Centrum", "Norr", "Centrum", "", "", "Norr"]
    assert got["place_precision"].tolist() == [*["point"] * 2, "area", *["unknown"] * 2, "point"]


@settings(max_examples=15)
@given(st.lists(st.tuples(st.integers(-50, 950), st.integers(-50, 950)), max_size=15))
def test_every_event_keeps_its_row_and_gets_a_name(spots):
    got = place(*spots)
    assert got[["x", "y"]].to_numpy().tolist() == [list(map(float, spot)) for spot in spots]
    assert (got["place"] != "").all()
    inside = [0 <= x <= 900 and 0 <= y <= 900 for x, y in spots]
    assert (got["area"] != "").tolist() == inside


# --- reading the municipality's own geometry


def geojson(geometry, crs="urn:ogc:def:crs:EPSG::3006", **properties):
    content = {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "properties": properties, "geometry": geometry}],
    }
    if crs:
        content["crs"] = {"type": "name", "properties": {"name": crs}}
    return json.dumps(content)


BOX = shapely.box(500_000, 6_500_000, 501_000, 6_501_000).__geo_interface__
LINE = {"type": "LineString", "coordinates": [[500_000, 6_500_000], [501_000, 6_501_000]]}
GAZETTEER = "name;place_type;x;y;area\n"


@pytest.fixture
def geography(make_folder):
    def read(**parts):
        ending = {"places": ".csv"}
        named = {name: f"reference/{name}{ending.get(name, '.geojson')}" for name in parts}
        files = {named[name]: content for name, content in parts.items()}
        return read_geography(municipality.load(make_folder(files, reference=named)))

    return read


def test_what_is_not_there_is_none(geography):
    assert geography() == NOTHING


def test_geometry_is_read_in_the_municipalitys_crs(geography):
    square = {"type": "Polygon", "coordinates": [[[15, 60], [15.1, 60], [15.1, 60.1], [15, 60]]]}
    got = geography(
        boundary=geojson(square, crs=None),
        areas=geojson(square, crs=None, name="Centrum"),
        streets=geojson(LINE, name=None),
        places=GAZETTEER + '"Torget";torg;500100,5;6500100;\n\nNA;;1e6;7e6;\n',
    )
    assert got.boundary.bounds[0] == pytest.approx(500_000, abs=1)
    assert got.areas["name"].tolist() == ["Centrum"]
    assert got.streets["name"].tolist() == [""]
    assert got.places["name"].tolist() == ["Torget", "NA"]
    assert got.places["x"].tolist() == [500_100.5, 1e6]


def boxes(*lefts, **columns):
    shapes = [shapely.box(x, 6_500_000, x + 1000, 6_501_000) for x in lefts]
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=3006)


def test_one_municipality_is_kept_of_a_countrys_map(make_folder):
    """A register of the country has codes with leading zeros, and neighbours' areas."""
    country = boxes(500_000, 510_000, code=["0684", "684"])
    parts = boxes(500_000, 500_600, 510_000, namn=["Vår", "Grannens", "Längre bort"])
    stream = io.BytesIO()
    country.to_parquet(stream)
    folder = make_folder(
        {
            "reference/k.parquet": stream.getvalue(),
            "reference/a.geojson": parts.to_json(to_wgs84=True),
        },
        reference={
            "boundary": "reference/k.parquet",
            "boundary_keep": {"code": ["0684"]},
            "areas": "reference/a.geojson",
            "area_name": "namn",
        },
    )
    got = read_geography(municipality.load(folder))
    assert got.boundary.bounds == (500_000, 6_500_000, 501_000, 6_501_000)
    assert got.areas["name"].tolist() == ["Vår"]


def test_a_filter_that_leaves_nothing_is_refused(make_folder):
    content = geojson(BOX, code=684)
    for keep, says in (({"code": ["0684"]}, "Ingen form"), ({"kod": ["684"]}, "”kod” saknas")):
        reference = {"boundary": "reference/b.geojson", "boundary_keep": keep}
        folder = make_folder({"reference/b.geojson": content}, reference=reference)
        with pytest.raises(DeliveryError, match=says):
            read_geography(municipality.load(folder))
    reference["boundary_keep"] = {"code": ["684"]}
    folder = make_folder({"reference/b.geojson": content}, reference=reference)
    assert read_geography(municipality.load(folder)).boundary.area == pytest.approx(1e6)


def test_an_area_that_crosses_itself_is_mended(geography):
    bow = {"type": "Polygon", "coordinates": [[[0, 0], [10, 10], [10, 0], [0, 10], [0, 0]]]}
    got = geography(areas=geojson(bow, name="Fluga"))
    assert got.areas.geometry.is_valid.all()
    assert got.areas.geometry.area.tolist() == [pytest.approx(50)]


def test_the_middle_of_a_municipality_is_nowhere():
    rows = [(100, 100), (np.nan, np.nan), (100, 100, "", "", "norr"), (300, 300, "Torget")]
    got = place(*rows, precision="municipality")
    assert got["place_precision"].tolist() == ["municipality", "municipality", "area", "place"]
    assert got["x"].tolist()[3] == 100
    assert got["x"].isna().tolist() == [True, True, True, False]
    assert got["place"].tolist() == ["", "", "", "Torget"]
    assert got["area"].tolist()[:3] == ["", "", "Norr"]


def test_the_column_of_area_names_may_have_any_name(make_folder):
    content = geojson(BOX, namn="Centrum", name="annat")
    reference = {"areas": "reference/areas.geojson", "area_name": "namn"}
    folder = make_folder({"reference/areas.geojson": content}, reference=reference)
    got = read_geography(municipality.load(folder))
    assert got.areas["name"].tolist() == ["Centrum"]


@pytest.mark.parametrize(
    ("part", "content", "says"),
    [
        ("boundary", "rubbish", "Kartfilen går inte att läsa"),
        ("boundary", geojson(LINE), "Kommungränsen är ingen yta"),
        ("boundary", geojson(None), "Kartfilen har inga former"),
        ("boundary", geojson(BOX, crs=None), "koordinater som inte hör till"),
        ("areas", geojson(BOX, namn="Centrum"), "Kolumnen ”name” saknas"),
        ("streets", geojson(LINE), "Kolumnen ”name” saknas"),
        ("places", "", "Listan går inte att läsa"),
        ("places", "name;x;y;area\n", "Kolumnen ”place_type” saknas"),
        (
            "places",
            (GAZETTEER + "Ån;;5e5;65e5;\n").encode("cp1252"),
            "Listan går inte att läsa",
        ),
        ("places", GAZETTEER + "\nTorget;torg;;6500100;\n", "places.csv, rad 3"),
        ("places", GAZETTEER + ";torg;500100;6500100;\n", "En plats saknar namn"),
        ("places", GAZETTEER + "Torget;torg;18,07;59,33;\n", "koordinater i grader"),
    ],
)
def test_geometry_that_is_none_is_refused_with_its_file(geography, part, content, says):
    with pytest.raises(DeliveryError) as caught:
        geography(**{part: content})
    assert says in str(caught.value)
    assert f"reference/{part}" in str(caught.value)
