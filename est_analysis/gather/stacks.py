"""Coordinates that many events share: which stand for another place than where it happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from est_analysis.errors import DeliveryError
from est_analysis.gather import tables
from est_analysis.gather.gazetteer import normal, without_number
from est_analysis.gather.geography import NEAR_PLACE_M, Geography
from est_analysis.gather.spots import Spots
from est_analysis.gather.spread import same
from est_analysis.municipality import StandIn

WHAT = {
    "centroid": "kommunens mittpunkt",
    "area_centroid": "ett områdes mittpunkt",
    "police_station": "polisstationen: anmält där, inte hänt där",
    "one_point": "samma punkt för hela källan",
    "many_names": "samma punkt för många gator",
    "address": "en adress eller ett kvarter",
    "unexplained": "oförklarad: är det ingen plats, skriv den i [reference] stacked",
}
"""What each sort of stack is called in what people read; other words are the settings' own."""

POLICE_TYPES = {"polisstation", "polisstationen", "polishus", "polis"}
STATION_M, MIDDLE_M, AREA_MIDDLE_M = 50.0, 25.0, 10.0
"""How near a station or a middle a coordinate stands for it, unless another place is nearer."""
STACK = 5
"""Fewer events on one coordinate are no stack, and are never listed: they may be one home's."""
AREA_ENOUGH, AREA_SHARE = 20, 0.005
"""So many, and so large a share, on one coordinate at an area's middle are no chance."""
SOURCE_ENOUGH, SOURCE_SHARE = 10, 0.95
"""A source with so many rows and nearly all on one coordinate does not say where."""
NAMES_ENOUGH = 10
"""So many street names on one coordinate, none of them in half of the rows: it is no street."""
LISTED_ENOUGH, LISTED_SHARE = 20, 0.01
"""From how many events, and what share, a coordinate is listed though nothing is wrong with it."""
_WHERE = ["point", "street", "place"]
_READ = ["source", "place", "group", "start", "time_precision", "count"]


@dataclass(frozen=True)
class Stacks:
    """
    What was found.

    Parameters
    ----------
    table
        As ``tables.STACKS`` says, most events first; ``place`` is empty until places have names.
    precision
        By event: what its coordinates are known to mean after all (``municipality``, ``area``), or
        empty.
    """

    table: pd.DataFrame
    precision: pd.Series


def find(
    events: pd.DataFrame,
    here: Spots,
    geography: Geography,
    *,
    precision: pd.Series,
    named: pd.Series,
    settled: tuple[StandIn, ...] = (),
) -> Stacks:
    """
    Find the coordinates that many events share, and tell which of them are no places.

    Parameters
    ----------
    events
        With ``source``, ``x``, ``y`` (metres), ``place`` as delivered, ``group``, ``start``,
        ``time_precision`` and ``count``.
    here
        The coordinates of the events.
    geography
        The municipality's.
    precision
        By event: what its coordinates are said to mean; areas and municipalities are none.
    named
        By event: whether its place stands in the gazetteer by name.
    settled
        What the settings say of single coordinates; they are believed.

    Returns
    -------
    Stacks
        Kept out are the municipality's middle, an area's, a police station (reported there, not
        happened there), the one coordinate of a whole source, and a coordinate with many street
        names: all coordinates, whatever the period, so that nothing flips from quarter to quarter.
        Other stacks are only listed.
    """
    exact = precision.isin(_WHERE) & events["x"].notna()
    if not exact.any():
        return Stacks(tables.empty(tables.STACKS), same("", events.index))
    own = events[_READ] if exact.all() else events.loc[exact, _READ]
    here = here.among(exact.to_numpy())
    own = own.assign(spot=here.number[exact.to_numpy()])
    spots = _spots(own, here).assign(what="", means="")
    _settle(spots, geography, settled)
    _stand_ins(spots, geography)
    _many_names(spots, own)
    means = spots["means"].take(own["spot"]).set_axis(own.index)

    unexplained = (spots["what"] == "").to_numpy()[own["spot"]]
    only = _only_points(own.loc[unexplained, ["source", "spot"]], precision, named)
    if only:
        means[only] = "municipality"
    single = _spots(own.loc[only], here).assign(what="one_point", means="municipality")

    _list_others(spots, own, means == "", geography)
    table = pd.concat([spots[spots["what"] != ""], single], ignore_index=True)
    table = table[table["n"] >= STACK]
    table = table.assign(place="", kept_out=table["means"] != "")
    table = table.sort_values(["n", "x", "y"], ascending=[False, True, True], ignore_index=True)
    table = table[list(tables.STACKS.columns)].astype({"n": "int64"})
    return Stacks(table, means.reindex(events.index, fill_value=""))


def _spots(own: pd.DataFrame, here: Spots) -> pd.DataFrame:
    n = own.groupby("spot")["count"].sum()
    x, y = here.xy[n.index].T
    return pd.DataFrame({"x": x, "y": y, "n": n})


def _settle(spots: pd.DataFrame, geography: Geography, settled: tuple[StandIn, ...]) -> None:
    for one in settled:
        x, y = one.x, one.y
        if one.place is not None:
            x, y = _place(geography, one.place)
        near = np.hypot(spots["x"] - x, spots["y"] - y) <= STATION_M
        spots.loc[near, "what"] = one.what
        spots.loc[near, "means"] = "municipality" if one.kept_out else ""


def _place(geography: Geography, name: str) -> tuple[float, float]:
    if geography.places is not None:
        wanted = " ".join(name.casefold().split())
        hit = geography.places[normal(geography.places["name"]) == wanted]
        if len(hit):
            return float(hit["x"].iloc[0]), float(hit["y"].iloc[0])
    raise DeliveryError(
        f"Platsen ”{name}” i [reference] stacked står inte i platslistan.",
        mend="Skriv platsens namn som i platslistan, eller x och y.",
    )


def _stand_ins(spots: pd.DataFrame, geography: Geography) -> None:
    """Tell the coordinates that lie at a station or a middle, and nearer to it than to a place."""
    places = geography.places
    stations = np.empty((0, 2))
    if places is not None:
        is_station = places["place_type"].str.casefold().isin(POLICE_TYPES)
        stations = places.loc[is_station, ["x", "y"]].to_numpy(float)
        places = places[~is_station]
    areas = [] if geography.areas is None else list(geography.areas.geometry)
    whole = geography.boundary
    if whole is None and areas:
        whole = shapely.union_all(areas)
    share = AREA_SHARE * spots["n"].sum()
    for what, means, at, reach, enough in (
        ("police_station", "municipality", stations, STATION_M, STACK),
        ("centroid", "municipality", _middles([whole] if whole else []), MIDDLE_M, STACK),
        ("area_centroid", "area", _middles(areas), AREA_MIDDLE_M, max(AREA_ENOUGH, share)),
    ):
        free = spots[(spots["what"] == "") & (spots["n"] >= enough)]
        if free.empty or not len(at):
            continue
        away = _distance(free, at)
        elsewhere = np.full(len(free), np.inf)
        if places is not None and len(places):
            elsewhere = _distance(free, places[["x", "y"]].to_numpy(float))
        hit = free.index[(away <= reach) & (away < elsewhere)]
        spots.loc[hit, "what"], spots.loc[hit, "means"] = what, means


def _middles(shapes: list[shapely.Geometry]) -> NDArray[np.float64]:
    """Return the centroid and the representative point of each shape, shape (2 n, 2)."""
    middles = [*shapely.centroid(shapes), *shapely.point_on_surface(shapes)]
    return shapely.get_coordinates(middles)


def _distance(spots: pd.DataFrame, at: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the metres from each spot to the nearest of some coordinates."""
    from scipy.spatial import cKDTree

    return np.asarray(cKDTree(at).query(spots[["x", "y"]].to_numpy(float))[0])


def _many_names(spots: pd.DataFrame, own: pd.DataFrame) -> None:
    """Tell the coordinates under which many streets are named: what was not found is put there."""
    free = spots.index[(spots["what"] == "") & (spots["n"] >= NAMES_ENOUGH)]
    rows = own.loc[own["spot"].isin(free) & (own["place"] != ""), ["spot", "place"]]
    name_of, names = pd.factorize(rows["place"])
    pairs = pd.unique(rows["spot"].to_numpy() * len(names) + name_of)
    written = pd.Series(pairs // max(len(names), 1)).value_counts()
    many = (rows["spot"].isin(written.index[written >= NAMES_ENOUGH])).to_numpy()
    if not many.any():
        return
    plain = np.array([without_number(name).casefold() for name in names], dtype=object)
    tally = rows[many].groupby(["spot", plain[name_of[many]]]).size()
    by_spot = tally.groupby(level="spot")
    hit = (by_spot.size() >= NAMES_ENOUGH) & (by_spot.max() <= by_spot.sum() / 2)
    spots.loc[hit.index[hit], ["what", "means"]] = ["many_names", "municipality"]


def _only_points(own: pd.DataFrame, precision: pd.Series, named: pd.Series) -> list[Any]:
    """Return the rows that carry the one coordinate that stands for all of their source."""
    only: list[Any] = []
    for _, rows in own.groupby("source"):
        spot = rows["spot"].value_counts()
        if len(rows) >= SOURCE_ENOUGH and spot.iloc[0] >= SOURCE_SHARE * len(rows):
            at = rows.index[rows["spot"] == spot.index[0]]
            only += list(at[((precision[at] != "place") & ~named[at]).to_numpy()])
    return only


def _list_others(
    spots: pd.DataFrame, own: pd.DataFrame, free: pd.Series, geography: Geography
) -> None:
    """List the coordinates that simply have much of what is free, and those nothing explains."""
    n = own["count"].where(free, 0).groupby(own["spot"]).sum()
    n = n[n >= max(LISTED_ENOUGH, LISTED_SHARE * n.sum())]
    n = n[spots.loc[n.index, "what"] == ""]
    if n.empty:
        return
    rows = own[free & own["spot"].isin(n.index)]
    clocked = rows[rows["time_precision"].isin(["minute", "hour"])]
    parts = (clocked["start"].dt.hour // 6).groupby(clocked["spot"]).nunique()
    every_kind = rows.groupby("spot")["group"].nunique() >= 3
    every_hour = parts.reindex(n.index, fill_value=0) == 4
    placed = np.full(len(n), np.inf)
    if geography.places is not None and len(geography.places):
        placed = _distance(spots.loc[n.index], geography.places[["x", "y"]].to_numpy(float))
    strange = every_kind.reindex(n.index) & every_hour & (placed > NEAR_PLACE_M)
    spots.loc[n.index, "n"] = n
    spots.loc[n.index, "what"] = strange.map({True: "unexplained", False: "address"})
