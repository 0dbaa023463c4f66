"""Gi* against Ord & Getis' own figures, R spdep and esda; grids against plain counting."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from est_analysis.errors import SettingsError
from est_analysis.patterns import grid
from est_analysis.patterns.local import gi_star, gi_star_of_places

ORACLES = Path(__file__).parent / "oracles"
ESDA = json.loads((ORACLES / "esda.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def lattice():
    return pd.read_csv(ORACLES / "go_xyz.csv")


# Gi*


@pytest.mark.parametrize(
    ("distance", "z"), [(30, 1.2220), (60, 1.7481), (90, 1.9861), (120, 1.8934), (150, 1.2375)]
)
def test_gi_is_that_of_ord_and_getis(lattice, distance, z):
    values = lattice["val"].to_numpy().reshape(16, 16)
    assert gi_star(values, radius=distance / 30, star=False).z.ravel()[119] == pytest.approx(
        z, abs=1e-4
    )
    assert gi_star(values, radius=distance / 30).z.ravel()[119] != pytest.approx(z, abs=1e-2)


def test_gi_star_is_that_of_spdep(lattice):
    found = gi_star(lattice["val"].to_numpy().reshape(16, 16), radius=1)
    z, q = found.z.ravel(), found.q.ravel()
    assert z.argmax() == 203
    expected = [1.450780, 4.310407, -2.838662, 6.991684]
    assert [z[119], z.max(), z.min(), z.sum()] == pytest.approx(expected, abs=1e-5)
    assert [(z > 1.96).sum(), (q < 0.05).sum(), ((q < 0.05) & (z > 0)).sum()] == [59, 78, 43]
    anywhere = gi_star_of_places(lattice["x"], lattice["y"], lattice["val"], radius=30)
    np.testing.assert_allclose(anywhere.z, z, atol=1e-12)


def test_gi_star_of_places_is_that_of_esdas_own_tests():
    x, y = [10, 20, 40, 15, 30, 30], [10, 10, 10, 20, 20, 30]
    values = [2, 3, 3.2, 5, 8, 7]
    star = gi_star_of_places(x, y, values, radius=15).z[0]
    plain = gi_star_of_places(x, y, values, radius=15, star=False).z[0]
    assert (star, plain) == pytest.approx((-1.3972763, -1.0136729), abs=1e-6)


@pytest.mark.parametrize("known", ESDA["grids"], ids=lambda g: f"{len(g['z'])} rows")
def test_gi_star_is_that_of_esda_with_binary_weights(known):
    np.testing.assert_allclose(gi_star(known["counts"]).z, known["z"], atol=1e-8)
    # and the comparison tells other neighbours and a forgotten self apart
    assert not np.allclose(gi_star(known["counts"], radius=1).z, known["z"], atol=1e-2)
    assert not np.allclose(gi_star(known["counts"], star=False).z, known["z"], atol=1e-2)


def plainly(values, inside, radius):
    """Return Gi* by its definition, cell by cell."""
    rows, columns = np.nonzero(inside)
    x = values[inside].astype(float)
    near = (rows[:, None] - rows) ** 2 + (columns[:, None] - columns) ** 2 <= radius**2
    n, w = len(x), near.sum(axis=1)
    spread = x.std() * np.sqrt((n * w - w**2) / (n - 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.nan_to_num((near @ x - x.mean() * w) / spread, posinf=0, neginf=0)


@pytest.mark.parametrize("radius", [0.5, 1, 1.5, 2.9, 40])
@pytest.mark.parametrize("seed", range(3))
def test_cells_outside_the_town_say_nothing(seed, radius):
    rng = np.random.default_rng(seed)
    values, inside = rng.poisson(1.5, (9, 14)), rng.random((9, 14)) < 0.7
    found = gi_star(values, inside=inside, radius=radius)
    np.testing.assert_allclose(found.z[inside], plainly(values, inside, radius), atol=1e-9)
    assert np.isnan(found.z[~inside]).all()
    hinterland = gi_star(np.pad(values * inside, 30), radius=radius).z[30:-30, 30:-30]
    assert not np.allclose(hinterland[inside], found.z[inside], atol=1e-3)


@pytest.mark.parametrize(
    "values", [np.zeros((4, 4), int), np.eye(1, dtype=int), np.full((3, 3), 7), np.zeros((0, 0))]
)
def test_nothing_one_cell_and_all_alike_have_no_hot_cell(values):
    found = gi_star(values)
    assert (found.z == 0).all()
    assert not found.gate


def test_a_map_needs_events_and_cells():
    assert gi_star(np.full((5, 6), 2)).gate
    assert not gi_star(np.full((5, 6), 1)).gate  # 30 events
    assert not gi_star(np.eye(5, dtype=int) * 500).gate  # five cells


# cells

_SPOTS = st.lists(st.tuples(st.integers(-4000, 4000), st.integers(-4000, 4000)), max_size=30)


@given(
    spots=_SPOTS, shift=st.tuples(st.integers(-9, 9), st.integers(-9, 9)), cut=st.integers(0, 30)
)
def test_cells_hold_every_event_whatever_the_order_the_origin_or_the_files(spots, shift, cut):
    at = np.array(spots, dtype=float).reshape(-1, 2)
    cells = grid.around(*at.T, 100.0)
    whole = cells.tally(*at.T)
    assert (whole.n, whole.outside) == (len(at), 0)
    np.testing.assert_array_equal(cells.tally(*at[::-1].T).counts, whole.counts)
    parts = cells.tally(*at[:cut].T).counts + cells.tally(*at[cut:].T).counts
    np.testing.assert_array_equal(parts, whole.counts)
    if len(at):
        moved = at + np.array(shift) * 100
        there = grid.around(*moved.T, 100.0)
        np.testing.assert_array_equal(there.tally(*moved.T).counts, whole.counts)
        squares = cells.squares(cells.number(*at.T))
        assert shapely.covers(squares, shapely.points(at)).all()
        assert not shapely.covers(squares, shapely.points(at + 101)).any()


def test_a_row_may_stand_for_many_and_an_event_may_lie_outside():
    cells = grid.within(shapely.box(0, 0, 300, 200), 100.0)
    assert cells.shape == (2, 3)
    tally = cells.tally([0, 299, 150, 900, np.nan], [0, 199, 50, 50, 0], [5, 2, 1, 7, 1])
    assert tally.counts.tolist() == [[5, 1, 0], [0, 0, 2]]
    assert (tally.outside, tally.empty, tally.n) == (8, 3, 8)


def test_only_cells_of_the_built_up_area_count_as_empty():
    corner = shapely.Polygon([(0, 0), (990, 0), (0, 990)])
    cells = grid.within(corner, 100.0)
    assert cells.inside[0].all() and cells.inside[:, 0].all() and not cells.inside[-1, -1]
    assert cells.cells == cells.tally([], []).empty == 55
    assert cells.tally([950], [950]).outside == 1


def test_one_stray_coordinate_makes_no_gigantic_frame():
    rng = np.random.default_rng(0)
    x, y = rng.uniform(0, 5000, (2, 300))
    usual = grid.around(x, y, 100.0)
    for stray in [(9e6, -9e5), (-9e6, -9e6), (6.5e6, 5e5)]:
        found = grid.around([*x, stray[0]], [*y, stray[1]], 100.0)
        assert (found.shape, found.east, found.north) == (usual.shape, usual.east, usual.north)
        assert found.tally([*x, stray[0]], [*y, stray[1]]).outside == 1
    with pytest.raises(SettingsError):  # not one, but a third of them
        grid.around([*x, *(x[:150] + 9e6)], [*y, *(y[:150] + 9e6)], 100.0)
    with pytest.raises(SettingsError):
        grid.within(shapely.box(0, 0, 1e6, 1e6), 100.0)


@pytest.mark.parametrize("n", [0, 1, 50])
def test_no_event_one_and_all_at_one_address_have_a_frame(n):
    tally = grid.around([5.0] * n, [5.0] * n, 10.0).tally([5.0] * n, [5.0] * n)
    assert (tally.n, tally.outside) == (n, 0)
    line = grid.around(np.arange(n) * 10.0, np.zeros(n), 10.0)
    assert line.shape == ((3, n + 2) if n else (1, 1))
