"""What places are counted by besides their names: stretches of street, and cells that have one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from est_analysis.gather.geography import NEAR_STREET_M, Geography, nearest
from est_analysis.gather.homes import STRETCH_M
from est_analysis.patterns import grid
from est_analysis.patterns.grid import Grid
from est_analysis.patterns.hotspots import IN_CELLS, located

Values = NDArray[np.float64]
Counts = NDArray[np.int64]

MOST_NAMES_ONLY = 0.2
"""Where a larger part of what has a place has only its street's name, whole streets are counted."""
HECTARE = 10_000.0


@dataclass(frozen=True, eq=False)
class Units:
    """
    Places of one sort, those where nothing happened included.

    Parameters
    ----------
    sort
        ``stretch`` (a street's stretch of about 100 m), ``street`` (a whole street) or ``cell``.
    number
        Each event's unit; -1 where it has none. Indexed as the events.
    size
        Shape (units,): hundreds of metres of street, or hectares inside the municipality.
    grid
        The cells; None for streets.
    lines
        The streets' lines and names, and for each unit its line and the middle of it on that line
        (metres); empty for cells.
    """

    sort: str
    number: pd.Series
    size: Values
    grid: Grid | None = None
    lines: tuple[NDArray[np.object_], NDArray[np.object_]] = field(
        default=(np.empty(0, dtype=object), np.empty(0, dtype=object)), repr=False
    )
    at: tuple[Counts, Values] = field(
        default=(np.empty(0, dtype=np.int64), np.empty(0)), repr=False
    )

    def names(self, units: Sequence[int]) -> list[str]:
        """Return what units are called: a street at the nearest other street, or a cell."""
        if self.grid is not None:
            return self._cells(self.grid, units)
        if self.sort == "street":
            return [str(self.lines[1][unit]) for unit in units]
        named = self._at_streets()
        return [named[unit] for unit in units]

    def _cells(self, frame: Grid, units: Sequence[int]) -> list[str]:
        flat = np.flatnonzero(frame.inside.ravel())[list(units)]
        row, column = np.divmod(flat, frame.shape[1])
        west, south = (column + frame.east) * frame.side, (row + frame.north) * frame.side
        return [f"Ruta {w:.0f}/{s:.0f}" for w, s in zip(west, south, strict=True)]

    def _at_streets(self) -> list[str]:
        """Name every stretch by its street and the nearest other one; number those alike."""
        lines, names = self.lines
        line, along = self.at
        middle = shapely.line_interpolate_point(lines[line], along)
        tree = shapely.STRtree(lines)
        own, near = tree.query(middle, predicate="dwithin", distance=2 * STRETCH_M)
        other = names[near] != names[line[own]]
        own, near = own[other], near[other]
        order = np.lexsort((near, np.round(shapely.distance(middle[own], lines[near]), 3), own))
        first, where = np.unique(own[order], return_index=True)
        label = [str(name) for name in names[line]]
        for unit, one in zip(first, near[order][where], strict=True):
            label[unit] += f" vid {names[one]}"
        table = pd.Series(label)
        again = table.groupby(table).cumcount()
        alike = table.duplicated(keep=False)
        return list(table.where(~alike, table + " (" + (again + 1).astype(str) + ")"))


def streets(
    events: pd.DataFrame, geography: Geography, judged: pd.DataFrame | None = None
) -> Units | None:
    """
    Put events on the streets.

    Parameters
    ----------
    events
        Accepted events.
    geography
        The municipality's; its streets are lines with names.
    judged
        The events that decide whether stretches can be told; None is all of them.

    Returns
    -------
    Units or None
        Stretches of about 100 m, as coordinates that may be a home's are moved to; an event
        belongs to the nearest within 60 m. Where more than a fifth of what has a place has only
        its street's name (`MOST_NAMES_ONLY`), whole streets. None without streets.
    """
    if geography.streets is None:
        return None
    own = geography.streets[geography.streets["name"] != ""]
    own = own[shapely.length(own.geometry.to_numpy()) > 0]
    if own.empty:
        return None
    lines, names = own.geometry.to_numpy(), own["name"].to_numpy(object)
    here = located(events)
    spots = here[["x", "y"]].drop_duplicates()
    at, line = nearest(shapely.points(spots.to_numpy(float)), lines, NEAR_STREET_M)
    judged = events if judged is None else judged
    only_named = ((judged["place_precision"] == "street") & judged["x"].isna()).sum()
    if only_named > MOST_NAMES_ONLY * (only_named + len(located(judged))):
        nameless = (events["place_precision"] == "street") & events["x"].isna()
        code, titles = pd.factorize(names, sort=True)
        size = np.bincount(code, shapely.length(lines)) / 100.0
        number = _spread(events, here, spots, at, code[line])
        of_name = pd.Series(range(len(titles)), index=titles)
        found = events.loc[nameless, "place"].map(of_name).fillna(-1).astype("int64")
        number[found.index] = found
        return Units("street", number, size, lines=(lines, np.asarray(titles, dtype=object)))
    length = shapely.length(lines)
    pieces = np.maximum(1, np.round(length / STRETCH_M)).astype(np.int64)
    stretch = length / pieces
    first = np.concatenate([[0], np.cumsum(pieces)[:-1]])
    along = shapely.line_locate_point(lines[line], shapely.points(spots.to_numpy(float)[at]))
    piece = np.minimum(np.floor(along / stretch[line]).astype(np.int64), pieces[line] - 1)
    of = np.repeat(np.arange(len(lines)), pieces)
    middle = (np.arange(len(of)) - first[of] + 0.5) * stretch[of]
    number = _spread(events, here, spots, at, first[line] + piece)
    return Units("stretch", number, stretch[of] / 100.0, lines=(lines, names), at=(of, middle))


def _spread(
    events: pd.DataFrame, here: pd.DataFrame, spots: pd.DataFrame, at: NDArray, unit: NDArray
) -> pd.Series:
    """Give every event the unit of its spot; -1 where the spot has none."""
    of_spot = np.full(len(spots), -1, dtype=np.int64)
    of_spot[at] = unit
    table = spots.assign(unit=of_spot)
    number = pd.Series(-1, index=events.index, dtype="int64")
    number[here.index] = here[["x", "y"]].merge(table, on=["x", "y"], how="left")["unit"].to_numpy()
    return number


def cells(events: pd.DataFrame, geography: Geography, side: float) -> Units | None:
    """
    Put events in the cells that could hold anything.

    Parameters
    ----------
    events
        Accepted events of all periods and kinds.
    geography
        The municipality's.
    side
        Of a cell, metres.

    Returns
    -------
    Units or None
        Cells inside the boundary that a street passes, or that hold a public place or any event
        ever; without streets all cells of the boundary, without either a frame around the events.
        A forest without a road is no empty place, and would make any town look concentrated.
        None where the cells are too many for a frame.
    """
    here = located(events, IN_CELLS)
    frame = _ground(here, geography, side)
    if frame is None or not frame.cells:
        return None
    unit_of = np.cumsum(frame.inside.ravel()) - 1
    flat = frame.number(here["x"].to_numpy(), here["y"].to_numpy())
    number = pd.Series(-1, index=events.index, dtype="int64")
    number[here.index] = np.where(flat >= 0, unit_of[flat], -1)
    return Units("cell", number, _hectares(frame, geography.boundary), frame)


def _ground(here: pd.DataFrame, geography: Geography, side: float) -> Grid | None:
    from est_analysis.errors import SettingsError

    try:
        if geography.streets is None or geography.streets.empty:
            if geography.boundary is None:
                return grid.around(here["x"], here["y"], side)
            return grid.within(geography.boundary, side)
        lines = geography.streets.geometry.to_numpy()
        spots = [shapely.get_coordinates(shapely.segmentize(lines, side / 8))]
        if geography.places is not None:
            spots.append(geography.places[["x", "y"]].to_numpy(float))
        road = np.concatenate(spots)
        if geography.boundary is not None:
            shapely.prepare(geography.boundary)
            road = road[shapely.intersects_xy(geography.boundary, road)]
        marked = np.concatenate([road, here[["x", "y"]].drop_duplicates().to_numpy(float)])
        frame = grid.around(marked[:, 0], marked[:, 1], side)
    except SettingsError:  # too many cells for a frame
        return None
    inside = np.zeros(frame.shape, dtype=bool).ravel()
    flat = frame.number(marked[:, 0], marked[:, 1])
    inside[flat[flat >= 0]] = True
    return Grid(frame.side, frame.east, frame.north, inside.reshape(frame.shape))


def _hectares(frame: Grid, boundary: shapely.Geometry | None) -> Values:
    """Return how much of each cell lies inside the municipality; never less than a hundredth."""
    whole = frame.side**2 / HECTARE
    squares = frame.squares(np.flatnonzero(frame.inside.ravel()))
    size = np.full(len(squares), whole)
    if boundary is not None:
        shapely.prepare(boundary)
        border = ~shapely.contains(boundary, squares)
        size[border] = shapely.area(shapely.intersection(boundary, squares[border])) / HECTARE
    return np.maximum(size, whole / 100)
