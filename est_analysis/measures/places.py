"""Where a problem lies: a polygon, a point with its radius, a named place, a street or an area."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from est_analysis.gather.gazetteer import normal
from est_analysis.gather.geography import NEAR_STREET_M, Geography

if TYPE_CHECKING:
    import shapely

DEFAULT_RADIUS_M = 150.0
"""Around a point or a named place where the register states no radius."""
_ROUND = 32
"""Segments of a quarter of a circle: the ring's area is within two in ten thousand of its own."""


@dataclass(frozen=True)
class Footprint:
    """
    The ground of a problem.

    Parameters
    ----------
    shape
        Polygon or polygons in the municipality's CRS (metres); None where the register does not
        say where.
    how
        What it was read from: ``polygon``, ``point``, ``place``, ``street`` or ``area``; empty
        where there is no shape.
    centre
        Metres: of a point or a named place its own, of other ground a point within it.
    reach_m
        The radius: as stated, or that of a circle of the same area.
    why_not
        Empty, or why there is no shape: ``nothing`` (no place is given), ``unknown_place``,
        ``unknown_street``, ``unknown_area``, ``not_wkt``, ``no_polygon``, ``invalid``.
    """

    shape: shapely.Geometry | None
    how: str = ""
    centre: tuple[float, float] | None = None
    reach_m: float = 0.0
    why_not: str = ""


def footprint(problem: Mapping[Any, Any], geography: Geography) -> Footprint:
    """
    Return the ground of a problem, from the first of the columns that says where it is.

    In order: ``polygon`` (WKT), ``x`` and ``y``, ``plats`` (a name in the gazetteer), ``gata`` (a
    street's name) and ``omrade`` (an area's name). ``radie_m`` is around a point, a place or a
    street's lines. What is given first holds: an unknown place is not sought as an area.

    Parameters
    ----------
    problem
        A row of the register's problems; the columns may be missing.
    geography
        The municipality's.

    Returns
    -------
    Footprint
    """
    text = {name: _text(problem.get(name)) for name in ("polygon", "plats", "gata", "omrade")}
    x, y, radius = (_number(problem.get(name)) for name in ("x", "y", "radie_m"))
    if text["polygon"]:
        return _polygon(text["polygon"])
    if not (math.isnan(x) or math.isnan(y)):
        return _circle((x, y), radius, "point")
    if text["plats"]:
        centre = centre_of(text["plats"], geography)
        if centre is not None:
            return _circle(centre, radius, "place")
        return Footprint(None, why_not="unknown_place")
    for name, how in (("gata", "street"), ("omrade", "area")):
        if text[name]:
            return _of_shapes(text[name], how, geography, radius)
    return Footprint(None, why_not="nothing")


def comparison(name: object, own: Footprint, geography: Geography) -> Footprint:
    """Return the ground of a comparison place: a circle as large as the treated ground."""
    centre = centre_of(_text(name), geography)
    if centre is None:
        return Footprint(None, why_not="unknown_place" if _text(name) else "nothing")
    return _circle(centre, own.reach_m or DEFAULT_RADIUS_M, "place")


def centre_of(name: str, geography: Geography) -> tuple[float, float] | None:
    """Return where the gazetteer has a name, without regard to case and spaces, in metres."""
    if geography.places is None or not name:
        return None
    places, key = geography.places, _plain(name)
    for at, known in enumerate(places["name"].tolist()):
        if _plain(known) == key:
            return float(places["x"].iat[at]), float(places["y"].iat[at])
    return None


def _plain(name: str) -> str:
    """Return one name as `gazetteer.normal` does many: a register asks for few at a time."""
    return " ".join(name.casefold().split())


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float, np.number)) else math.nan


def _circle(centre: tuple[float, float], radius: float, how: str) -> Footprint:
    import shapely

    reach = DEFAULT_RADIUS_M if math.isnan(radius) else radius
    shape = shapely.Point(centre).buffer(reach, quad_segs=_ROUND)
    return Footprint(shape, how, centre, reach)


def _whole(shape: shapely.Geometry, how: str) -> Footprint:
    inside = shape.representative_point()
    return Footprint(shape, how, (inside.x, inside.y), math.sqrt(shape.area / math.pi))


def _polygon(text: str) -> Footprint:
    import shapely

    shape = shapely.from_wkt(text, on_invalid="ignore")
    if shape is None:
        return Footprint(None, why_not="not_wkt")
    if shape.geom_type not in {"Polygon", "MultiPolygon"} or shape.is_empty:
        return Footprint(None, why_not="no_polygon")
    if not shape.is_valid or not shape.area > 0:
        return Footprint(None, why_not="invalid")
    return _whole(shape, "polygon")


def _of_shapes(name: str, how: str, geography: Geography, radius: float) -> Footprint:
    import shapely

    shapes = geography.streets if how == "street" else geography.areas
    nowhere = Footprint(None, why_not=f"unknown_{how}")
    if shapes is None:
        return nowhere
    same = (normal(shapes["name"]) == normal(pd.Series([name])).iloc[0]).to_numpy()
    if not same.any():
        return nowhere
    whole = shapely.union_all(shapes.geometry.to_numpy()[same])
    if how == "street":
        whole = whole.buffer(NEAR_STREET_M if math.isnan(radius) else radius)
    return _whole(whole, how)
