"""The back-test of a report: every kind of map tried on the quarters that are covered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from est_analysis.patterns import backtest
from est_analysis.patterns.backtest import Against
from est_analysis.patterns.coverage import in_period
from est_analysis.patterns.hotspots import IN_CELLS, located
from est_analysis.patterns.ranked import Basis
from est_analysis.patterns.units import Units
from est_analysis.periods import Period, latest_quarter

FEWEST = 60
"""So many events a year, at least, make a map worth trying."""
MOST_QUARTERS = 16
ADVICE_AT = 0.02
"""Share of the area at which maps are held against simple counts; fixed beforehand."""
NAMES = {
    "counts": "antal på ett år",
    "latest": "antal i senaste kvartalet",
    "density": "täthet",
    "gi_star": "höga rutor bland höga (Gi*)",
}
"""The kinds of map, and what they are called."""
_FIT = 4
_COLUMNS = ["quarter", "map", "area", "cells", "n", "hits", "share", "pai", "pei"]


@dataclass(frozen=True)
class Tried:
    """
    How the kinds of map did.

    Parameters
    ----------
    table
        As `backtest.backtest` gives it; empty where there is too little.
    against
        By map: its share of hits less that of simple counts, at `ADVICE_AT`.
    quarters
        How many quarters were scored.
    kind
        What was counted.
    """

    table: pd.DataFrame
    against: dict[str, Against]
    quarters: int
    kind: str


def tried(found: Basis, period: Period, cells: Units | None) -> Tried:
    """
    Try every kind of map on the covered quarters up to the period's end.

    Parameters
    ----------
    found
        As `ranked.basis` gives it.
    period
        Now; the last whole quarter within it is the last that is scored.
    cells
        The cells that could hold anything.

    Returns
    -------
    Tried
        Each map is made from a year and scored on the quarter after it. Years of fewer than
        `FEWEST` events are left out.
    """
    own, first, kind = located(found.events, IN_CELLS), found.first, found.kind
    quarters: list[Period] = []
    quarter = latest_quarter(period.last)
    while first is not None and quarter.start >= first and len(quarters) < MOST_QUARTERS:
        quarters.insert(0, quarter)
        quarter = quarter.preceding()
    nothing = Tried(pd.DataFrame(columns=_COLUMNS), {}, 0, kind)
    if cells is None or cells.grid is None or len(quarters) <= _FIT:
        return nothing
    frame = cells.grid
    cube = np.stack(
        [
            frame.tally(inside["x"], inside["y"], inside["count"]).counts
            for inside in (in_period(own, one) for one in quarters)
        ]
    )
    years = np.convolve(cube.sum(axis=(1, 2)), np.ones(_FIT), "valid")[:-1]
    if not (years >= FEWEST).all():
        return nothing
    kinds = backtest.maps(frame, bandwidth=2 * frame.side)
    table = backtest.backtest(cube, frame, kinds, fit=_FIT)
    against = {
        name: backtest.against_simple(table, name, ADVICE_AT)
        for name in kinds
        if name != backtest.SIMPLE
    }
    return Tried(table, against, int(table["quarter"].nunique()), kind)
