"""Where high counts lie close to high counts: Getis-Ord Gi*, a description and never a claim."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

Values = NDArray[np.float64]
Mask = NDArray[np.bool_]

QUEEN = 1.5
"""A radius, in sides of a cell, that takes in the eight cells around."""
FEWEST_EVENTS, FEWEST_CELLS = 60, 30
"""From so many events, in so many cells that are not empty, a map of Gi* is worth drawing."""


@dataclass(frozen=True, eq=False)
class Local:
    """
    A local statistic in every cell or place.

    Parameters
    ----------
    z
        Standardised: about 2 and more lies high among its neighbours. NaN outside.
    p
        Two-sided, from the normal distribution; wants many neighbours to be near the truth.
    q
        `p` after Benjamini & Hochberg over all cells: what share of those shown would be chance
        if crime fell on every cell alike. It never does, so this describes and claims nothing.
    gate
        Whether there are `FEWEST_EVENTS` in `FEWEST_CELLS`.
    """

    z: Values
    p: Values
    q: Values
    gate: bool


def gi_star(
    counts: ArrayLike, *, inside: ArrayLike | None = None, radius: float = QUEEN, star: bool = True
) -> Local:
    """
    Getis-Ord Gi* on a grid, with binary weights: every cell within the radius counts alike.

    Parameters
    ----------
    counts
        Shape (rows, columns).
    inside
        Same shape: the cells that could hold anything; mean and deviation are over them alone,
        and empty hinterland does not make a town significant. None is all.
    radius
        In sides of a cell, between middles: 1 is the four nearest, `QUEEN` the eight around.
    star
        Whether a cell is its own neighbour (Gi*), or not (Gi).

    Returns
    -------
    Local
        Same shape.

    Notes
    -----
    Getis & Ord (1992), Geographical Analysis 24:189-206; Ord & Getis (1995), 27:286-306. Sums come
    from running totals along the rows, so that cost follows cells and not neighbours.
    """
    table = np.asarray(counts)
    mask = np.ones(table.shape, bool) if inside is None else np.asarray(inside, dtype=bool)
    values = np.where(mask, table, 0)
    sums, near = _disc(values, radius), _disc(mask.astype(np.int64), radius)
    flat = _standardised(values[mask], sums[mask], near[mask], star=star)
    return _local(flat, mask, values)


def gi_star_of_places(
    x: ArrayLike, y: ArrayLike, values: ArrayLike, *, radius: float, star: bool = True
) -> Local:
    """
    Getis-Ord Gi* of places wherever they lie.

    Parameters
    ----------
    x, y
        Shape (n,), metres.
    values
        Shape (n,), the places' counts.
    radius
        Metres; places at this distance are neighbours.
    star
        Whether a place is its own neighbour.

    Returns
    -------
    Local
        Shape (n,).
    """
    at = np.column_stack([np.asarray(x, dtype=float), np.asarray(y, dtype=float)])
    own = np.asarray(values)
    if len(own) == 0:
        return _local(np.empty(0), np.ones(0, dtype=bool), own)
    tree = scipy.spatial.cKDTree(at)
    pairs = tree.query_pairs(radius, output_type="ndarray")
    ends = np.concatenate([pairs, pairs[:, ::-1]])
    sums = np.bincount(ends[:, 0], own[ends[:, 1]], minlength=len(own)) + own
    near = np.bincount(ends[:, 0], minlength=len(own)) + 1
    return _local(_standardised(own, sums, near, star=star), np.ones(len(own), bool), own)


def _standardised(values: NDArray, sums: NDArray, near: NDArray, *, star: bool) -> Values:
    """Return z from each cell's sum over itself and its neighbours, and how many those are."""
    n = len(values)
    total, squares = values.sum(), (values * values).sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        if star:
            mean = total / n
            spread = np.sqrt(max(0.0, squares / n - mean**2))
            z = (sums - mean * near) / (spread * np.sqrt((n * near - near**2) / (n - 1)))
        else:
            mean = (total - values) / (n - 1)
            spread = np.sqrt(np.maximum(0.0, (squares - values**2) / (n - 1) - mean**2))
            others = near - 1
            scale = np.sqrt(((n - 1) * others - others**2) / (n - 2))
            z = (sums - values - mean * others) / (spread * scale)
    return np.where(np.isfinite(z), z, 0.0)


def _local(z: Values, mask: Mask, values: NDArray) -> Local:
    p = 2 * scipy.special.ndtr(-np.abs(z))
    q = scipy.stats.false_discovery_control(p) if len(p) else p
    full: dict[str, Values] = {}
    for name, flat in {"z": z, "p": p, "q": q}.items():
        full[name] = np.full(mask.shape, np.nan)
        full[name][mask] = flat
    gate = bool(values.sum() >= FEWEST_EVENTS and (values > 0).sum() >= FEWEST_CELLS)
    return Local(**full, gate=gate)


def _disc(table: NDArray, radius: float) -> NDArray:
    """Sum over every cell whose middle lies within the radius."""
    rows, columns = table.shape
    reach = int(radius)
    halves = {dy: int(np.sqrt(radius**2 - dy**2)) for dy in range(reach + 1)}
    running = np.zeros((rows, columns + 1), dtype=table.dtype)
    np.cumsum(table, axis=1, out=running[:, 1:])
    out = np.zeros_like(table)
    strips = {}
    for half in set(halves.values()):
        right = np.minimum(np.arange(columns) + half + 1, columns)
        left = np.maximum(np.arange(columns) - half, 0)
        strips[half] = running[:, right] - running[:, left]
    for dy in range(-reach, reach + 1):
        strip = strips[halves[abs(dy)]]
        if abs(dy) < rows:
            out[max(0, -dy) : rows - max(0, dy)] += strip[max(0, dy) : rows - max(0, -dy)]
    return out
