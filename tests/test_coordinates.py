"""Coordinates elsewhere: each known confusion is told by its name, and nothing is moved."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from est_analysis.gather import coordinates, fates, numbers

TM = "EPSG:3006"
HOME = shapely.box(490_000, 6_370_000, 510_000, 6_390_000)  # a municipality of 20 by 20 km
INSIDE = [(491_000.0 + 3_000 * k, 6_371_000.0 + 2_500 * k) for k in range(6)]


def delivered_in(crs, spots=INSIDE):
    """Return the same spots as another system writes them."""
    east, north = Transformer.from_crs(TM, crs, always_xy=True).transform(*zip(*spots, strict=True))
    return list(zip(east, north, strict=True))


def read(spots, crs=None, *, boundary=HOME, **more):
    x, y = (pd.Series([spot[axis] for spot in spots], dtype=float) for axis in (0, 1))
    return coordinates.read(x, y, source_crs=crs, crs=TM, boundary=boundary, **more)


def faults(spots, crs=None, **more):
    return read(spots, crs, **more).fault.tolist()


def turned(spots):
    return [(y, x) for x, y in spots]


@pytest.mark.parametrize(
    ("spots", "crs", "fault", "fits"),
    [
        (turned(INSIDE), None, "swapped_axes", TM),
        (turned(delivered_in("EPSG:4326")), "EPSG:4326", "swapped_axes", "EPSG:4326"),
        (delivered_in("EPSG:4326"), None, "degrees", "EPSG:4326"),
        (INSIDE, "EPSG:4326", "metres_for_degrees", TM),
        (delivered_in("EPSG:3021"), None, "other_crs", "EPSG:3021"),
        (turned(delivered_in("EPSG:3021")), None, "other_crs", "EPSG:3021"),
        (INSIDE, "EPSG:3021", "other_crs", TM),
        (delivered_in("EPSG:3009"), None, "other_crs", "EPSG:3009"),
        (delivered_in("EPSG:3012"), None, "other_crs", "EPSG:3012"),
    ],
)
def test_a_known_confusion_is_told_with_the_system_that_fits(spots, crs, fault, fits):
    got = read(spots, crs)
    assert got.fault.tolist() == [fault] * 6
    assert got.fits.tolist() == [fits] * 6
    assert np.isnan(got.x).all()  # told, never moved
    assert np.isnan(got.y).all()
    assert fault in fates.REASONS
    # and what it names is right: so stated, every row lies at home
    straight = spots if read(spots, fits).fault.eq("").all() else turned(spots)
    assert read(straight, fits).fault.eq("").all()


@pytest.mark.parametrize("crs", ["EPSG:3006", "EPSG:3021", "EPSG:3010", "EPSG:4326"])
def test_the_right_system_has_no_fault(crs):
    got = read(delivered_in(crs), crs)
    assert got.fault.tolist() == got.fits.tolist() == [""] * 6
    np.testing.assert_allclose(got.x, [x for x, _ in INSIDE], atol=0.01)


def test_other_systems_need_five_rows_and_nearly_all():
    old = delivered_in("EPSG:3021")
    stray = [(800_000.0, 6_400_000.0)]
    assert faults(old[:4]) == ["outside"] * 4
    assert faults(old[:5]) == ["other_crs"] * 5
    assert faults(old * 3 + stray * 2) == ["other_crs"] * 18 + ["outside"] * 2
    assert faults(old * 3 + stray * 3) == ["outside"] * 21  # 18 of 21 are too few
    assert faults(INSIDE + old) == [""] * 6 + ["other_crs"] * 6  # a column in two systems


def test_one_row_with_swapped_axes_is_enough():
    assert faults([*INSIDE, turned(INSIDE)[0], (1.0e6, 7e6)]) == [""] * 6 + [
        "swapped_axes",
        "outside",
    ]


def test_nothing_and_0_0_are_unknown_places_and_no_fault():
    spots = [(0, 0), (np.nan, np.nan), (np.nan, 6_371_000), INSIDE[0]]
    for crs in (None, "EPSG:4326"):
        got = read(spots[:3], crs)
        assert got.fault.tolist() == [""] * 3
        assert np.isnan(got.x).all()
    assert faults(spots) == [""] * 4


def test_a_place_that_cannot_be_is_outside_even_without_a_boundary():
    assert faults([(15.0, 600.0)], "EPSG:4326", boundary=None) == ["outside"]
    assert faults([(5e5, 6.37e6)], "EPSG:4326", boundary=None) == ["metres_for_degrees"]


def test_without_a_boundary_only_what_fits_otherwise_is_told():
    old, far = delivered_in("EPSG:3021"), [(900_000.0, 7_000_000.0)]
    extent = HOME.bounds
    assert faults(far + INSIDE, boundary=None, extent=extent) == [""] * 7
    assert faults(old + far[:0], boundary=None, extent=extent) == ["other_crs"] * 6
    assert faults(turned(INSIDE), boundary=None, extent=extent) == ["swapped_axes"] * 6
    assert faults(old, boundary=None) == [""] * 6  # nothing is known of where home is


def test_a_source_that_covers_more_is_diagnosed_only_if_nothing_of_it_is_here():
    far = [(800_000.0 + k, 6_900_000.0) for k in range(50)]
    nation = INSIDE + far
    assert faults(nation, covers_more=True) == [""] * 6 + ["outside"] * 50
    wrong = delivered_in("EPSG:3021", nation)
    assert faults(wrong, covers_more=True) == ["other_crs"] * 6 + ["outside"] * 50
    assert faults([INSIDE[0], *wrong], covers_more=True)[1:] == ["outside"] * 56


spots = st.sampled_from(
    [*INSIDE, *turned(INSIDE), *delivered_in("EPSG:3021"), (0.0, 0.0), (14.5, 57.5), (8e5, 7e6)]
)


@settings(max_examples=30)
@given(st.lists(spots, max_size=25), st.randoms(use_true_random=False))
def test_the_order_of_rows_says_nothing(rows, lot):
    order = list(range(len(rows)))
    lot.shuffle(order)
    first, second = read(rows), read([rows[k] for k in order])
    assert second.fault.tolist() == [first.fault[k] for k in order]
    assert second.fits.tolist() == [first.fits[k] for k in order]
    np.testing.assert_array_equal(second.x, first.x[order])


# --- numbers


@pytest.mark.parametrize(
    ("text", "decimal", "number"),
    [
        ("6 500 100", ",", 6_500_100),
        ("6\u00a0500\u00a0100,5", ",", 6_500_100.5),
        ("6\u202f500\u202f100", ".", 6_500_100),
        ("6'500'100.5", ".", 6_500_100.5),
        ("6.500.100,5", ",", 6_500_100.5),
        ("\u221214,5", ",", -14.5),
        ("6500100.5", ",", 6_500_100.5),
        ("", ",", None),
        ("norr", ",", None),
        ("1 2 x", ",", None),
        ("inf", ",", None),
        ("6.50.100,5", ",", None),
    ],
)
def test_numbers_as_they_are_written(text, decimal, number):
    (got,), (bad,) = numbers.read(pd.Series([text], dtype=str), decimal=decimal)
    assert bool(bad) == (number is None and text != "")
    assert bad or (pd.isna(got) if number is None else got == number)


def test_two_numbers_in_one_column_are_latitude_and_longitude():
    column = pd.Series(["57.5,14.6", "57.5; 14.6", "", "57,5", "57.5,14.6,3", "nej"], dtype=str)
    x, y, bad = numbers.read_pair(column)
    assert x.tolist()[:2] == [14.6, 14.6]
    assert y.tolist()[:2] == [57.5, 57.5]
    assert bad.tolist() == [False, False, False, False, True, True]
