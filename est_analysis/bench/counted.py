"""What a set of choices counts: its events, its places, what lies around them, how dense it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.spatial import KDTree

from est_analysis.bench.choices import BANDWIDTHS_M, Choices, year_before
from est_analysis.errors import SettingsError
from est_analysis.municipality import Municipality
from est_analysis.patterns import density, grid
from est_analysis.patterns.coverage import in_period
from est_analysis.patterns.hotspots import located
from est_analysis.patterns.rhythms import Rhythm, aoristic
from est_analysis.patterns.surfaces import SIDES_M, town
from est_analysis.periods import Period

_MOST_CELLS = 1_000_000


@dataclass(frozen=True, eq=False)
class Counted:
    """
    What was counted for one set of choices.

    Parameters
    ----------
    choices
        Which.
    events
        Every event that the choices name, also those without a place.
    here
        Of `events`: those whose place is known.
    places
        One row a public place, most around it first: ``place``, ``area``, ``n`` (in the period),
        ``before`` (the same time a year earlier; NaN where it is not covered), ``near`` (events
        within the bandwidth), ``density`` (events per square kilometre about it, NaN where too few
        in all), ``x``, ``y`` (metres, the middle of its events).
    rhythm
        Hours by weekday of `events`.
    surface
        Events per square kilometre, shape (rows, columns), row 0 furthest south; None where too
        few, or too far apart, for a surface.
    grid
        The surface's cells; None with it.
    """

    choices: Choices
    events: pd.DataFrame
    here: pd.DataFrame
    places: pd.DataFrame
    rhythm: Rhythm
    surface: NDArray[np.float64] | None = None
    grid: grid.Grid | None = None

    @property
    def n(self) -> int:
        """How many events the choices name."""
        return int(self.events["count"].sum())

    @property
    def placed(self) -> int:
        """How many of them have a known place."""
        return int(self.here["count"].sum())

    @cached_property
    def tree(self) -> KDTree | None:
        """The events' coordinates, to look around in; None where there are none."""
        return KDTree(self.here[["x", "y"]].to_numpy(float)) if len(self.here) else None

    def around(self, x: float, y: float) -> pd.DataFrame:
        """Return the events within the bandwidth of a point, nearest first, with ``metres``."""
        if self.tree is None:
            return self.here.assign(metres=0.0)
        rows = self.here.iloc[sorted(self.tree.query_ball_point((x, y), self.choices.bandwidth))]
        away = np.hypot(rows["x"] - x, rows["y"] - y)
        return rows.assign(metres=away).sort_values(["metres", "start"], kind="stable")


class Frame:
    """
    One frame of cells for all choices of a municipality, so that densities can be compared.

    Parameters
    ----------
    events
        All located events that can be chosen among.
    boundary
        In the municipality's CRS; None: no edge.
    """

    def __init__(self, events: pd.DataFrame, boundary: shapely.Geometry | None) -> None:
        self.grid: grid.Grid | None = None
        for side in SIDES_M if len(events) else ():
            margin = int(np.ceil(BANDWIDTHS_M[1] / side)) + 1
            try:
                own = grid.around(events["x"], events["y"], side, margin=margin, most=_MOST_CELLS)
            except SettingsError:
                continue
            self.grid = replace(own, inside=town(own, boundary, events))
            break
        self._kernels: dict[int, density.Kernel] = {}

    def surface(self, here: pd.DataFrame, bandwidth: int) -> NDArray[np.float64] | None:
        """Return the density of located events; None where they are too few for a surface."""
        if self.grid is None or here["count"].sum() < density.FEWEST:
            return None
        if bandwidth not in self._kernels:
            self._kernels[bandwidth] = density.kernel(self.grid, max(bandwidth, self.grid.side))
        table = self.grid.tally(here["x"], here["y"], here["count"]).counts
        return self._kernels[bandwidth].density(table)


def chosen(events: pd.DataFrame, choices: Choices, period: Period | None = None) -> pd.DataFrame:
    """Return the events that the choices name, in their period or in another."""
    own = events["kind"] == choices.kind
    if choices.group:
        own &= events["group"] == choices.group
    if choices.area:
        own &= events["area"] == choices.area
    return in_period(events[own], period or choices.period)


def select(
    events: pd.DataFrame, choices: Choices, municipality: Municipality, first: date | None
) -> Counted:
    """
    Count what a set of choices names, as far as it does not hang on the bandwidth.

    Parameters
    ----------
    events
        As `slim` makes them.
    choices
        Which of them.
    municipality
        Gives the time zone, and how long an interval may be that tells of the hour.
    first
        The first day from which the kind is delivered with places; None where there is none.

    Returns
    -------
    Counted
        ``near`` is zero and ``density`` NaN: see `about`.
    """
    own = chosen(events, choices)
    here = located(own)
    rhythm = aoristic(
        own,
        longest_span_hours=municipality.thresholds.longest_span_hours,
        zone=municipality.time_zone,
    )
    earlier = year_before(choices.period)
    covered = first is not None and first <= earlier.start
    before = located(chosen(events, choices, earlier)) if covered else None
    table = _places(here, before).assign(near=0, density=np.nan)
    return Counted(choices, own, here, table, rhythm)


def about(selected: Counted, bandwidth: int, frame: Frame) -> Counted:
    """Return the same with what lies within the bandwidth of each place, and how dense it is."""
    here, table = selected.here, selected.places
    surface = frame.surface(here, bandwidth)
    at = table[["x", "y"]].to_numpy(float)
    near = np.zeros(len(table), dtype=np.int64)
    if selected.tree is not None and len(table):
        weight = here["count"].to_numpy()
        found = selected.tree.query_ball_point(at, bandwidth)
        near = np.array([weight[rows].sum() for rows in found], dtype=np.int64)
    dense = np.full(len(table), np.nan)
    if surface is not None and frame.grid is not None:
        where = frame.grid.number(at[:, 0], at[:, 1])
        dense[where >= 0] = surface.ravel()[where[where >= 0]]
    table = table.assign(near=near, density=dense)
    order = table.sort_values(["near", "n", "place"], ascending=[False, False, True])
    return replace(
        selected,
        choices=replace(selected.choices, bandwidth=bandwidth),
        places=order.reset_index(drop=True),
        surface=surface,
        grid=None if surface is None else frame.grid,
    )


def slim(events: pd.DataFrame) -> pd.DataFrame:
    """Return what counting needs of the events, light to pick from; rows keep their labels."""
    texts = ("source", "kind", "group", "area", "place", "place_precision", "time_precision")
    other = ["x", "y", "start", "end", "count"]
    light = events[[*texts, *other]]
    return light.astype(dict.fromkeys(texts, "category"))


def _places(here: pd.DataFrame, before: pd.DataFrame | None) -> pd.DataFrame:
    by = here.groupby("place", sort=True)
    table = by.agg(
        area=("area", "first"), n=("count", "sum"), x=("x", "median"), y=("y", "median")
    ).reset_index()
    table = table.astype({"place": str, "area": str})
    if before is None:
        return table.assign(before=np.nan)
    earlier = before.groupby("place")["count"].sum()
    return table.assign(before=table["place"].map(earlier).fillna(0).astype(float))
