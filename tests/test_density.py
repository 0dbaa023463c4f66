"""Kernel density against the kernel summed event by event; one scale for all periods."""

import numpy as np
import pytest
import shapely
from scipy.stats import gaussian_kde

from est_analysis.errors import SettingsError
from est_analysis.patterns import grid
from est_analysis.patterns.density import breaks, kernel, relative_risk

TOWN = shapely.Point(2000, 2000).buffer(1500)


def events(seed, n=200):
    rng = np.random.default_rng(seed)
    return rng.normal(2000, 500, (2, n))


def one_by_one(cells, x, y, bandwidth):
    """Return the quartic kernel summed over events, per square kilometre, without any edge."""
    rows, columns = cells.shape
    east = (np.arange(columns) + cells.east + 0.5) * cells.side
    north = (np.arange(rows) + cells.north + 0.5) * cells.side
    u = ((east[None, :, None] - x) ** 2 + (north[:, None, None] - y) ** 2) / bandwidth**2
    return (np.where(u < 1, 3 / np.pi * (1 - u) ** 2, 0) / bandwidth**2).sum(axis=2) * 1e6


def test_the_surface_is_the_kernel_summed_event_by_event():
    cells = grid.around([0, 4000], [0, 4000], 20.0, margin=20)
    x, y = events(1)
    plain = one_by_one(cells, x, y, 300.0)
    found = kernel(cells, 300.0).density(cells.tally(x, y).counts)
    assert np.abs(found - plain).max() < 0.03 * plain.max()
    other = kernel(cells, 200.0).density(cells.tally(x, y).counts)
    assert np.abs(other - plain).max() > 0.03 * plain.max()
    # and it agrees with scipy's own kernel where shape matters little: the highest point
    top = gaussian_kde(np.array([x, y]))(np.array([x, y])).argmax()
    row, column = np.unravel_index(found.argmax(), found.shape)
    peak = np.array([column + cells.east, row + cells.north]) * 20.0
    assert np.hypot(*(peak - (x[top], y[top]))) < 400


def test_the_edge_of_the_town_does_not_look_calm():
    cells = grid.within(TOWN, 50.0)
    even = kernel(cells, 250.0)
    found = even.density(cells.inside * 3)  # the same in every cell
    np.testing.assert_allclose(found[cells.inside], 3 / 0.05**2)
    assert np.isnan(found[~cells.inside]).all()
    assert even.edge[cells.inside].min() < 0.7  # without the correction it would be so much less


def test_order_and_origin_say_nothing():
    x, y = events(2)
    cells = grid.around(x, y, 50.0)
    there = grid.around(x + 5000, y - 2500, 50.0)
    found = kernel(cells, 250.0).density(cells.tally(x, y).counts)
    again = kernel(cells, 250.0).density(cells.tally(x[::-1], y[::-1]).counts)
    np.testing.assert_array_equal(found, again)
    moved = kernel(there, 250.0).density(there.tally(x + 5000, y - 2500).counts)
    np.testing.assert_array_equal(found, moved)


def test_one_scale_for_all_periods():
    low, high = np.array([[1.0, np.nan]]), np.array([[8.0, 10.0]])
    assert breaks(low, high).tolist() == [0, 2, 4, 6, 8, 10]
    assert breaks(low).tolist() != breaks(low, high).tolist()
    assert breaks().tolist() == [0] * 6


def test_a_bandwidth_below_a_cell_is_refused_in_a_sentence():
    cells = grid.within(TOWN, 100.0)
    with pytest.raises(SettingsError, match="Bandbredden 99 m är mindre än rutans sida, 100 m"):
        kernel(cells, 99.0)
    assert kernel(cells, 100.0).stamp.sum() == pytest.approx(1)


@pytest.mark.parametrize("n", [0, 1, 40])
def test_nothing_one_event_and_one_address(n):
    cells = grid.within(TOWN, 50.0)
    found = kernel(cells, 200.0).density(cells.tally([2010] * n, [2010] * n).counts)
    assert np.nansum(found) * 0.05**2 == pytest.approx(n)
    assert np.nanmin(found) == 0


def test_a_ratio_to_nearly_nothing_is_left_out():
    cells = grid.within(TOWN, 50.0)
    around = kernel(cells, 250.0)
    x, y = events(3, 500)
    controls = cells.tally(x, y).counts
    alike = relative_risk(controls, controls * 4, kernel=around)
    assert np.nanmax(np.abs(alike)) < 1e-9
    cases = controls.copy()
    cases[cells.inside] += 1
    found = relative_risk(cases, controls, kernel=around)
    assert np.isnan(found[cells.inside]).any() and np.nanmax(found) < 6
    dense = around.density(controls)
    assert (dense[~np.isnan(found)] >= 0.05 * np.median(dense[dense > 0])).all()
    assert np.isnan(relative_risk(controls * 0, controls, kernel=around)).all()
    assert np.isnan(relative_risk(controls, controls * 0, kernel=around)).all()
