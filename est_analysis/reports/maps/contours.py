"""A surface's classes as outlines, drawn through its cells and not along their edges."""

from __future__ import annotations

from functools import reduce

import numpy as np
import shapely
from numpy.typing import NDArray

_SMOOTH_M = 5.0


def reaching(
    surface: NDArray[np.float64], limit: float, *, west: float, south: float, side: float
) -> shapely.Geometry:
    """
    Return all that reaches a limit, as polygons.

    Parameters
    ----------
    surface
        Shape (rows, columns), row 0 furthest south; NaN counts as nothing.
    limit
        Above zero.
    west, south
        The south-west corner, metres.
    side
        Of a cell, metres.

    Returns
    -------
    Geometry
        Empty where nothing reaches the limit.
    """
    from matplotlib.figure import Figure

    values = np.pad(np.nan_to_num(surface), 1)
    x = west + (np.arange(values.shape[1]) - 0.5) * side
    y = south + (np.arange(values.shape[0]) - 0.5) * side
    if values.max() <= limit:
        return shapely.Polygon()
    levels = [limit, float(values.max()) * 2]
    drawn = Figure().add_subplot().contourf(x, y, values, levels)
    rings = [
        shapely.make_valid(shapely.Polygon(ring))
        for path in drawn.get_paths()
        for ring in map(np.asarray, path.to_polygons())
        if len(ring) > 3
    ]
    whole = reduce(shapely.symmetric_difference, rings, shapely.Polygon())
    return shapely.simplify(whole, _SMOOTH_M)
