"""Where: places ranked by plain counts, 250 m cells, and density-based clusters."""

from __future__ import annotations

from collections.abc import Collection

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from est_analysis import counts
from est_analysis.municipality import Municipality
from est_analysis.patterns.coverage import in_period
from est_analysis.periods import Period

LOCATED = ("point", "street", "place")
"""Precisions that may take part; the middle of an area is nowhere in particular."""
IN_CELLS = (*LOCATED, "cell")
"""Precisions that may be counted in cells: what was moved to a cell's middle is still in it."""
ENOUGH = 50
"""So many events within the radius make a place dense however many there are in all."""
PLACE_KINDS = ("reported_crime", "event", "unsafe_place", "physical_defect")


def located(events: pd.DataFrame, precisions: tuple[str, ...] = LOCATED) -> pd.DataFrame:
    """Return the events whose place is known well enough to say where, same order."""
    return events[events["place_precision"].isin(precisions) & events["x"].notna()]


def places(events: pd.DataFrame, period: Period, *, smallest: int) -> pd.DataFrame:
    """
    Rank public places by what was reported there in the twelve months up to the period's end.

    Parameters
    ----------
    events
        Accepted events of all periods.
    period
        Now.
    smallest
        Places where no kind of record reaches this count in twelve months are left out, so that
        no single event is shown.

    Returns
    -------
    DataFrame
        One row a place: ``place``, ``area``, ``place_type``, for each kind in `PLACE_KINDS` the
        twelve months' count, ``n`` (reported crimes in `period`), ``low`` and ``high`` (95 %
        interval of the twelve months' reported crimes, as a Poisson mean), ``share`` (of all
        located reported crimes). A place that is shown for one kind still carries its counts of
        the others: what shows them leaves out those below `smallest`. Sorted by reported crime,
        then unsafe places, events, physical defects and name.
    """
    year = located(in_period(events, period.year_to_end()))
    table = year.pivot_table(
        index="place", columns="kind", values="count", aggfunc="sum", fill_value=0
    ).reindex(columns=list(PLACE_KINDS), fill_value=0)
    now = located(in_period(events, period))
    now = now[now["kind"] == "reported_crime"].groupby("place")["count"].sum()
    described = year.drop_duplicates("place").set_index("place")[["area", "place_type"]]
    table = table.join(described).assign(n=now.reindex(table.index, fill_value=0))
    crimes = table["reported_crime"]
    intervals = [counts.poisson_interval(int(n)) for n in crimes]
    table["low"] = [interval.low for interval in intervals]
    table["high"] = [interval.high for interval in intervals]
    table["share"] = crimes / crimes.sum() if crimes.sum() else np.nan
    table = table[(table[list(PLACE_KINDS)] >= smallest).any(axis=1)].reset_index()
    order = ["reported_crime", "unsafe_place", "event", "physical_defect", "place"]
    return table.sort_values(order, ascending=[False] * 4 + [True], ignore_index=True)


def reported_at(events: pd.DataFrame, kind: str, period: Period, *, smallest: int) -> pd.DataFrame:
    """Count one kind of record by place: ``place``, ``n``, most first, none below `smallest`."""
    own = located(in_period(events[events["kind"] == kind], period))
    table = own.groupby("place")["count"].sum().rename("n").reset_index()
    table = table[table["n"] >= smallest]
    return table.sort_values(["n", "place"], ascending=[False, True], ignore_index=True)


def recent_places(
    events: pd.DataFrame, period: Period, *, smallest: int, missing: Collection[str] = ()
) -> pd.DataFrame:
    """
    List the public places of a short period: new ones, and those that come back.

    Parameters
    ----------
    events
        Accepted events of all periods.
    period
        Now; a fortnight.
    smallest
        Places where no kind of record reaches this count in the period are left out.
    missing
        Kinds of which a file could not be read.

    Returns
    -------
    DataFrame
        ``place``, ``area``, ``kind``, ``n`` (now), ``before`` (the twelve months before the
        period), ``usual`` (what a period of this length had on average then), ``state`` (``new``
        where `before` is zero, else ``again``; ``unsure`` and no ``usual`` for a kind in
        `missing`). Most now first.
    """
    year = Period(period.start, period.start, "interval").year_to_end()
    before = located(in_period(events, year))
    now = located(in_period(events, period))
    now = now[now["kind"].isin(PLACE_KINDS)]
    keys = ["place", "kind"]
    table = now.groupby(keys).agg(n=("count", "sum"), area=("area", "first")).reset_index()
    table = table[table["n"] >= smallest]
    earlier = before.groupby(keys)["count"].sum().rename("before")
    table = table.join(earlier, on=keys).fillna({"before": 0}).astype({"before": int})
    table["usual"] = table["before"] * period.days / year.days
    table["state"] = (table["before"] == 0).map({True: "new", False: "again"})
    unsure = table["kind"].isin(list(missing))
    table["usual"] = table["usual"].mask(unsure)
    table["state"] = table["state"].mask(unsure, "unsure")
    columns = ["place", "area", "kind", "n", "before", "usual", "state"]
    return table.sort_values(["n", "place", "kind"], ascending=[False, True, True])[
        columns
    ].reset_index(drop=True)


def cells(events: pd.DataFrame, municipality: Municipality) -> gpd.GeoDataFrame:
    """
    Count each kind of record in square cells.

    Parameters
    ----------
    events
        Accepted events of the months wanted.
    municipality
        Gives the cell's side and the CRS.

    Returns
    -------
    GeoDataFrame
        One row a cell with any event of those kinds: ``cell`` (its south-west corner as a name),
        one column a kind in `PLACE_KINDS`, the square as geometry, CRS the municipality's
        (metres). Cells are aligned to multiples of the side, so they stay the same from quarter
        to quarter.
    """
    side = municipality.thresholds.cell_m
    here = located(events, IN_CELLS)
    here = here[here["kind"].isin(PLACE_KINDS)]
    east = np.floor(here["x"] / side).astype("int64").rename("east")
    north = np.floor(here["y"] / side).astype("int64").rename("north")
    table = (
        here.groupby([east, north, "kind"])["count"]
        .sum()
        .unstack(fill_value=0)
        .reindex(columns=list(PLACE_KINDS), fill_value=0)
    )
    west, south = (table.index.get_level_values(axis).to_numpy() * side for axis in (0, 1))
    squares = shapely.box(west, south, west + side, south + side)
    names = [f"Ruta {w:.0f}/{s:.0f}" for w, s in zip(west, south, strict=True)]
    return gpd.GeoDataFrame(
        table.reset_index(drop=True).rename_axis(columns=None).assign(cell=names),
        geometry=squares,
        crs=municipality.crs,
    )


def smallest_cluster(total: int, municipality: Municipality) -> int:
    """
    Return how many of `total` events must lie within the radius to make a place dense.

    2 % of them, but never fewer than ``thresholds.cluster_minimum`` nor more than `ENOUGH`: in a
    city no single block holds 2 %.
    """
    return max(municipality.thresholds.cluster_minimum, min(round(0.02 * total), ENOUGH))


def clusters(events: pd.DataFrame, municipality: Municipality) -> gpd.GeoDataFrame:
    """
    Find density-based clusters of events and outline them.

    Parameters
    ----------
    events
        Accepted events of one kind of record; twelve months serve a small municipality.
    municipality
        Its thresholds give the radius (metres), the smallest cluster, the smallest number of
        located events for which clusters are sought at all, the method (``cluster_method``) and
        what an event weighs (``cluster_by``: one, or its severity of 1-3, one where unknown).

    Returns
    -------
    GeoDataFrame
        One row a cluster, largest first: ``n``, ``share`` (of the located events), ``name`` (the
        public place most common in it), ``groups`` (its commonest groups), ``places`` (how many
        different coordinates); the outline as geometry, CRS the municipality's. Empty below the
        gate. A cluster describes; it claims nothing against chance.

    Notes
    -----
    Ester et al. (1996), KDD-96, with identical coordinates weighted by their number of events;
    the outline follows Wheeler & Reuter (2021): the union of buffers around the core points.
    HDBSCAN (Campello et al. 2013) has no radius, and its implementations differ on ties: it is for
    a look at other scales, never for comparing quarters.
    """
    thresholds = municipality.thresholds
    here = located(events)
    total = int(here["count"].sum())
    columns = ["n", "share", "name", "groups", "places"]
    if total < thresholds.minimum_clusters:
        return gpd.GeoDataFrame(columns=columns, geometry=[], crs=municipality.crs)
    severity = here["severity"].fillna(1) if thresholds.cluster_by == "severity" else 1
    spots = (here["count"] * severity).groupby([here["x"], here["y"]]).sum()
    at = spots.index.to_frame().to_numpy(float)
    labels, core = _dense(at, spots.to_numpy(), municipality)
    label_of = pd.Series(labels, index=spots.index)
    label = label_of.loc[pd.MultiIndex.from_frame(here[["x", "y"]])].to_numpy()

    rows, outlines = [], []
    for cluster in range(labels.max() + 1):
        members = here[label == cluster]
        n = int(members["count"].sum())
        by_group = members.groupby("group")["count"].sum().sort_index()
        rows.append(
            {
                "n": n,
                "share": n / total,
                "name": _commonest(members.groupby("place")["count"].sum()),
                "groups": list(by_group.sort_values(ascending=False, kind="stable").index[:3]),
                "places": int((labels == cluster).sum()),
            }
        )
        cores = shapely.points(at[(labels == cluster) & core])
        outline = shapely.union_all(shapely.buffer(cores, thresholds.cluster_radius_m / 2))
        outlines.append(outline.simplify(thresholds.cluster_radius_m / 20))
    found = gpd.GeoDataFrame(rows, columns=columns, geometry=outlines, crs=municipality.crs)
    return found.sort_values(["n", "name"], ascending=[False, True], ignore_index=True)


def _dense(
    at: NDArray[np.float64], weight: NDArray[np.float64], municipality: Municipality
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return each spot's cluster, -1 for none, and whether it is one of the cluster's core."""
    thresholds = municipality.thresholds
    smallest = smallest_cluster(int(weight.sum()), municipality)
    if thresholds.cluster_method == "hdbscan":
        from sklearn.cluster import HDBSCAN

        times = np.maximum(1, np.rint(weight)).astype(np.int64)
        model = HDBSCAN(min_cluster_size=max(2, smallest), copy=True)
        labels = model.fit_predict(np.repeat(at, times, axis=0))
        own = labels[np.cumsum(times) - 1]  # those who share a spot share its cluster
        return own, own >= 0
    from sklearn.cluster import DBSCAN

    dbscan = DBSCAN(eps=thresholds.cluster_radius_m, min_samples=smallest)
    labels = dbscan.fit_predict(at, sample_weight=weight)
    core = np.zeros(len(at), dtype=bool)
    core[dbscan.core_sample_indices_] = True
    return labels, core


def _commonest(tally: pd.Series) -> str:
    return str(tally.sort_index().sort_values(ascending=False, kind="stable").index[0])
