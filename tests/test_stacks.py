"""Stacked coordinates: what stands for another place is kept out, what has much is only listed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import shapely
from frames_of_places import FULL, settle

from est_analysis import municipality
from est_analysis.errors import DeliveryError, SettingsError
from est_analysis.gather import stacks, tables
from est_analysis.municipality import StandIn
from est_analysis.patterns import hotspots

# a municipality of 9 by 9 km with its middle at 4500, 4500, and a station in its gazetteer
WHOLE = shapely.box(0, 0, 9000, 9000)
STATION = pd.DataFrame(
    [("Polisstationen", "polisstation", 2000.0, 2000.0, "")], columns=FULL.places.columns
)
MAP = replace(FULL, boundary=WHOLE, places=pd.concat([FULL.places, STATION], ignore_index=True))


def stack(x, y, n=30, **columns):
    """Return n events on one coordinate, of three groups."""
    table = pd.DataFrame({"x": [float(x)] * n, "y": float(y), "place": "", "place_type": ""})
    table = table.assign(area="", source="polis", group=[f"g{k % 3}" for k in range(n)])
    return table.assign(**columns)


def spread(n=60):
    """Return events each on its own coordinate."""
    table = stack(0, 0, n)
    return table.assign(x=6000.0 + 40 * np.arange(n), y=7000.0 + 30 * np.arange(n))


def found(*parts, geography=MAP, **ways):
    return settle(pd.concat(parts, ignore_index=True), geography, **ways)


def kinds(placed):
    return placed.stacks.set_index(["x", "y"])["what"].to_dict()


@pytest.mark.parametrize(
    ("x", "y", "what", "precision"),
    [
        (4500, 4500, "centroid", "municipality"),
        (4520, 4510, "centroid", "municipality"),
        (4530, 4500, "address", "point"),  # 30 m away is a place
        (2000, 2000, "police_station", "municipality"),
        (2030, 2040, "police_station", "municipality"),
        (2040, 2040, "address", "point"),
        (250, 450, "area_centroid", "area"),
        (255, 455, "area_centroid", "area"),
        (260, 455, "address", "point"),
        (600, 100, "address", "point"),  # a school
    ],
)
def test_a_stack_is_what_it_lies_at(x, y, what, precision):
    got = found(stack(x, y), spread())
    assert kinds(got) == {(x, y): what}
    own = got.events.iloc[:30]
    assert set(own["place_precision"]) == {precision}
    assert got.stacks["kept_out"].tolist() == [precision != "point"]
    assert len(hotspots.located(own)) == (30 if precision == "point" else 0)
    assert len(hotspots.located(got.events.iloc[30:])) == 60  # no other row is touched
    tables.check(got.stacks, tables.STACKS, what="staplade koordinater")


def test_a_stack_at_a_public_place_beside_the_middle_is_that_place():
    table = MAP.places.assign(x=4505.0, y=4500.0).iloc[:1]
    beside = replace(MAP, places=table)
    assert kinds(found(stack(4507, 4500), spread(), geography=beside)) == {(4507, 4500): "address"}
    assert kinds(found(stack(4500, 4500), spread(), geography=beside)) == {(4500, 4500): "centroid"}


def test_few_events_on_one_coordinate_are_no_stack_and_are_not_listed():
    got = found(stack(4500, 4500, 4), stack(2000, 2000, 4), spread())
    assert got.stacks.empty
    assert set(got.events["place_precision"]) == {"point"}


def test_the_name_of_a_stacked_row_still_places_it():
    got = found(stack(4500, 4500, place="Skolan"), spread()).events.iloc[0]
    assert (got["place"], got["x"], got["place_precision"]) == ("Skolan", 600, "place")


def test_one_point_for_a_whole_source_is_no_place():
    """As the police's notices: every one at the main town, whatever happened where."""
    notices = stack(5000, 3000, 12, source="notiser")
    got = found(notices, spread())
    assert kinds(got) == {(5000, 3000): "one_point"}
    assert set(got.events.iloc[:12]["place_precision"]) == {"municipality"}
    for others in (stack(5000, 3000, 9, source="notiser"), stack(600, 100, 12, place="Skolan")):
        rows = found(others, stack(5000, 3100, 30, source="x", place="Torget"), spread()).events
        assert set(rows.iloc[: len(others)]["place_precision"]) == {"point"}


def test_a_coordinate_with_many_street_names_is_no_street():
    names = [f"{letter}gatan {k}" for k in (1, 2, 3) for letter in "ABCDEFGHIJ"]
    got = found(stack(5000, 3000, place=names), spread())
    assert kinds(got) == {(5000, 3000): "many_names"}
    few = found(stack(5000, 3000, place=[name.replace("J", "A") for name in names]), spread())
    assert kinds(few) == {(5000, 3000): "address"}


def test_a_stack_of_every_kind_and_hour_that_nothing_explains_is_listed_but_stays():
    got = settle(
        pd.concat([stack(5000, 3000), spread()], ignore_index=True).assign(time_precision="hour"),
        MAP,
        start=pd.Timestamp("2026-01-01") + pd.to_timedelta(np.arange(90) * 5, unit="h"),
    )
    assert kinds(got) == {(5000, 3000): "unexplained"}
    assert not got.stacks["kept_out"].any()
    assert set(stacks.WHAT) >= set(got.stacks["what"])


def test_what_the_settings_say_is_believed():
    for one in (
        StandIn(x=5000.0, y=3000.0, what="kommunhuset"),
        StandIn(place=" skolan", what="skolan"),
    ):
        x, y = (600, 100) if one.place else (5000, 3000)
        got = found(stack(x, y), spread(), stacked=(one,))
        assert kinds(got) == {(x, y): one.what}
        assert not set(hotspots.located(got.events).index) & set(range(30))
    keep = StandIn(x=4500.0, y=4500.0, what="torget", kept_out=False)
    assert len(hotspots.located(found(stack(4500, 4500), stacked=(keep,)).events)) == 30


def test_a_place_that_the_settings_name_must_be_known():
    with pytest.raises(DeliveryError, match="Polishuset"):
        found(stack(1, 1), stacked=(StandIn(place="Polishuset", what="polisen"),))


@pytest.mark.parametrize("given", [{"x": 1.0}, {"x": 1.0, "y": 1.0, "place": "Torget"}, {}])
def test_a_stand_in_says_where_in_one_way(make_folder, given):
    folder = make_folder()
    pairs = "".join(f", {key} = {value!r}" for key, value in given.items())
    file = folder / "municipality.toml"
    whole = file.read_text("utf-8")
    file.write_text(f'{whole}\n[reference]\nstacked = [{{ what = "x"{pairs} }}]\n', "utf-8")
    with pytest.raises(SettingsError, match="antingen x och y eller place"):
        municipality.load(folder)
    good = '{ what = "x", x = 1.0, y = 2.0 }, { what = "y", place = "Torget", kept_out = false }'
    file.write_text(f"{whole}\n[reference]\nstacked = [{good}]\n", "utf-8")
    assert [one.kept_out for one in municipality.load(folder).reference.stacked] == [True, False]


def test_the_order_of_rows_says_nothing():
    table = pd.concat([stack(4500, 4500), spread(), stack(2000, 2010), stack(1, 1, 50)])
    table = table.reset_index(drop=True)
    first, second = found(table), found(table.iloc[::-1])
    pd.testing.assert_frame_equal(first.stacks, second.stacks)
    precision = first.events["place_precision"].tolist()
    assert second.events["place_precision"].tolist() == precision[::-1]


def test_without_the_check_the_stack_would_be_a_dense_area(monkeypatch):
    """The failure that it prevents: no stand-in, and the station is the densest place of all."""
    table = pd.concat([stack(2000, 2000), spread()], ignore_index=True)
    settings = municipality.load("exempelsjo")
    assert hotspots.clusters(settle(table, MAP).events, settings).empty
    monkeypatch.setattr(stacks, "POLICE_TYPES", set())
    assert len(hotspots.clusters(settle(table, MAP).events, settings)) == 1
