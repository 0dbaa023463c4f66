"""Where an event was: its coordinates, their precision, and the public name that may be shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from est_analysis.gather import gazetteer, homes, stacks
from est_analysis.gather.abreast import abreast
from est_analysis.gather.gazetteer import normal
from est_analysis.gather.geography import (
    NEAR_PLACE_M,
    NEAR_STREET_M,
    Geography,
    nearest,
)
from est_analysis.gather.rulings import Rulings
from est_analysis.gather.spots import changed, spots
from est_analysis.gather.times import text_of
from est_analysis.municipality import Municipality, StandIn


@dataclass(frozen=True)
class Ways:
    """
    How the settings want places told.

    Parameters
    ----------
    cell_m
        Side of a grid cell, metres.
    precision_of, snap_of
        By source: what its coordinates mean, and what those of no public place are moved to.
    stacked
        What is known of single coordinates.
    """

    cell_m: float
    precision_of: dict[str, str]
    snap_of: dict[str, str] = field(default_factory=dict)
    stacked: tuple[StandIn, ...] = ()

    @classmethod
    def of(cls, municipality: Municipality) -> Ways:
        """Return what a municipality's settings say."""
        return cls(
            municipality.thresholds.cell_m,
            {name: source.precision for name, source in municipality.sources.items()},
            {name: source.snap for name, source in municipality.sources.items()},
            municipality.reference.stacked,
        )


@dataclass(frozen=True)
class Placed:
    """The events with their places, and the near misses and stacks among them, as `tables` says."""

    events: pd.DataFrame
    near_misses: pd.DataFrame
    stacks: pd.DataFrame


def place_events(
    events: pd.DataFrame, geography: Geography, ways: Ways, decided: Rulings | None = None
) -> Placed:
    """
    Give every event its coordinates, precision, public place name, place type and area.

    Coordinates that stand for another place (`stacks`) are no coordinates. A place that was named
    and stands in the gazetteer gets the gazetteer's name and, where no coordinates came, its
    coordinates. Other coordinates are named after the nearest gazetteer place within
    `NEAR_PLACE_M`, the nearest street within `NEAR_STREET_M`, or their grid cell. A name without
    coordinates that is one of the municipality's streets gets that street's name, and its middle
    where the street is short. Any other delivered name is never shown unless its source declares
    that its places are streets, and then without house numbers.

    Parameters
    ----------
    events
        With columns ``source``, ``x``, ``y``, ``place``, ``place_type``, ``area`` as delivered, and
        ``group``, ``start``, ``time_precision`` and ``count``.
    geography
        The municipality's.
    ways
        What the settings say.
    decided
        What people have decided; None is nothing.

    Returns
    -------
    Placed
        Its events are `events` with those columns settled and ``place_precision`` added; same rows
        and order.

    Raises
    ------
    DeliveryError
        If the settings name a place that the gazetteer lacks.
    """
    x, y = events["x"], events["y"]
    here, known = abreast(
        len(events), lambda: spots(x, y), lambda: gazetteer.match(events, geography, decided)
    )
    level = known.each("level")
    in_gazetteer = level == "place"
    declared = text_of(events["source"].astype("category").map(ways.precision_of))
    stacked = stacks.find(
        events,
        here,
        geography,
        precision=declared,
        named=in_gazetteer,
        settled=ways.stacked,
    )
    declared = changed(declared, stacked.precision != "", stacked.precision)
    nowhere = declared == "municipality"  # its middle stands for all of it
    x, y = changed(x, nowhere, np.nan), changed(y, nowhere, np.nan)
    has_xy = x.notna()
    precision = changed(declared, ~has_xy & ~nowhere, "unknown")

    named = in_gazetteer | ((level == "street") & ~has_xy)
    near_misses = known.near_misses(events, ~has_xy & ~named)
    label = changed(known.each("name"), ~named, "")
    kind = events["place_type"]
    kind = changed(kind, named & (kind == ""), known.each("place_type"))
    lacking = named & ~has_xy
    precision = changed(precision, lacking, level)
    x, y = changed(x, lacking, known.each("x")), changed(y, lacking, known.each("y"))
    streets_declared = (declared == "street") & (events["place"] != "") & (label == "")
    if streets_declared.any():
        streets = events.loc[streets_declared, "place"]
        plain = streets.map({s: gazetteer.without_number(s) for s in streets.unique()})
        label = label.mask(streets_declared, text_of(plain).reindex(label.index))

    centroids = precision == "area"  # the middle of an area is no place
    nameless = (label == "") & x.notna() & ~centroids
    near = here.among(nameless.to_numpy())
    names, kinds = _names_near(near.xy, geography, ways.cell_m)
    label = changed(label, nameless, near.spread(names, x.index))
    near_kind = near.spread(kinds, x.index)
    kind = changed(kind, (near_kind != "") & (kind == ""), near_kind)
    area = _area_of(x, y, events["area"], geography)
    lacks = precision.isin(["unknown", "municipality"]) & (area != "")
    precision = changed(precision, lacks, "area")
    events = events.assign(
        x=x, y=y, place=label, place_type=kind, area=area, place_precision=precision
    )
    table = _name_stacks(stacked.table, geography)
    events = homes.snap(events, geography, ways.snap_of, ways.cell_m)
    in_cell = events["place_precision"] == "cell"
    if in_cell.any():
        cells = cell_name(events.loc[in_cell, "x"], events.loc[in_cell, "y"], ways.cell_m)
        events["place"] = events["place"].mask(in_cell, cells)
    return Placed(events, near_misses, table)


def _name_stacks(table: pd.DataFrame, geography: Geography) -> pd.DataFrame:
    """Name each stack after what is near; a grid cell is no name."""
    names = pd.Series(_names_near(table[["x", "y"]].to_numpy(float), geography, 1.0)[0], dtype=str)
    return table.assign(place=names.mask(names.str.startswith("Ruta "), ""))


def _names_near(
    xy: NDArray[np.float64], geography: Geography, cell_m: float
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Return the name and the type of what each coordinate, shape (n, 2), is named after."""
    points = shapely.points(xy)
    east, north = (pd.Series(axis) for axis in xy.T)
    names = cell_name(east, north, cell_m).to_numpy(object)
    kinds = np.full(len(names), "", dtype=object)
    if geography.streets is not None:
        named = geography.streets[geography.streets["name"] != ""]
        at, which = nearest(points, named.geometry.to_numpy(), NEAR_STREET_M)
        names[at] = named["name"].to_numpy()[which]
        kinds[at] = "gata"
    if geography.places is not None:
        places = geography.places
        at, which = nearest(points, shapely.points(places[["x", "y"]].to_numpy()), NEAR_PLACE_M)
        names[at] = places["name"].to_numpy()[which]
        kinds[at] = places["place_type"].to_numpy()[which]
    return names, kinds


def cell_name(x: pd.Series, y: pd.Series, cell_m: float) -> pd.Series:
    """Return the name of the grid cell of each coordinate: its south-west corner in metres."""
    east = (np.floor(x / cell_m) * cell_m).astype("int64").astype(str)
    north = (np.floor(y / cell_m) * cell_m).astype("int64").astype(str)
    return "Ruta " + east + "/" + north


def _area_of(x: pd.Series, y: pd.Series, area: pd.Series, geography: Geography) -> pd.Series:
    if geography.areas is None:
        return area
    names = geography.areas["name"].to_numpy()
    by_key = pd.Series(names, index=normal(geography.areas["name"]), dtype=str)
    given = pd.Series(area.unique(), dtype=str)
    known = text_of(normal(given).map(by_key[~by_key.index.duplicated()]))
    area = text_of(area.map(dict(zip(given, known, strict=True))))
    here = spots(x, y)
    inside = np.full(len(here.xy), "", dtype=object)
    for at, name in zip(_each_within(here.xy, geography.areas), names, strict=True):
        inside[at[inside[at] == ""]] = name  # the first listed, where areas overlap
    by_xy = here.spread(inside, x.index)
    return by_xy.where(by_xy != "", area)


def _each_within(xy: NDArray[np.float64], areas: gpd.GeoDataFrame) -> Iterator[NDArray[np.intp]]:
    """Yield, for each area, which coordinates, shape (n, 2), it holds or has on its border."""
    by_x = np.argsort(xy[:, 0])
    east, north = xy[by_x].T
    shapes = areas.geometry.to_numpy()
    shapely.prepare(shapes)
    for shape, (west, south, to_east, to_north) in zip(shapes, shapely.bounds(shapes), strict=True):
        first, end = np.searchsorted(east, west), np.searchsorted(east, to_east, "right")
        level = (north[first:end] >= south) & (north[first:end] <= to_north)
        near = first + np.flatnonzero(level)
        yield by_x[near[shapely.intersects_xy(shape, east[near], north[near])]]
