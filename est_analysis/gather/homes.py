"""Coordinates that may be a home's are moved to the street or the cell, if a source asks for it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from est_analysis.gather.geography import NEAR_PLACE_M, NEAR_STREET_M, Geography, nearest
from est_analysis.gather.times import text_of

STRETCH_M = 100.0
"""A street is cut into equal stretches of about this length."""


def snap(
    events: pd.DataFrame, geography: Geography, snap_of: dict[str, str], cell_m: float
) -> pd.DataFrame:
    """
    Move coordinates that may be a home's.

    A coordinate that lies within `NEAR_PLACE_M` of a public place stays, whatever its source asks.
    Others are moved to the middle of the nearest street's stretch of about `STRETCH_M` metres
    (``street``) or, where no street lies within `NEAR_STREET_M` or ``cell`` is asked for, to the
    middle of their grid cell; then their precision is ``cell``, and they take part in cells but in
    no hot spot.

    Parameters
    ----------
    events
        Placed events.
    geography
        The municipality's.
    snap_of
        By source: ``none``, ``street`` or ``cell``; a source that is not named has ``none``.
    cell_m
        Side of a grid cell, metres.

    Returns
    -------
    DataFrame
        `events` with ``x``, ``y`` and ``place_precision`` changed for those rows.
    """
    asked = {source: way for source, way in snap_of.items() if way != "none"}
    if not asked:
        return events
    way = text_of(events["source"].map(asked))
    exact = events["place_precision"].isin(["point", "street"]) & events["x"].notna()
    own = events.loc[exact & (way != ""), ["x", "y"]]
    spots = own.drop_duplicates()
    points = shapely.points(spots.to_numpy(float))
    spots = spots.loc[_far_from_places(points, geography)]
    if spots.empty:
        return events
    spots = spots.join(_on_streets(spots, geography))
    moved = own.reset_index().merge(spots, on=["x", "y"]).set_index("index")
    to_street = moved["on_x"].notna() & (way[moved.index] == "street")
    middle = (np.floor(moved[["x", "y"]] / cell_m) + 0.5) * cell_m
    events = events.copy()
    for axis in ("x", "y"):
        events.loc[moved.index, axis] = moved[f"on_{axis}"].where(to_street, middle[axis])
    events.loc[moved.index, "place_precision"] = to_street.map({True: "street", False: "cell"})
    return events


def _far_from_places(points: NDArray[np.object_], geography: Geography) -> NDArray[np.bool_]:
    far = np.ones(len(points), dtype=bool)
    if geography.places is not None and len(geography.places):
        tree = shapely.STRtree(shapely.points(geography.places[["x", "y"]].to_numpy(float)))
        far[tree.query(points, predicate="dwithin", distance=NEAR_PLACE_M)[0]] = False
    return far


def _on_streets(spots: pd.DataFrame, geography: Geography) -> pd.DataFrame:
    """Return ``on_x`` and ``on_y``: the middle of the nearest stretch of street, NaN if none is."""
    on = pd.DataFrame(np.nan, index=spots.index, columns=["on_x", "on_y"])
    if geography.streets is None:
        return on
    lines = geography.streets.loc[geography.streets["name"] != "", "geometry"].to_numpy()
    at, line = nearest(shapely.points(spots.to_numpy(float)), lines, NEAR_STREET_M)
    along = shapely.line_locate_point(lines[line], shapely.points(spots.to_numpy(float)[at]))
    length = shapely.length(lines[line])
    number = np.maximum(1, np.round(length / STRETCH_M))
    stretch = length / number
    middle = (np.minimum(np.floor(along / stretch), number - 1) + 0.5) * stretch
    on.iloc[at] = shapely.get_coordinates(shapely.line_interpolate_point(lines[line], middle))
    return on
