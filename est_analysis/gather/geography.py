"""The municipality's own geometry: its outline, areas, public places and streets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from est_analysis.errors import DeliveryError
from est_analysis.gather import bounds
from est_analysis.gather.coordinates import degrees_for_metres
from est_analysis.gather.guard import SORTS, personal
from est_analysis.gather.lists import read_list
from est_analysis.gather.times import text_of
from est_analysis.municipality import Filter, Municipality

NEAR_PLACE_M = 100.0
"""What lies no farther from a public place is told by its name."""
NEAR_STREET_M = 60.0
"""What lies no farther from a street, and near no public place, is told by the street's name."""
_PLACE_COLUMNS = ("name", "place_type", "x", "y", "area")


@dataclass(frozen=True)
class Geography:
    """
    The municipality's own geometry, all in its CRS (metres); parts not delivered are None.

    Parameters
    ----------
    boundary
        The municipality's outline.
    areas
        Polygons with a column ``name``.
    places
        The gazetteer: ``name``, ``place_type``, ``x``, ``y``, ``area``, ``responsible`` (who
        answers for the ground: a function, never a person; empty where nobody has said).
    streets
        Lines with a column ``name``.
    """

    boundary: shapely.Geometry | None
    areas: gpd.GeoDataFrame | None
    places: pd.DataFrame | None
    streets: gpd.GeoDataFrame | None

    def extent(self) -> tuple[float, float, float, float] | None:
        """Return the bounds of all that is known, in metres; None where nothing is."""
        parts: list[Any] = [
            np.array([None, self.boundary]),  # total_bounds of nothing at all is an error
            *(s.geometry.to_numpy() for s in (self.areas, self.streets) if s is not None),
        ]
        if self.places is not None:
            parts.append(shapely.points(self.places[["x", "y"]].to_numpy(float)))
        west, south, east, north = map(float, shapely.total_bounds(np.concatenate(parts)))
        return (west, south, east, north) if np.isfinite(west) else None


def read_geography(municipality: Municipality) -> Geography:
    """
    Read the reference geometry that the settings name.

    Raises
    ------
    DeliveryError
        If a file cannot be read, has no coordinate system, or lacks a column.
    """
    reference = municipality.reference
    boundary = _outline(municipality, reference.boundary)
    areas = _read_shapes(
        municipality, reference.areas, name=reference.area_name, keep=reference.areas_keep
    )
    return Geography(
        boundary=boundary,
        areas=_own(areas, boundary, reference.areas),
        places=_read_places(municipality, reference.places),
        streets=_read_shapes(municipality, reference.streets, name="name"),
    )


def _own(
    areas: gpd.GeoDataFrame | None, boundary: shapely.Geometry | None, inside: str | None
) -> gpd.GeoDataFrame | None:
    """Return valid areas of which at least half lies within the boundary, if there is one."""
    if areas is None:
        return None
    shapes = shapely.make_valid(areas.geometry.to_numpy(), method="structure", keep_collapsed=False)
    areas = areas.set_geometry(gpd.GeoSeries(shapes, index=areas.index, crs=areas.crs))
    if boundary is None:
        return areas
    shared = shapely.area(shapely.intersection(shapes, boundary))
    own = areas[shared >= shapely.area(shapes) / 2].reset_index(drop=True)
    if own.empty:
        raise DeliveryError("Inget område ligger inom kommungränsen.", where=str(inside))
    return own


def _outline(municipality: Municipality, inside: str | None) -> shapely.Geometry | None:
    shapes = _read_shapes(municipality, inside, keep=municipality.reference.boundary_keep)
    if shapes is None:
        return None
    outline = shapely.make_valid(shapes.union_all())
    if not outline.area > 0:
        raise DeliveryError("Kommungränsen är ingen yta.", where=str(inside))
    return outline


def _read_shapes(
    municipality: Municipality,
    inside: str | None,
    *,
    name: str | None = None,
    keep: Filter | None = None,
) -> gpd.GeoDataFrame | None:
    if inside is None:
        return None
    file = municipality.path(inside)
    try:
        bounds.refuse_shapes(file)
        shapes = (
            gpd.read_parquet(file) if file.suffix.lower() == ".parquet" else gpd.read_file(file)
        )
    except (RuntimeError, OSError, ValueError) as error:  # pyogrio's are RuntimeErrors
        raise DeliveryError(f"Kartfilen går inte att läsa: {error}", where=inside) from error
    if shapes.crs is None:
        raise DeliveryError("Kartfilen saknar koordinatsystem.", where=inside)
    keep = keep or {}
    wanted = [*keep, *([name] if name is not None else [])]
    if missing := [column for column in wanted if column not in shapes.columns]:
        raise DeliveryError(
            f"Kolumnen ”{'”, ”'.join(missing)}” saknas.",
            where=f"{inside}; filen har: {', '.join(map(str, shapes.columns))}",
            mend="Rätta filen, eller [reference] i municipality.toml.",
        )
    for column, values in keep.items():
        shapes = shapes[text_of(shapes[column]).isin(values)]
    if keep and shapes.empty:
        raise DeliveryError(
            f"Ingen form har något av värdena för {', '.join(keep)}.",
            where=inside,
            mend="Rätta boundary_keep eller areas_keep i municipality.toml.",
        )
    shapes = shapes[shapes.geometry.notna()].to_crs(municipality.crs)
    if not np.isfinite(shapes.total_bounds).all():
        raise DeliveryError(
            "Kartfilen har inga former, eller koordinater som inte hör till dess koordinatsystem.",
            where=inside,
        )
    if name is None:
        return shapes[["geometry"]]
    shapes = gpd.GeoDataFrame(
        {"name": text_of(shapes[name])}, geometry=shapes.geometry, crs=shapes.crs
    )
    return shapes.reset_index(drop=True)


def _read_places(municipality: Municipality, inside: str | None) -> pd.DataFrame | None:
    if inside is None:
        return None
    table = read_list(municipality.path(inside), inside, _PLACE_COLUMNS, optional=("responsible",))
    for axis in ("x", "y"):
        numbers = pd.to_numeric(table[axis].str.replace(",", "."), errors="coerce")
        table[axis] = numbers.astype(float)
    for bad, what in (
        (table["name"] == "", "En plats saknar namn."),
        (~np.isfinite(table[["x", "y"]]).all(axis=1), "En plats saknar koordinater."),
        (
            degrees_for_metres(table["x"], table["y"], municipality.crs),
            f"En plats har koordinater i grader, inte i meter ({municipality.crs}).",
        ),
        (
            personal(table["responsible"], SORTS) != "",
            "Ansvarig för en plats ska vara en funktion, till exempel gatuenheten, ingen person.",
        ),
    ):
        if bad.any():
            first = ", ".join(str(row) for row in table.index[bad][:3])
            raise DeliveryError(what, where=f"{inside}, rad {first}")
    return table.reset_index(drop=True)


def nearest(
    points: NDArray[np.object_], shapes: NDArray[np.object_], limit_m: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return which points have a shape within `limit_m` metres, and the first nearest shape."""
    tree = shapely.STRtree(shapes)
    at, which = tree.query_nearest(points, max_distance=limit_m, all_matches=True)
    return first_of_each(at, which)


def first_of_each(
    at: NDArray[np.intp], which: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return each point once, with the shape listed first of those that it was paired with."""
    order = np.lexsort((which, at))
    at, first = np.unique(at[order], return_index=True)
    return at, which[order][first]
