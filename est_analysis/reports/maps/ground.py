"""The ground under a map: the municipality's own geometry, made light, and where its names lie."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely

from est_analysis.gather.geography import Geography

if TYPE_CHECKING:
    from est_analysis.reports.results import Results

Bounds = tuple[float, float, float, float]

MOST_CORNERS = 20_000
"""So many corners each of outline, areas and streets may have; a page must open on a phone."""
_FINE_M, _COARSE_M = (1.0, 5.0), (1.0, 5.0, 20.0, 100.0)
_AROUND_VIEW = 2.0


@dataclass(frozen=True)
class Ground:
    """
    What lies under the layers, each as shapes in the municipality's CRS.

    Parameters
    ----------
    boundary, areas, streets
        Arrays of shapes; empty where not delivered.
    whole
        Whether every street is drawn.
    """

    boundary: np.ndarray
    areas: np.ndarray
    streets: np.ndarray
    whole: bool


def under(geography: Geography, view: Bounds) -> Ground:
    """Return the ground for a map that opens on `view`: detail where it is looked at."""
    streets = _array(geography.streets)
    drawn = _lighter(streets, _FINE_M)
    if _corners(drawn) > MOST_CORNERS:
        west, south, east, north = view
        wide, high = (east - west) * _AROUND_VIEW / 2, (north - south) * _AROUND_VIEW / 2
        box = shapely.box(west - wide, south - high, east + wide, north + high)
        drawn = _lighter(streets[shapely.intersects(streets, box)], _FINE_M)
    if _corners(drawn) > MOST_CORNERS:  # the longest stay
        order = np.argsort(-shapely.length(drawn), kind="stable")
        total = np.cumsum(shapely.get_num_coordinates(drawn[order]))
        drawn = drawn[np.sort(order[total <= MOST_CORNERS])]
    return Ground(
        _lighter(np.array([geography.boundary] if geography.boundary is not None else [], object)),
        _lighter(_array(geography.areas)),
        drawn,
        len(drawn) == len(streets),
    )


def _array(shapes: gpd.GeoDataFrame | None) -> np.ndarray:
    if shapes is None:
        return np.array([], dtype=object)
    found = shapes.geometry.to_numpy()
    return np.asarray(found[~(shapely.is_missing(found) | shapely.is_empty(found))], dtype=object)


def _corners(shapes: np.ndarray) -> int:
    return int(shapely.get_num_coordinates(shapes).sum()) if len(shapes) else 0


def _lighter(shapes: np.ndarray, tolerances: tuple[float, ...] = _COARSE_M) -> np.ndarray:
    """Return shapes with as few corners as `MOST_CORNERS`, or as coarse as a map can bear."""
    light = shapes
    for tolerance in tolerances:
        light = np.asarray(shapely.simplify(shapes, tolerance), dtype=object)
        if _corners(light) <= MOST_CORNERS:
            break
    return light


def spots(geography: Geography, names: Iterable[str]) -> np.ndarray:
    """
    Return where named places lie: the gazetteer's point, or the middle of the street.

    Parameters
    ----------
    names
        Public places.

    Returns
    -------
    array of points
        None for a name that neither knows.
    """
    known: dict[str, Any] = {}
    if geography.streets is not None:
        lines = _array(geography.streets)
        named = geography.streets.loc[geography.streets.geometry.notna()]
        named = named[~named.geometry.is_empty]
        longest = np.argsort(shapely.length(lines), kind="stable")
        wanted = set(names)
        for at in longest:
            name = str(named["name"].iloc[at])
            if name in wanted:
                known[name] = shapely.point_on_surface(lines[at])
    if geography.places is not None:
        places = geography.places.drop_duplicates("name")
        points = shapely.points(places[["x", "y"]].to_numpy(float))
        known.update(zip(places["name"].astype(str), points, strict=True))
    found = np.empty(len(list(names)), dtype=object)
    found[:] = [known.get(name) for name in names]
    return found


def near_names(results: Results, points: gpd.GeoSeries) -> list[str]:
    """Return the nearest public place of the gazetteer to each point; empty where none is near."""
    places = results.geography.places
    names = [""] * len(points)
    if places is None or places.empty or not names:
        return names
    own = places.drop_duplicates("name")
    at = shapely.points(own[["x", "y"]].to_numpy(float))
    tree = shapely.STRtree(at)
    far = 1.5 * results.municipality.thresholds.cell_m
    which, nearest = tree.query_nearest(points.to_numpy(), max_distance=far, all_matches=False)
    for one, place in zip(which, nearest, strict=True):
        names[one] = str(own["name"].iloc[place])
    return names
