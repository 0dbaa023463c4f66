"""Where a map opens: on the densest part, which no stray event decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from est_analysis.reports.maps.ground import Bounds
from est_analysis.reports.maps.layers import Layer, led_by

if TYPE_CHECKING:
    from est_analysis.reports.results import Results

AROUND_M = 900.0
"""How far around the densest part a map opens, metres."""
FARTHEST_M = 4000.0
"""Never farther from the middle than this, however large the densest part is."""
HALF = 0.5
"""Without a dense area a map opens on so large a share of what the cells hold."""
_TRIED = 200


def opening(results: Results, layers: tuple[Layer, ...]) -> Bounds:
    """
    Return the bounds (west, south, east, north; metres) that a map opens on.

    Around the largest dense area; else around the cells that hold half of what was reported, seen
    from the cell with most about it; else around what the layers show; else the municipality.
    """
    if len(results.clusters):
        return _capped(results.clusters.geometry.iloc[0].bounds)
    if len(results.cells):
        return _around_most(results)
    shown = [part.shapes.geometry for layer in layers for part in layer.parts]
    bounds = [s.total_bounds for s in shown if s.notna().any()]
    if bounds:
        both = np.array(bounds)
        low, high = both[:, :2].min(axis=0), both[:, 2:].max(axis=0)
        return _capped((low[0], low[1], high[0], high[1]))
    extent = results.geography.extent()
    return extent if extent is not None else (0.0, 0.0, 2 * AROUND_M, 2 * AROUND_M)


def _capped(bounds: Bounds) -> Bounds:
    west, south, east, north = bounds
    x, y = (west + east) / 2, (south + north) / 2
    across = min((east - west) / 2 + AROUND_M, FARTHEST_M)
    along = min((north - south) / 2 + AROUND_M, FARTHEST_M)
    return (float(x - across), float(y - along), float(x + across), float(y + along))


def _around_most(results: Results) -> Bounds:
    """Return bounds around the cell with most about it, wide enough for half, never too wide."""
    kind = led_by(results)
    middles = shapely.get_coordinates(shapely.centroid(results.cells.geometry.to_numpy()))
    n = results.cells[kind].to_numpy(float)
    tried = np.argsort(-n, kind="stable")[:_TRIED]
    about = [n[np.abs(middles - middles[one]).max(axis=1) <= AROUND_M].sum() for one in tried]
    x, y = middles[tried[int(np.argmax(about))]]
    away = np.abs(middles - (x, y)).max(axis=1)
    order = np.argsort(away, kind="stable")
    held = np.cumsum(n[order])
    reach = away[order][np.searchsorted(held, HALF * held[-1])]
    near = middles[away <= min(reach, FARTHEST_M - AROUND_M)]
    low, high = near.min(axis=0), near.max(axis=0)
    return _capped((low[0], low[1], high[0], high[1]))
