"""Delivered coordinates become metres, and those that lie elsewhere are told what they may be."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from est_analysis.gather.spots import changed, spots
from est_analysis.gather.spread import same

WGS84 = "EPSG:4326"
SYSTEMS = ("EPSG:3006", "EPSG:3021", *(f"EPSG:{zone}" for zone in range(3007, 3019)))
"""What Swedish deliveries may be in: SWEREF 99 TM, RT 90 2.5 gon V, the local SWEREF 99 zones."""
FAULTS = ("degrees", "metres_for_degrees", "swapped_axes", "other_crs", "outside")
"""What coordinates that cannot be used suffer from; each is a key of ``fates.REASONS``."""
NEARLY_ALL, ENOUGH = 0.9, 5
"""Another system is named when it places so large a share, and so many, of the stray rows."""
FEWEST_SPOTS, CLOSE_M, DEGREE_M = 30, 0.05, 111_000.0
"""Rounding is told from so many spots, to so many metres; a degree northward, in metres."""
MARGIN_M = 50_000.0
"""How far outside the extent of the map's other parts is elsewhere, where no boundary is known."""


@dataclass(frozen=True)
class Coordinates:
    """
    Where each row was.

    Parameters
    ----------
    x, y
        Metres in the municipality's CRS, shape (n,); NaN where the place is not known.
    fault
        Why a row's coordinates cannot be used, one of `FAULTS`, or empty; categories.
    fits
        The coordinate system in which the row would lie in the municipality, or empty; categories.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    fault: pd.Series
    fits: pd.Series


def read(
    x: pd.Series,
    y: pd.Series,
    *,
    source_crs: str | None,
    crs: str,
    boundary: shapely.Geometry | None,
    extent: tuple[float, float, float, float] | None = None,
    covers_more: bool = False,
) -> Coordinates:
    """
    Turn coordinates into metres, and diagnose those that do not lie in the municipality.

    Nothing is ever moved on a guess: a row whose coordinates make sense when they are read in
    another way keeps its fault, which names that way, until people change the settings.

    Parameters
    ----------
    x, y
        Easting or longitude, and northing or latitude, in `source_crs`; same index. 0, 0 is an
        unknown place.
    source_crs
        CRS of the delivery; None means `crs`.
    crs
        The municipality's CRS, in metres.
    boundary
        The municipality's outline in `crs`; without one no row is called outside.
    extent
        Bounds of what is known of the municipality in `crs`, where there is no boundary: with
        `MARGIN_M` around it, it says which rows lie elsewhere and may be diagnosed.
    covers_more
        Whether the source covers other municipalities too, so that rows outside are expected.
    """
    stated = source_crs or crs
    fault = same("", x.index, FAULTS)
    fits = same("", x.index, (stated, WGS84, crs, *SYSTEMS))
    degrees = degrees_for_metres(x, y, stated)
    fault, fits = changed(fault, degrees, "degrees"), changed(fits, degrees, WGS84)
    x, y = changed(x, degrees, np.nan), changed(y, degrees, np.nan)
    easting, northing = to_metres(x, y, source_crs=source_crs, crs=crs)
    given = x.notna() & y.notna() & ~((x == 0) & (y == 0))
    impossible = given & np.isnan(easting)  # no such place in the stated system
    beyond = impossible | outside(boundary, easting, northing)
    fault = changed(fault, beyond, "outside")
    metres = impossible & (x.abs() > 180) & (y.abs() > 180) & _is_geographic(stated)
    fault = changed(fault, metres, "metres_for_degrees")
    home, stray = boundary, beyond
    if boundary is None and extent is not None:
        home = shapely.box(*extent).buffer(MARGIN_M, join_style="mitre")
        stray = impossible | outside(home, easting, northing)
    if home is not None and stray.any():
        some_here = bool((given & ~stray).any())
        told = _diagnose(x[stray], y[stray], stated, crs, home, covers_more, some_here)
        fault.loc[told.index], fits.loc[told.index] = told["fault"], told["fits"]
    lost = ~fault.isin(["", "outside"]).to_numpy()
    return Coordinates(
        np.where(lost, np.nan, easting), np.where(lost, np.nan, northing), fault, fits
    )


def _diagnose(
    x: pd.Series,
    y: pd.Series,
    stated: str,
    crs: str,
    home: shapely.Geometry,
    covers_more: bool,
    some_here: bool,
) -> pd.DataFrame:
    """
    Return ``fault`` and ``fits`` of the stray rows that lie at home when they are read otherwise.

    Each row with swapped axes is told by itself: by chance it would not lie at home. Another
    system needs `ENOUGH` rows and nearly all of them; where the source covers other
    municipalities too, instead, that no row lies here as the system is stated.
    """
    spots = pd.DataFrame({"x": x, "y": y})
    each = spots.value_counts(sort=False).rename("n").reset_index()
    each["fault"], each["fits"] = "", ""
    turned = _lie_at_home(each["y"], each["x"], stated, crs, home)
    each.loc[turned, ["fault", "fits"]] = ["swapped_axes", stated]

    left = each["fault"] == ""
    total = each.loc[left, "n"].sum()
    best, most = None, 0
    reason = "metres_for_degrees" if _is_geographic(stated) else "other_crs"
    systems = [one for one in dict.fromkeys((crs, *SYSTEMS)) if one != stated]
    for system in systems if total >= ENOUGH else []:
        for axes in (("x", "y"), ("y", "x")):
            there = left & _lie_at_home(each[axes[0]], each[axes[1]], system, crs, home)
            n = int(each.loc[there, "n"].sum())
            share_enough = not some_here if covers_more else n >= NEARLY_ALL * total
            if n >= ENOUGH and share_enough and n > most:
                best, most = (there, system), n
    if best is not None:
        each.loc[best[0], ["fault", "fits"]] = [reason, best[1]]
    told = spots.join(each.set_index(["x", "y"]), on=["x", "y"])
    return told.loc[told["fault"] != "", ["fault", "fits"]]


def _lie_at_home(
    x: pd.Series, y: pd.Series, source_crs: str, crs: str, home: shapely.Geometry
) -> NDArray[np.bool_]:
    east, north = to_metres(x, y, source_crs=source_crs, crs=crs)
    return ~np.isnan(east) & ~outside(home, east, north)


@cache
def _is_geographic(crs: str) -> bool:
    return bool(CRS.from_user_input(crs).is_geographic)


def degrees_for_metres(x: pd.Series, y: pd.Series, crs: str) -> pd.Series:
    """
    Tell which coordinates are degrees although `crs` counts in metres; 0, 0 is merely unknown.

    No municipality lies within 180 metres of the origin of a projection.
    """
    if _is_geographic(crs):
        return pd.Series(False, index=x.index)
    return (x.abs() <= 180) & (y.abs() <= 180) & ~((x == 0) & (y == 0))


def to_metres(
    x: pd.Series, y: pd.Series, *, source_crs: str | None, crs: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """
    Transform coordinates to the municipality's CRS; zeros and gaps become NaN.

    Parameters
    ----------
    x, y
        Easting or longitude, and northing or latitude, in `source_crs`; same index.
    source_crs
        CRS of the delivery; None means `crs`.
    crs
        The municipality's CRS, in metres.

    Returns
    -------
    tuple of arrays
        Metres in `crs`, shape (n,); NaN where nothing was given, or 0, 0, or outside what the
        source CRS can express.
    """
    easting, northing = x.to_numpy(float), y.to_numpy(float)
    nothing = (easting == 0) & (northing == 0)
    if source_crs is not None and source_crs != crs:
        distinct = spots(easting, northing)
        moved = np.column_stack(_transformer(source_crs, crs).transform(*distinct.xy.T))
        easting, northing = np.vstack([moved, [np.nan, np.nan]])[distinct.number].T
    unknown = nothing | ~np.isfinite(easting) | ~np.isfinite(northing)
    return np.where(unknown, np.nan, easting), np.where(unknown, np.nan, northing)


def step(x: pd.Series, y: pd.Series, *, delivered_crs: str, crs: str) -> float:
    """
    Return the step in metres that coordinates were rounded to before they were delivered.

    Parameters
    ----------
    x, y
        Metres in `crs`, as `read` gave them.
    delivered_crs
        In which they came.
    crs
        The municipality's CRS.

    Returns
    -------
    float
        The coarsest of 1000, 100, 10 ... metres, or of 0.1, 0.01 ... degrees in metres northward,
        that every coordinate is a multiple of; 0 where they are finer than a metre, or too few.
    """
    xy = spots(x, y).xy
    if len(xy) < FEWEST_SPOTS:
        return 0.0
    back = _transformer(crs, delivered_crs).transform(*xy.T) if crs != delivered_crs else xy.T
    told = np.concatenate(back)
    degrees = CRS.from_user_input(delivered_crs).is_geographic
    unit = DEGREE_M if degrees else 1.0
    for one in (0.1, 0.01, 0.001, 0.0001, 0.00001) if degrees else (1000.0, 100.0, 10.0, 1.0):
        times = told / one
        if (np.abs(times - np.round(times)) * one * unit < CLOSE_M).all():
            return one * unit
    return 0.0


@cache
def _transformer(source_crs: str, crs: str) -> Transformer:
    return Transformer.from_crs(source_crs, crs, always_xy=True)


def outside(
    boundary: shapely.Geometry | None, x: NDArray[np.float64], y: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Tell which known coordinates lie outside the boundary, if there is one; on it is inside."""
    if boundary is None:
        return np.zeros(len(x), dtype=bool)
    shapely.prepare(boundary)
    distinct = spots(x, y)
    off = ~shapely.intersects_xy(boundary, *distinct.xy.T)
    return np.append(off, False)[distinct.number]
