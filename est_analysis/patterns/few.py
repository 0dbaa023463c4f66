"""How few places hold half of it all, and whether the foremost were foremost the year before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from est_analysis.patterns.concentration import Concentration, SameTop, concentration, same_top
from est_analysis.patterns.ranked import Basis
from est_analysis.patterns.units import Units

TOP = 10
"""So many places are called foremost."""
DRAWS = 199
"""By lot: enough for a band that only describes."""
SEED = 2024


@dataclass(frozen=True)
class Few:
    """
    How concentrated twelve months are.

    Parameters
    ----------
    found
        Concentration over all places that could hold anything.
    same
        Whether the foremost stayed so; None where the year before is not covered.
    kind, sort
        What is counted, and by what.
    """

    found: Concentration
    same: SameTop | None
    kind: str
    sort: str


def few(found: Basis, units: Units | None) -> Few | None:
    """
    Measure how few places hold how much in twelve months.

    Parameters
    ----------
    found
        As `ranked.basis` gives it.
    units
        Stretches of street or cells, the empty ones included; chance falls on them by their size.

    Returns
    -------
    Few or None
        None where places cannot be counted.
    """
    if units is None or len(units.size) < 2:
        return None
    now = _counted(found.latest, units)
    measured = concentration(now, risk=units.size, replicates=DRAWS, seed=SEED)
    same = same_top(_counted(found.before, units), now, TOP) if found.covered else None
    return Few(measured, same, found.kind, units.sort)


def _counted(events: pd.DataFrame, units: Units) -> NDArray[np.int64]:
    number = units.number.reindex(events.index).to_numpy()
    inside = number >= 0
    return np.bincount(
        number[inside].astype(np.int64),
        events["count"].to_numpy()[inside],
        minlength=len(units.size),
    ).astype(np.int64)
