"""How well each kind of hot-spot map of last year pointed to what the next quarter brought."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy
from numpy.typing import ArrayLike, NDArray

from est_analysis.patterns import density, local
from est_analysis.patterns.grid import Grid

Values = NDArray[np.float64]

AREAS = (0.005, 0.01, 0.02, 0.05)
"""Shares of the area at which every map is scored; fixed, since the scores depend on it."""
FEWEST_QUARTERS = 8
"""From so many scored quarters, an interval that excludes zero is worth advice."""
SIMPLE = "counts"
"""The map that every other is held against: the cells that had most last year."""
Map = Callable[[NDArray], Values]


def scores(predicted: ArrayLike, observed: ArrayLike) -> pd.DataFrame:
    """
    Score a ranking of equal areas against what followed, at every number of areas.

    Parameters
    ----------
    predicted
        Shape (areas,), any scale; the highest is looked at first. Ties are broken against the map:
        of areas ranked alike, the one that turned out emptiest comes first.
    observed
        Shape (areas,), events that followed.

    Returns
    -------
    DataFrame
        One row for each number of areas: ``areas``, ``hits``, ``pai`` (share of events over share
        of area), ``pei`` (`pai` over the best that could be had with as many areas), ``rri``
        (predicted over observed: above 1 promised too much). NaN where there is nothing to divide.

    Notes
    -----
    Chainey, Tompson & Uhlig (2008), Security Journal 21:4-28; Hunt (2016); Levine (2008) for RRI.
    """
    score, seen = np.asarray(predicted, dtype=float), np.asarray(observed, dtype=float)
    order = np.lexsort((seen, -score))
    hits = np.cumsum(seen[order])
    best = np.cumsum(-np.sort(-seen))
    areas = np.arange(1, len(seen) + 1)
    total = seen.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        return pd.DataFrame(
            {
                "areas": areas,
                "hits": hits,
                "pai": (hits / total) / (areas / max(1, len(seen))),
                "pei": hits / best,
                "rri": np.where(hits > 0, np.cumsum(score[order]) / hits, np.nan),
            }
        )


def maps(grid: Grid, *, bandwidth: float) -> dict[str, Map]:
    """
    Return the kinds of map, each from the last four quarters' counts to a score per cell.

    Parameters
    ----------
    grid
        The cells.
    bandwidth
        Of the density, metres.

    Returns
    -------
    dict
        ``counts`` (four quarters), ``latest`` (the last quarter alone), ``density`` (kernel) and
        ``gi_star``; each takes shape (quarters, rows, columns).
    """
    kernel = density.kernel(grid, bandwidth)
    return {
        SIMPLE: lambda quarters: quarters.sum(axis=0).astype(float),
        "latest": lambda quarters: quarters[-1].astype(float),
        "density": lambda quarters: kernel.density(quarters.sum(axis=0)),
        "gi_star": lambda quarters: local.gi_star(quarters.sum(axis=0), inside=grid.inside).z,
    }


def backtest(
    quarters: ArrayLike,
    grid: Grid,
    kinds: Mapping[str, Map],
    *,
    areas: tuple[float, ...] = AREAS,
    fit: int = 4,
) -> pd.DataFrame:
    """
    Make every map from each year, and score it on the quarter that followed.

    Parameters
    ----------
    quarters
        Shape (quarters, rows, columns), counts, oldest first; without gaps.
    grid
        The cells; only those inside are ranked.
    kinds
        Maps by name, as `maps` gives them.
    areas
        Shares of the cells that are looked at; at least one cell.
    fit
        How many quarters a map is made from. What it is scored on is never among them.

    Returns
    -------
    DataFrame
        ``quarter`` (number of the scored one), ``map``, ``area``, ``cells``, ``n`` (events that
        followed), ``hits``, ``share``, ``pai``, ``pei``. Quarters without events are left out.
    """
    cube = np.asarray(quarters)
    inside = grid.inside
    rows = []
    for quarter in range(fit, len(cube)):
        seen = cube[quarter][inside]
        n = int(seen.sum())
        if n == 0:
            continue
        for name, make in kinds.items():
            table = scores(make(cube[quarter - fit : quarter])[inside], seen)
            for area in areas:
                cells = max(1, int(area * len(seen)))
                line = table.iloc[cells - 1]
                hits = int(line["hits"])
                rows.append(
                    (quarter, name, area, cells, n, hits, hits / n, line["pai"], line["pei"])
                )
    columns = ["quarter", "map", "area", "cells", "n", "hits", "share", "pai", "pei"]
    return pd.DataFrame(rows, columns=columns)


@dataclass(frozen=True)
class Against:
    """
    A map's share of hits less that of simple counts, quarter by quarter.

    Parameters
    ----------
    quarters
        How many pairs.
    mean, low, high
        Mean difference and its interval; NaN below two quarters.
    advice
        Whether there are `FEWEST_QUARTERS` and the interval excludes zero.
    """

    quarters: int
    mean: float
    low: float
    high: float
    advice: bool


def against_simple(table: pd.DataFrame, name: str, area: float, *, level: float = 0.95) -> Against:
    """
    Compare a map with simple counts over the quarters that both were scored on.

    Parameters
    ----------
    table
        As `backtest` gives it.
    name
        The map.
    area
        One of the shares of area in `table`.
    level
        Of the interval (Student's t over paired quarters). Maps of following quarters share three
        of four quarters, the events they are scored on none.

    Returns
    -------
    Against
    """
    here = table[table["area"] == area].pivot(index="quarter", columns="map", values="share")
    if name not in here or SIMPLE not in here:
        return Against(0, float("nan"), float("nan"), float("nan"), False)
    gain = (here[name] - here[SIMPLE]).dropna().to_numpy()
    n = len(gain)
    if n < 2:
        mean = float(gain.mean()) if n else float("nan")
        return Against(n, mean, float("nan"), float("nan"), False)
    mean, error = float(gain.mean()), float(gain.std(ddof=1) / np.sqrt(n))
    half = float(scipy.stats.t.ppf((1 + level) / 2, n - 1)) * error
    low, high = mean - half, mean + half
    return Against(n, mean, low, high, n >= FEWEST_QUARTERS and (low > 0 or high < 0))
