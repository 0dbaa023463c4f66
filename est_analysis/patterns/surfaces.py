"""How dense crime lay these twelve months and the twelve before, in the same classes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from est_analysis.errors import SettingsError
from est_analysis.municipality import Municipality
from est_analysis.patterns.coverage import first_covered, in_period
from est_analysis.patterns.hotspots import located
from est_analysis.periods import Period

if TYPE_CHECKING:
    from est_analysis.patterns.grid import Grid

KIND = "reported_crime"
BANDWIDTH_M = 250.0
"""Radius of the kernel, metres; nothing farther away counts."""
SIDES_M = (50.0, 100.0)
"""Sides of the cells that are tried: the larger one where the smaller makes too large a frame."""
MOST_CELLS = 1_000_000
CLASSES = 5
_ROUND = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)


@dataclass(frozen=True, eq=False)
class Surfaces:
    """
    Two surfaces drawn with one set of classes; they show, and claim nothing.

    Parameters
    ----------
    limits
        Class limits, events per square kilometre in twelve months: shape (classes + 1,), from
        zero in equal round steps; empty where nothing is shown.
    latest, before
        Shape (rows, columns), row 0 furthest south: events per square kilometre about the middle
        of each cell, zero where too few lie near to be shown, NaN outside; None where not shown.
    west, south, side
        The frame's south-west corner and its cells' side, metres.
    peak
        Where it is densest these twelve months (x, y, metres), and how dense; None where nothing
        is shown.
    why_not
        Why nothing is shown: ``few`` or ``wide`` (too large a frame); empty otherwise.
    why_not_before
        Why the year before is not shown: ``years`` (not covered) or ``few``; empty otherwise.
    """

    limits: NDArray[np.float64]
    latest: NDArray[np.float64] | None = None
    before: NDArray[np.float64] | None = None
    west: float = 0.0
    south: float = 0.0
    side: float = SIDES_M[0]
    peak: tuple[float, float, float] | None = None
    why_not: str = ""
    why_not_before: str = ""


def surfaces(
    events: pd.DataFrame,
    period: Period,
    municipality: Municipality,
    boundary: shapely.Geometry | None,
) -> Surfaces:
    """
    Lay one kernel over the located crimes of two times twelve months.

    Parameters
    ----------
    events
        Accepted events of all periods, each counted once.
    period
        The twelve months up to its end are shown, and the twelve before.
    municipality
        Gives the CRS, what sources cover, and how few events may be shown.
    boundary
        In the municipality's CRS; what lies outside is allowed for at the edge. None: no edge.

    Returns
    -------
    Surfaces
        A place is coloured only where as many events as may be shown lie within the bandwidth, so
        that no surface draws a single event.
    """
    from est_analysis.patterns import density, grid

    own = located(events[events["kind"] == KIND])
    year = period.year_to_end()
    earlier = Period(year.years_earlier(1).start, year.start, "interval")
    now, before = in_period(own, year), in_period(own, earlier)
    first = first_covered(events, KIND, municipality, by_place=True)
    why_not_before = "few" if before["count"].sum() < density.FEWEST else ""
    if first is None or first > earlier.start:
        why_not_before = "years"
    if now["count"].sum() < density.FEWEST:
        return Surfaces(np.empty(0), why_not="few", why_not_before="few")
    shown = [now] if why_not_before else [now, before]
    every = pd.concat(shown)
    frame = None
    for side in SIDES_M:
        margin = int(np.ceil(BANDWIDTH_M / side)) + 1
        try:
            frame = grid.around(every["x"], every["y"], side, margin=margin, most=MOST_CELLS)
            break
        except SettingsError:
            continue
    if frame is None:
        return Surfaces(np.empty(0), why_not="wide", why_not_before="wide")
    frame = replace(frame, inside=town(frame, boundary, every))
    kernel = density.kernel(frame, BANDWIDTH_M)
    tables = [frame.tally(own["x"], own["y"], own["count"]).counts for own in shown]
    found = [kernel.density(table) for table in tables]
    step = round_up(float(density.breaks(*found, classes=CLASSES)[1]))
    limits = np.linspace(0.0, CLASSES * step, CLASSES + 1)
    smallest = municipality.disclosure.smallest_place_count
    drawn = [
        np.where(lying_near(table, BANDWIDTH_M / frame.side) >= smallest, surface, 0.0)
        for table, surface in zip(tables, found, strict=True)
    ]
    top = int(np.nanargmax(drawn[0]))
    row, column = divmod(top, frame.shape[1])
    peak = (
        (column + frame.east + 0.5) * frame.side,
        (row + frame.north + 0.5) * frame.side,
        float(drawn[0].flat[top]),
    )
    return Surfaces(
        limits,
        drawn[0],
        None if why_not_before else drawn[1],
        frame.east * frame.side,
        frame.north * frame.side,
        frame.side,
        peak,
        "",
        why_not_before,
    )


def town(frame: Grid, boundary: shapely.Geometry | None, events: pd.DataFrame) -> NDArray[np.bool_]:
    """Return the cells with their middle inside the boundary, and those that hold an event."""
    if boundary is None:
        return frame.inside
    rows, columns = frame.shape
    x = (np.arange(columns) + frame.east + 0.5) * frame.side
    y = (np.arange(rows) + frame.north + 0.5) * frame.side
    shapely.prepare(boundary)
    inside = shapely.contains_xy(boundary, *np.meshgrid(x, y))
    held = frame.tally(events["x"], events["y"]).counts > 0
    return np.asarray(inside | held)


def lying_near(table: NDArray[np.int64], reach: float) -> NDArray[np.int64]:
    """Count the events within a number of cells of every cell's middle."""
    from scipy import ndimage

    steps = np.arange(-int(reach), int(reach) + 1)
    disc = (steps[:, None] ** 2 + steps**2 < reach**2).astype(np.int64)
    occupied = np.argwhere(table > 0)
    if len(occupied) * disc.sum() > table.size:
        return np.asarray(ndimage.convolve(table, disc, mode="constant"))
    out = np.zeros(np.add(table.shape, 2 * int(reach)), dtype=np.int64)
    for row, column in occupied:
        out[row : row + len(disc), column : column + len(disc)] += disc * table[row, column]
    edge = int(reach)
    return out[edge : edge + table.shape[0], edge : edge + table.shape[1]]


def round_up(step: float) -> float:
    """Return the nearest round number not below."""
    if step <= 0:
        return 1.0
    scale = 10.0 ** np.floor(np.log10(step))
    return float(next(r for r in _ROUND if r * scale >= step * (1 - 1e-9)) * scale)
