"""Homes: where a source asks for it, no coordinate of a home is left on the map."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from frames_of_places import FULL, NOTHING, settle

SPOTS = [(520.0, 310.0), (530.0, 320.0), (640.0, 310.0), (130.0, 120.0), (700.0, 700.0)]
"""Two houses along one stretch of Storgatan, one along the next, one at Torget, one far away."""


def moved(way, geography=FULL, spots=SPOTS, precision="point"):
    table = pd.DataFrame(spots, columns=["x", "y"]).assign(place="", place_type="", area="")
    return settle(table.assign(source="polis"), geography, precision, snap_of={"polis": way}).events


def xy(events):
    return [tuple(map(float, row)) for row in events[["x", "y"]].to_numpy()]


def test_nothing_is_moved_unless_it_is_asked_for():
    assert xy(moved("none")) == SPOTS


def test_to_the_middle_of_the_streets_stretch():
    got = moved("street")
    assert xy(got) == [(550, 300), (550, 300), (650, 300), (130, 120), (625, 625)]
    assert got["place_precision"].tolist() == ["street"] * 3 + ["point", "cell"]
    assert got["place"].tolist() == ["Storgatan"] * 3 + ["Torget", "Ruta 500/500"]


def test_to_the_middle_of_the_cell_and_then_it_is_no_hot_spot():
    got = moved("cell")
    assert xy(got) == [(625, 375)] * 3 + [(130, 120), (625, 625)]
    assert got["place_precision"].tolist() == ["cell"] * 3 + ["point", "cell"]
    assert got["place"].tolist()[0] == "Ruta 500/250"


@pytest.mark.parametrize("way", ["street", "cell"])
@pytest.mark.parametrize("geography", [FULL, NOTHING, replace(FULL, streets=None)])
def test_no_home_is_left_where_it_was(way, geography):
    before, after = np.array(SPOTS), np.array(xy(moved(way, geography)))
    home = np.ones(len(before), dtype=bool)
    if geography.places is not None:
        home[3] = False
    assert (np.hypot(*(before - after).T)[home] > 1).all()
    assert (np.hypot(*(before - after).T)[~home] == 0).all()
    # the check can fail: unmoved homes are seen
    assert not (np.hypot(*(before - np.array(xy(moved("none", geography)))).T) > 1).any()


def test_an_area_and_an_unknown_place_have_nothing_to_move():
    assert set(moved("cell", precision="area")["place_precision"]) == {"area"}
    got = moved("street", spots=[(np.nan, np.nan)])
    assert got["place_precision"].tolist() == ["unknown"]
