"""What falls in which of many equal square cells, and which cells could hold anything at all."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from est_analysis.errors import SettingsError

Counts = NDArray[np.int64]
Values = NDArray[np.float64]
Mask = NDArray[np.bool_]

MOST_CELLS = 4_000_000
"""A frame of more cells than this is refused, or a sign that a coordinate lies far astray."""
ASTRAY = 0.01
"""So large a share of the events, and always one, may be left outside a frame drawn around them."""

_AT_ONCE = 1 << 14


@dataclass(frozen=True, eq=False)
class Grid:
    """
    A frame of square cells whose corners are multiples of their side.

    Parameters
    ----------
    side
        The cells' side, metres.
    east, north
        The south-west cell's number: its corner divided by `side`. Cells keep their numbers, and
        so their places, from period to period.
    inside
        Shape (rows, columns), row 0 furthest south: the cells that could hold an event. A zero
        there is a place where nothing happened; elsewhere it says nothing.
    """

    side: float
    east: int
    north: int
    inside: Mask

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.inside.shape[0], self.inside.shape[1]

    @property
    def cells(self) -> int:
        """How many cells could hold an event."""
        return int(self.inside.sum())

    def number(self, x: ArrayLike, y: ArrayLike) -> Counts:
        """
        Return each point's cell as row times columns plus column; -1 where it has none.

        Parameters
        ----------
        x, y
            Shape (n,), metres in the grid's CRS; a point on a border belongs to the cell to the
            north and east. NaN has no cell.
        """
        x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
        number = np.empty(len(x), dtype=np.int64)
        for first in range(0, len(x), _AT_ONCE):  # what fits a cache is several times quicker
            part = slice(first, first + _AT_ONCE)
            number[part] = self._number(x[part], y[part])
        return number

    def _number(self, x: Values, y: Values) -> Counts:
        rows, columns = self.shape
        column = np.floor(x / self.side) - self.east
        row = np.floor(y / self.side) - self.north
        within = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
        row *= columns
        row += column
        row[~within] = -1
        number = row.astype(np.int64)
        if not self._whole:
            number[~self.inside.ravel()[number]] = -1
        return number

    @cached_property
    def _whole(self) -> bool:
        return bool(self.inside.all())

    def tally(self, x: ArrayLike, y: ArrayLike, count: ArrayLike | None = None) -> Tally:
        """
        Count what falls in each cell.

        Parameters
        ----------
        x, y
            Shape (n,), metres.
        count
            Shape (n,), whole numbers: how many events each row stands for; None is one each.
        """
        rows, columns = self.shape
        where = self.number(x, y)
        where += 1  # those without a cell are counted first
        size = rows * columns + 1
        if count is None:
            table = np.bincount(where, minlength=size)
        else:  # sums of whole numbers are exact in floats this small
            each = np.asarray(count, dtype=np.int64)
            table = np.bincount(where, each, minlength=size).astype(np.int64)
        return Tally(table[1:].reshape(rows, columns), int(table[0]), self)

    def squares(self, cells: ArrayLike) -> NDArray[np.object_]:
        """Return the outlines of cells given by number, shape (n,), as shapely squares."""
        row, column = np.divmod(np.asarray(cells, dtype=np.int64), self.shape[1])
        west, south = (column + self.east) * self.side, (row + self.north) * self.side
        return np.asarray(shapely.box(west, south, west + self.side, south + self.side))


@dataclass(frozen=True, eq=False)
class Tally:
    """
    Counts in a grid's cells.

    Parameters
    ----------
    counts
        Shape (rows, columns).
    outside
        Events without coordinates or in no cell that could hold any; they are not in `counts`.
    grid
        The cells.
    """

    counts: Counts
    outside: int
    grid: Grid

    @property
    def n(self) -> int:
        """Events that were counted."""
        return int(self.counts.sum())

    @property
    def empty(self) -> int:
        """Cells that could hold an event and hold none."""
        return int(((self.counts == 0) & self.grid.inside).sum())


def within(shape: shapely.Geometry, side: float, *, most: int = MOST_CELLS) -> Grid:
    """
    Return the cells that a shape touches: a boundary, a built-up area, buffered streets.

    Parameters
    ----------
    shape
        Polygons in a CRS of metres, not empty.
    side
        The cells' side, metres.
    most
        The largest frame that is made.

    Raises
    ------
    SettingsError
        If the frame would have more than `most` cells.
    """
    west, south, east, north = shape.bounds
    first, low = int(np.floor(west / side)), int(np.floor(south / side))
    columns = int(np.ceil(east / side)) - first or 1
    rows = int(np.ceil(north / side)) - low or 1
    if rows * columns > most:
        raise _too_many(side)
    shapely.prepare(shape)
    south_edges = (np.arange(rows) + low) * side
    inside = np.zeros((rows, columns), dtype=bool)
    # a row of cells at a time, and only where that row meets the shape at all
    strips = shapely.box(first * side, south_edges, (first + columns) * side, south_edges + side)
    for row in np.flatnonzero(shapely.intersects(shape, strips)):
        left = (np.arange(columns) + first) * side
        squares = shapely.box(left, south_edges[row], left + side, south_edges[row] + side)
        inside[row] = shapely.intersects(shape, squares) & ~shapely.touches(shape, squares)
    return Grid(side, first, low, inside)


def around(
    x: ArrayLike, y: ArrayLike, side: float, *, margin: int = 1, most: int = MOST_CELLS
) -> Grid:
    """
    Return a frame around the events themselves, where no shape says where they could be.

    One stray coordinate must not make a gigantic frame. While the frame is too large, it is cut at
    its widest gap between occupied columns or rows and the part with fewer events left outside
    (`Tally.outside` counts them); never more than `ASTRAY` of the events, or one.

    Parameters
    ----------
    x, y
        Shape (n,), metres; NaN are passed over.
    side
        The cells' side, metres.
    margin
        Empty cells added on every side.
    most
        The largest frame that is made.

    Raises
    ------
    SettingsError
        If the events spread over more than `most` cells and no few of them are to blame.
    """
    spots = np.column_stack([np.asarray(x, dtype=float), np.asarray(y, dtype=float)])
    spots = spots[np.isfinite(spots).all(axis=1)]
    if len(spots) == 0:
        return Grid(side, 0, 0, np.zeros((1, 1), dtype=bool))
    cells = np.floor(spots / side)
    low, high = cells.min(axis=0), cells.max(axis=0)
    if np.prod(high - low + 1 + 2 * margin) > most:
        kept, n = np.unique(cells, axis=0, return_counts=True)
        fewest = n.sum() - max(1, ASTRAY * n.sum())
        while np.prod(np.ptp(kept, axis=0) + 1 + 2 * margin) > most:
            keep = _larger_part(kept, n)
            kept, n = kept[keep], n[keep]
            if n.sum() < fewest:
                raise _too_many(side)
        low, high = kept.min(axis=0), kept.max(axis=0)
    columns, rows = (high - low + 1 + 2 * margin).astype(int)
    east, north = (low - margin).astype(int)
    return Grid(side, int(east), int(north), np.ones((rows, columns), dtype=bool))


def _larger_part(cells: Values, n: Counts) -> Mask:
    """Cut at the widest gap of both axes; of equal parts the one to the south-west stays."""
    cuts = []
    for axis in (0, 1):
        lines = np.unique(cells[:, axis])
        if len(lines) > 1:
            gap = int(np.argmax(np.diff(lines)))
            cuts.append((lines[gap + 1] - lines[gap], axis, lines[gap]))
    _, axis, last = max(cuts, key=lambda cut: (cut[0], -cut[1]))
    lower = cells[:, axis] <= last
    return lower if n[lower].sum() * 2 >= n.sum() else ~lower


def _too_many(side: float) -> SettingsError:
    return SettingsError(
        f"Området är för stort för rutor om {side:g} m.",
        where="thresholds.cell_m",
        mend="Välj större rutor, eller ange kommunens gräns i reference.boundary.",
    )
