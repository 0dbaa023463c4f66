"""Where an event was: coordinates in metres, precision, and the public name that may be shown."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from est_analysis.errors import DeliveryError
from est_analysis.gather.times import text_of
from est_analysis.municipality import Filter, Municipality

NEAR_PLACE_M = 100.0
NEAR_STREET_M = 60.0
SHORT_STREET_M = 400.0
"""A street that reaches no farther is a place on the map; a longer one is only a name."""
_PLACE_COLUMNS = ["name", "place_type", "x", "y", "area"]


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
        The gazetteer: ``name``, ``place_type``, ``x``, ``y``, ``area``.
    streets
        Lines with a column ``name``.
    """

    boundary: shapely.Geometry | None
    areas: gpd.GeoDataFrame | None
    places: pd.DataFrame | None
    streets: gpd.GeoDataFrame | None


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
        shapes = gpd.read_parquet(file) if file.suffix == ".parquet" else gpd.read_file(file)
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
    file: Path = municipality.path(inside)
    try:
        table = pd.read_csv(
            file,
            sep=";",
            encoding="utf-8-sig",
            dtype=str,
            keep_default_na=False,
            skip_blank_lines=False,
            index_col=False,
        )
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise DeliveryError(f"Platslistan går inte att läsa: {error}", where=inside) from error
    if missing := [column for column in _PLACE_COLUMNS if column not in table.columns]:
        raise DeliveryError(f"Kolumnen ”{'”, ”'.join(missing)}” saknas.", where=inside)
    table = table[_PLACE_COLUMNS].apply(lambda column: column.str.strip())
    table = table[(table != "").any(axis=1)]
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
    ):
        if bad.any():
            first = ", ".join(str(row + 2) for row in table.index[bad][:3])
            raise DeliveryError(what, where=f"{inside}, rad {first}")
    return table.reset_index(drop=True)


def degrees_for_metres(x: pd.Series, y: pd.Series, crs: str) -> pd.Series:
    """
    Tell which coordinates are degrees although `crs` counts in metres; 0, 0 is merely unknown.

    No municipality lies within 180 metres of the origin of a projection.
    """
    if not CRS.from_user_input(crs).is_projected:
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
        transformer = Transformer.from_crs(source_crs, crs, always_xy=True)
        easting, northing = transformer.transform(easting, northing)
    unknown = nothing | ~np.isfinite(easting) | ~np.isfinite(northing)
    return np.where(unknown, np.nan, easting), np.where(unknown, np.nan, northing)


def outside(
    geography: Geography, x: NDArray[np.float64], y: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Tell which known coordinates lie outside the boundary, if there is one; on it is inside."""
    if geography.boundary is None:
        return np.zeros(len(x), dtype=bool)
    shapely.prepare(geography.boundary)
    known = ~np.isnan(x)
    result = np.zeros(len(x), dtype=bool)
    result[known] = ~shapely.intersects_xy(geography.boundary, x[known], y[known])
    return result


def normal(name: pd.Series) -> pd.Series:
    """Return names without regard to case and spaces, for matching."""
    return name.str.casefold().str.split().str.join(" ")


def place_events(
    events: pd.DataFrame, geography: Geography, *, cell_m: float, precision_of: dict[str, str]
) -> pd.DataFrame:
    """
    Give every event its coordinates, precision, public place name, place type and area.

    A place that was named and stands in the gazetteer gets the gazetteer's name and, where no
    coordinates came, its coordinates. Other coordinates are named after the nearest gazetteer
    place within `NEAR_PLACE_M`, the nearest street within `NEAR_STREET_M`, or their grid cell. A
    name without coordinates that is one of the municipality's streets gets that street's name, and
    its middle where the street is short. Any other delivered name is never shown unless its source
    declares that its places are streets.

    Parameters
    ----------
    events
        With columns ``source``, ``x``, ``y``, ``place``, ``place_type``, ``area`` as delivered.
    geography
        The municipality's.
    cell_m
        Side of a grid cell, metres.
    precision_of
        By source: what its coordinates mean.

    Returns
    -------
    DataFrame
        `events` with those columns settled and ``place_precision`` added; same rows and order.
    """
    events = events.copy()
    declared = events["source"].map(precision_of).astype(str)
    nowhere = declared == "municipality"  # its middle stands for all of it
    events[["x", "y"]] = events[["x", "y"]].mask(nowhere)
    has_xy = events["x"].notna()
    precision = declared.where(has_xy | nowhere, "unknown")
    label = pd.Series("", index=events.index, dtype=str)
    kind = events["place_type"].copy()
    area = events["area"].copy()

    if geography.places is not None:
        gazetteer = geography.places.assign(key=normal(geography.places["name"]))
        gazetteer = gazetteer.drop_duplicates("key").set_index("key")
        key = normal(events["place"])
        known = key.isin(gazetteer.index) & (key != "")
        hit = gazetteer.loc[key[known]].set_axis(events.index[known], axis=0)
        label[known] = hit["name"]
        kind = kind.where(~known | (kind != ""), hit["place_type"].reindex(events.index))
        lacking = known & ~has_xy
        events.loc[lacking, ["x", "y"]] = hit.loc[lacking[lacking].index, ["x", "y"]]
        precision = precision.mask(lacking, "place")
    if geography.streets is not None:
        streets = _middles(geography.streets)
        key = normal(events["place"])
        named = key.isin(streets.index) & (label == "") & events["x"].isna()
        hit = streets.loc[key[named]].set_axis(events.index[named], axis=0)
        label[named], precision[named] = hit["name"], "street"
        kind[named] = kind[named].where(kind[named] != "", "gata")
        events.loc[named, ["x", "y"]] = hit[["x", "y"]]
    streets_declared = (declared == "street") & (events["place"] != "") & (label == "")
    label = label.where(~streets_declared, events["place"])

    centroids = precision == "area"  # the middle of an area is no place
    label, kind = _name_by_coordinates(events[~centroids], label, kind, geography, cell_m)
    area = _area_of(events, area, geography)
    lacks = precision.isin(["unknown", "municipality"]) & (area != "")
    return events.assign(
        place=label, place_type=kind, area=area, place_precision=precision.mask(lacks, "area")
    )


def _middles(streets: gpd.GeoDataFrame) -> pd.DataFrame:
    """
    Return each street by its name without regard to case: ``name``, and the middle of it.

    The middle of a long street is nowhere in particular, and events stacked on it would look like
    a hot spot: it has none (NaN).
    """
    named = streets[streets["name"] != ""]
    whole = named.dissolve(normal(named["name"]), aggfunc="first")
    bounds = whole.bounds
    reach = np.hypot(bounds["maxx"] - bounds["minx"], bounds["maxy"] - bounds["miny"])
    middle = whole.geometry.interpolate(0.5, normalized=True)
    lines = whole.geometry.to_numpy()
    middle = shapely.get_point(shapely.shortest_line(lines, shapely.centroid(lines)), 0)
    short = reach.to_numpy() <= SHORT_STREET_M
    return pd.DataFrame(
        {
            "name": whole["name"],
            "x": np.where(short, shapely.get_x(middle), np.nan),
            "y": np.where(short, shapely.get_y(middle), np.nan),
        },
        index=whole.index,
    )


def _name_by_coordinates(
    events: pd.DataFrame, label: pd.Series, kind: pd.Series, geography: Geography, cell_m: float
) -> tuple[pd.Series, pd.Series]:
    nameless = events.index[(label[events.index] == "") & events["x"].notna()]
    spots = events.loc[nameless, ["x", "y"]].drop_duplicates()
    if spots.empty:
        return label, kind
    points = shapely.points(spots.to_numpy())
    names = pd.Series(cell_name(spots["x"], spots["y"], cell_m), index=spots.index, dtype=str)
    kinds = pd.Series("", index=spots.index, dtype=str)
    if geography.streets is not None:
        named = geography.streets[geography.streets["name"] != ""]
        at, which = _nearest(points, named.geometry.to_numpy(), NEAR_STREET_M)
        names.iloc[at] = named["name"].to_numpy()[which]
        kinds.iloc[at] = "gata"
    if geography.places is not None:
        places = geography.places
        at, which = _nearest(points, shapely.points(places[["x", "y"]].to_numpy()), NEAR_PLACE_M)
        names.iloc[at] = places["name"].to_numpy()[which]
        kinds.iloc[at] = places["place_type"].to_numpy()[which]
    by_spot = spots.assign(label=names, kind=kinds).set_index(["x", "y"])
    rows = pd.MultiIndex.from_frame(events.loc[nameless, ["x", "y"]])
    found = by_spot.reindex(rows).set_axis(nameless, axis=0)
    label, kind = label.copy(), kind.copy()
    label[nameless] = found["label"]
    kind[nameless] = kind[nameless].where(kind[nameless] != "", found["kind"])
    return label, kind


def _nearest(
    points: NDArray[np.object_], shapes: NDArray[np.object_], limit_m: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return which points have a shape within `limit_m` metres, and the first nearest shape."""
    tree = shapely.STRtree(shapes)
    at, which = tree.query_nearest(points, max_distance=limit_m, all_matches=True)
    return _first_of_each(at, which)


def _first_of_each(
    at: NDArray[np.intp], which: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return each point once, with the shape listed first of those that it was paired with."""
    order = np.lexsort((which, at))
    at, first = np.unique(at[order], return_index=True)
    return at, which[order][first]


def cell_name(x: pd.Series, y: pd.Series, cell_m: float) -> pd.Series:
    """Return the name of the grid cell of each coordinate: its south-west corner in metres."""
    east = (np.floor(x / cell_m) * cell_m).astype("int64").astype(str)
    north = (np.floor(y / cell_m) * cell_m).astype("int64").astype(str)
    return "Ruta " + east + "/" + north


def _area_of(events: pd.DataFrame, area: pd.Series, geography: Geography) -> pd.Series:
    if geography.areas is None:
        return area
    names = geography.areas["name"].to_numpy()
    by_key = pd.Series(names, index=normal(geography.areas["name"]), dtype=str)
    area = text_of(normal(area).map(by_key[~by_key.index.duplicated()]))
    spots = events.loc[events["x"].notna(), ["x", "y"]].drop_duplicates()
    tree = shapely.STRtree(geography.areas.geometry.to_numpy())
    at, which = tree.query(shapely.points(spots.to_numpy()), predicate="intersects")
    at, which = _first_of_each(at, which)
    inside = spots.iloc[at].assign(area=names[which]).set_index(["x", "y"])["area"]
    by_xy = inside.reindex(pd.MultiIndex.from_frame(events[["x", "y"]])).set_axis(events.index)
    return by_xy.where(by_xy.notna(), area).astype(str)
