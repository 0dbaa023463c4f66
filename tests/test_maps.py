"""The map of places: its layers, its signs, what it opens on, and what it must not show."""

from __future__ import annotations

import io
import re
from itertools import count, pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from PIL import Image

from est_analysis import municipality, periods
from est_analysis.evidence import Finding, Text, Word
from est_analysis.patterns import surfaces
from est_analysis.reports import maps
from est_analysis.reports.language import Language
from est_analysis.reports.maps import contours, ground, layers, live, view
from est_analysis.reports.results import Results

HEAD = "id;kod;datum;x;y;plats\n"
X, Y = 500_100, 6_500_100


def rows(*spots, date="2026-07-{day:02d}"):
    """One delivery: (x, y, place, how many) each, a few metres apart as coordinates are."""
    lines, number = [], 0
    for x, y, place, n in spots:
        for i in range(n):
            number += 1
            lines.append(f"{number};K1;{date.format(day=1 + i % 28)};{x + i % 9};{y};{place}\n")
    return HEAD + "".join(lines)


@pytest.fixture
def report(make_folder):
    number = count()

    def report(*spots, files=None, **parts):
        files = {
            "deliveries/polis/a.csv": rows(*(spots or [(X, Y, "Torget", 12)])),
            **(files or {}),
        }
        folder = make_folder(files, name=f"lillby{next(number)}", **parts)
        settings = municipality.load(folder)
        return Results(settings, periods.parse("2026Q3"), "internal", Language("sv"))

    return report


def square(n, x, y, side=250.0):
    """A row of `cells` with n crimes."""
    west, south = x // side * side, y // side * side
    kinds = {"reported_crime": n, "event": 0, "unsafe_place": 0, "physical_defect": 0}
    cell = f"Ruta {west:.0f}/{south:.0f}"
    return {**kinds, "cell": cell, "geometry": shapely.box(west, south, west + side, south + side)}


def with_cells(results, *cells):
    results.__dict__["cells"] = gpd.GeoDataFrame(list(cells), crs=results.municipality.crs)
    return results


def across(bounds):
    return max(bounds[2] - bounds[0], bounds[3] - bounds[1])


PLACES = "name;place_type;x;y;area\n{name};torg;500100;6500100;Centrum\n"


def with_name(name, report):
    quoted = '"' + name.replace('"', '""') + '"'
    return report(
        (X, Y, quoted, 40),
        files={"reference/places.csv": PLACES.format(name=quoted)},
        reference={"places": "reference/places.csv"},
    )


# what there is


def test_the_map_opens_with_crime_and_fear_as_layers_of_their_own(report):
    shown = layers.of(report())
    assert {layer.key for layer in shown if layer.on} == {"rutor", "tata", "otrygga"}
    units = [{part.unit for part in layer.parts} for layer in shown]
    assert all(len(own) <= 1 for own in units)
    figure = maps.places(report()).figure()
    for layer in shown:
        box = re.search(rf'<input[^>]*value="{layer.key}"[^>]*>', figure)[0]
        assert ("disabled" in box) == (not layer.parts)


def edges():
    line = [(X + 300 * i, Y, "Torget", 5) for i in range(12)]
    boundary = (
        '{"type": "FeatureCollection", "crs": {"type": "name", "properties": {"name": '
        '"urn:ogc:def:crs:EPSG::3006"}}, "features": [{"type": "Feature", "properties": {}, '
        '"geometry": {"type": "Polygon", "coordinates": [[[490000,6490000],[510000,6490000],'
        "[510000,6510000],[490000,6510000],[490000,6490000]]]}}]}"
    )
    bounded = {"files": {"r/b.geojson": boundary}, "reference": {"boundary": "r/b.geojson"}}
    return {
        "one address": ([(X, Y, "Torget", 60)], {}),
        "one place, few": ([(X, Y, "Torget", 2)], {}),
        "a line": (line, {}),
        "a boundary alone": ([(X, Y, "Torget", 60)], bounded),
    }


@pytest.mark.parametrize("edge", edges())
def test_a_map_is_made_of_little(report, edge):
    spots, parts = edges()[edge]
    shown = maps.places(report(*spots, **parts))
    assert "fitBounds" in shown.script
    assert "NaN" not in shown.script
    assert np.asarray(Image.open(io.BytesIO(shown.png)).convert("L")).std() > 1
    assert str(sum(n for *_, n in spots[:1])) in shown.table.html()


def test_where_there_is_nothing_there_is_a_sentence(report):
    shown = maps.places(report((X, Y, "Torget", 1)))
    assert (shown.div, shown.script, shown.png) == ("", "", b"")
    assert "Ingen karta" in shown.figure()


def test_the_table_holds_what_the_map_shows(report):
    results = report((X, Y, "Torget", 40), (X + 900, Y, "Parken", 7))
    table = maps.places(results).table
    listed = {(row[0], row[2]) for row in table.rows}
    for layer in layers.of(results):
        for part in layer.parts:
            drawn = zip(part.shapes["where"], part.shapes["n"], strict=True)
            assert {one for one in drawn if one[1] is not None} <= listed
    assert not {("Okänd", 1)} <= listed


# what must not be shown


def test_counts_below_the_groups_smallest_are_not_on_the_map(report):
    spots = [(X, Y, "Torget", 40), (X + 900, Y, "Parken", 3)]
    cells = layers.cells(report(*spots, disclosure={"smallest_place_count": 5}))
    assert [n for part in cells.parts for n in part.shapes["n"]] == [40]
    assert cells.parts[0].legend.startswith("5–9")
    cells = layers.cells(report(*spots))
    assert [n for part in cells.parts for n in part.shapes["n"]] == [3, 40]


def test_cells_counted_for_another_kind_do_not_show_their_few_crimes(report):
    results = report(disclosure={"smallest_place_count": 5})
    with_cells(results, square(40, X, Y), {**square(3, X + 900, Y), "unsafe_place": 9})
    assert [n for part in layers.cells(results).parts for n in part.shapes["n"]] == [40]


def surface_of(report):
    results = report((X, Y, "Torget", 40), (X + 2000, Y, "Parken", 1))
    found = results.surfaces
    row = int((Y - found.south) // found.side)
    columns = [int((x - found.west) // found.side) for x in (X, X + 2000)]
    return [found.latest[row, column] for column in columns]


def test_a_single_event_is_on_no_surface(report, monkeypatch):
    town, lone = surface_of(report)
    assert town > 0
    assert lone == 0
    monkeypatch.setattr(surfaces, "lying_near", lambda table, _: np.full(table.shape, 99))
    assert surface_of(report)[1] > 0


HOSTILE = ("<img src=x onerror=alert(1)>", "</script><script>alert(1)</script>", "${alert(1)}`'\\")


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_text_wherever_they_stand(report, name, monkeypatch):
    def raw(results):
        shown = maps.places(results)
        figure = shown.figure()
        return [part for part in (name, f'"{name}') if part in shown.script or part in figure]

    results = with_name(name, report)
    assert name in set(results.places["place"])
    if "<" in name:
        assert not raw(results)
    else:  # harmless in HTML and in JSON; never within a template string
        assert "${alert" not in maps.places(results).script
    monkeypatch.setattr(live, "inert", lambda text: text)
    shown = maps.places(results).script
    assert name in shown or "${alert" in shown


# what it opens on


def test_a_stray_cell_does_not_decide_the_view(report):
    town = [square(9, X + 250 * i, Y) for i in range(4)]
    results = with_cells(report(), *town)
    results.__dict__["clusters"] = results.clusters.head(0)
    alone = view.opening(results, ())
    with_cells(results, *town, square(9, X + 90_000, Y))
    assert across(view.opening(results, ())) <= across(alone) + 500
    assert across(results.cells.total_bounds) > 10 * across(alone)


def test_a_map_opens_on_half_of_what_there_is_but_never_too_wide(report):
    results = report()
    results.__dict__["clusters"] = results.clusters.head(0)
    near = [square(10, X + 250 * i, Y) for i in range(8)]
    far = [square(5, X + 20_000 + 5000 * i, Y) for i in range(8)]
    bounds = view.opening(with_cells(results, *near, *far), ())
    assert bounds[0] < X < X + 7 * 250 < bounds[2]
    assert bounds[2] < X + 20_000
    spread = [square(5, X + 3000 * i, Y) for i in range(40)]
    assert across(view.opening(with_cells(results, *spread), ())) <= 2 * view.FARTHEST_M
    results.__dict__["clusters"] = gpd.GeoDataFrame(
        {"n": [9], "name": ["Torget"]},
        geometry=[shapely.box(X, Y, X + 50_000, Y + 100)],
        crs=results.municipality.crs,
    )
    assert across(view.opening(results, ())) == 2 * view.FARTHEST_M


# how much it holds


def test_a_city_of_cells_is_cut_and_the_legend_says_so(report, monkeypatch):
    results = report()
    many = [
        square(2 + (i * 7) % 50, X + 250 * (i % 200), Y + 250 * (i // 200)) for i in range(30_000)
    ]
    cells = layers.cells(with_cells(results, *many))
    drawn = [n for part in cells.parts for n in part.shapes["n"]]
    assert len(drawn) == layers.MOST_CELLS
    assert min(drawn) >= 40
    assert "28 800 rutor med färre" in cells.note.replace("\xa0", " ")
    assert len(maps.places(results).script) < 1_000_000
    monkeypatch.setattr(layers, "MOST_CELLS", 30_000)
    assert layers.cells(results).note == ""


def test_a_city_of_streets_is_cut_where_nobody_looks(report, monkeypatch):
    results = report()
    lines = [
        shapely.LineString([(X + 100 * i + (j % 2) * 60, Y + 90 * j) for j in range(40)])
        for i in range(600)
    ]
    geography = results.geography
    streets = gpd.GeoDataFrame({"name": ["Gatan"] * len(lines)}, geometry=lines, crs="EPSG:3006")
    object.__setattr__(geography, "streets", streets)
    near = (X, Y, X + 2000.0, Y + 2000.0)
    below = ground.under(geography, near)
    assert not below.whole
    assert shapely.get_num_coordinates(below.streets).sum() <= ground.MOST_CORNERS
    assert shapely.intersects(below.streets, shapely.box(*near)).sum() >= 20
    monkeypatch.setattr(ground, "MOST_CORNERS", 1_000_000)
    assert ground.under(geography, near).whole


def test_two_maps_are_the_same_bytes(report, monkeypatch):
    first, second = maps.places(report()), maps.places(report())
    assert (first.figure(), first.script) == (second.figure(), second.script)
    monkeypatch.setattr(live, "_walk", lambda _: [])
    assert maps.places(report()).script != maps.places(report()).script


# its signs


def second_signs(shown):
    """Return the layers in which two classes differ by nothing but colour."""
    alike = []
    for layer in shown:
        signs = [(p.style.hatch, p.style.symbol, p.style.dash) for p in layer.parts]
        alike += [layer.key] * (len(set(signs)) < len(signs))
    return alike


def test_no_class_is_told_by_colour_alone(report, monkeypatch):
    spots = [(X + 1000 * i, Y, f"Plats {i}", n) for i, n in enumerate((3, 7, 15, 60))]
    shown = layers.of(report(*spots))
    assert len(next(layer for layer in shown if layer.key == "rutor").parts) == 4
    assert second_signs(shown) == []
    monkeypatch.setattr(layers, "HATCHES", ("plain",) * 4)
    assert "rutor" in second_signs(layers.of(report(*spots)))


def linear(colour):
    parts = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def luminance(colour):
    return float(linear(colour) @ (0.2126, 0.7152, 0.0722))


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def unlike_in_grey(colours):
    """Whether neighbouring classes are told apart without hue, as with any colour blindness."""
    return all(contrast(a, b) >= 1.4 for a, b in pairwise(colours))


def test_signs_are_seen_without_colour():
    assert unlike_in_grey(layers.BLUES)
    assert unlike_in_grey(layers.PURPLES)
    assert not unlike_in_grey(("#d73027", "#1a9850"))
    for line in (layers.INK, layers.ORANGE, layers.GREEN, layers.PURPLE):
        assert contrast(line, "#f4f6f8") >= 3
    assert contrast("#e6a800", "#f4f6f8") < 3


def orange_points(png):
    points = np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)
    orange = [int(layers.ORANGE[i : i + 2], 16) for i in (1, 3, 5)]
    return int((np.abs(points - orange).sum(axis=2) < 60).sum())


def test_few_colours_keep_the_rings_of_unsafe_places(built_map):
    without = tuple(layer for layer in built_map.layers if layer.key != "otrygga")
    assert orange_points(built_map.png) > 100
    results = built_map.results
    bounds = view.opening(results, without)
    below = ground.under(results.geography, bounds)
    from est_analysis.reports.maps import still

    assert orange_points(still.drawn(without, below, maps._names(results), bounds)) == 0


@pytest.fixture(scope="module")
def built_map(home):
    results = Results(municipality.load(home), periods.parse("2026Q3"), "internal", Language("sv"))
    shown = maps.places(results)
    object.__setattr__(shown, "results", results)
    return shown


def test_what_is_on_the_map_is_told_in_words(built_map):
    found = {f.id: f for f in built_map.results.findings}["clusters"]
    assert built_map.language.sentence(found.text) in built_map.alt
    assert "1. Resecentrum (106)" in built_map.alt
    assert 'class="still"' in built_map.figure()
    assert len(built_map.figure()) < 200_000
    assert len(built_map.script) < 250_000


def claim(place, word):
    text = Text("{place} har fler än väntat.", {"place": place})
    return Finding(f"where/place/{place}", {word: text}, n=9, word=word)


def test_only_claims_stand_out(report):
    results = report(
        (X, Y, "Torget", 12),
        files={"reference/places.csv": PLACES.format(name="Torget")},
        reference={"places": "reference/places.csv"},
    )
    own = list(results.findings)
    assert layers.standing_out(results).parts == ()
    results.__dict__["findings"] = [*own, claim("Torget", Word.CANNOT_TELL)]
    assert layers.standing_out(results).parts == ()
    claims = [claim("Torget", Word.CLEAR), claim("Okänd gata", Word.INDICATION)]
    results.__dict__["findings"] = [*own, *claims]
    shown = layers.standing_out(results)
    assert [part.style.symbol for part in shown.parts] == ["indication", "clear"]
    assert not shown.on
    mapped = maps.places(results)
    assert "Tydligt: Torget har fler" in mapped.script
    assert "Okänd gata har fler" not in mapped.script  # it has no point
    assert "Okänd gata" in mapped.table.html()


# surfaces


def two_years(report, before, after, **source):
    late = rows((X, Y, "Torget", after))
    early = rows((X, Y, "Torget", before), date="2025-07-{day:02d}").replace("\n", "\nf", before)
    early = early.removesuffix("f")
    oldest = HEAD + "o1;K1;2024-01-01;500100;6500100;Torget\n"
    files = {"deliveries/polis/b.csv": early, "deliveries/polis/c.csv": oldest}
    if not before:
        files = {}
    return report(files={"deliveries/polis/a.csv": late, **files}, source=source).surfaces


def test_both_years_are_drawn_in_the_same_round_classes(report):
    found = two_years(report, 90, 40)
    assert found.why_not_before == ""
    assert np.nanmax(found.before) / np.nanmax(found.latest) == pytest.approx(90 / 40)
    assert np.nanmax(found.before) <= found.limits[-1]
    assert np.allclose(np.diff(found.limits), found.limits[1])
    assert float(f"{found.limits[1]:.2g}") == found.limits[1]
    alone = two_years(report, 0, 40)
    assert alone.limits[-1] < found.limits[-1]


def test_a_year_that_is_not_known_or_too_thin_is_not_drawn(report):
    assert two_years(report, 0, 40).why_not_before == "years"
    assert two_years(report, 9, 40).why_not_before == "few"
    assert two_years(report, 90, 9).why_not == "few"
    shown = {layer.key: layer for layer in layers.of(report((X, Y, "Torget", 40)))}
    assert shown["tathet"].parts
    assert not shown["fore"].parts
    assert "täcks inte" in shown["fore"].note


def test_one_stray_event_does_not_take_the_surface_away(report):
    results = report((X, Y, "Torget", 120), (X + 180_000, Y + 400_000, "Fjället", 1))
    assert results.surfaces.why_not == ""
    scattered = [(X + 9000 * i, Y + 11_000 * (i % 7), f"P{i}", 1) for i in range(60)]
    assert report(*scattered).surfaces.why_not == "wide"


def test_a_contour_follows_the_surface_and_not_the_cells():
    at = (np.arange(60) + 0.5) * 50
    cone = 1500 - np.hypot(at[:, None] - 1500, at - 1500)
    disc = contours.reaching(cone, 500.0, west=0, south=0, side=50)
    assert disc.area == pytest.approx(np.pi * 1000**2, rel=0.01)
    assert disc.centroid.distance(shapely.Point(1500, 1500)) < 5
    ring = contours.reaching(500 - np.abs(cone - 700), 250.0, west=0, south=0, side=50)
    assert ring.area == pytest.approx(np.pi * (1050**2 - 550**2), rel=0.02)
    assert contours.reaching(cone, 5000.0, west=0, south=0, side=50).is_empty
    steps = (cone >= 500).sum() * 50**2
    assert shapely.length(disc) < 0.9 * 4 * 2 * np.sqrt(steps / np.pi)  # cell edges are 4/pi longer


def test_safe_places_have_a_sign_of_their_own(report):
    results = report()
    results.__dict__["safe_places"] = pd.DataFrame({"place": ["Parken"], "n": [4]})
    marked = {layer.key: layer for layer in layers.of(results)}
    assert marked["trygga"].parts[0].style.symbol == "plus"
    assert "Parken: 4 har pekat ut platsen som trygg" in set(
        marked["trygga"].parts[0].shapes["text"]
    )
    assert not marked["brister"].parts
