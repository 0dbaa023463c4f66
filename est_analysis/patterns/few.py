"""How few places hold half of it all, and whether the foremost were foremost the year before."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from est_analysis.municipality import Municipality
from est_analysis.patterns.change import known_then
from est_analysis.patterns.concentration import Concentration, SameTop, concentration, same_top
from est_analysis.patterns.coverage import in_period
from est_analysis.patterns.ranked import covered_before, leading_kind, year_before
from est_analysis.patterns.units import Units
from est_analysis.periods import Period

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


def few(
    events: pd.DataFrame,
    period: Period,
    municipality: Municipality,
    units: Units | None,
    *,
    missing: Collection[str] = (),
) -> Few | None:
    """
    Measure how few places hold how much in twelve months.

    Parameters
    ----------
    events
        Accepted events of all periods and kinds.
    period
        The twelve months end where it ends.
    municipality
        What its sources cover.
    units
        Stretches of street or cells, the empty ones included; chance falls on them by their size.
    missing
        Kinds of which a file could not be read.

    Returns
    -------
    Few or None
        None where places cannot be counted.
    """
    if units is None or len(units.size) < 2:
        return None
    kind, year = leading_kind(events, period), period.year_to_end()
    own = events[events["kind"] == kind]
    now = _counted(in_period(own, year), units)
    found = concentration(now, risk=units.size, replicates=DRAWS, seed=SEED)
    same = None
    if covered_before(events, kind, period, municipality, missing):
        earlier = year_before(year)
        before = _counted(in_period(known_then(own, earlier, year), earlier), units)
        same = same_top(before, now, TOP)
    return Few(found, same, kind, units.sort)


def _counted(events: pd.DataFrame, units: Units) -> NDArray[np.int64]:
    number = units.number.reindex(events.index).to_numpy()
    inside = number >= 0
    return np.bincount(
        number[inside].astype(np.int64),
        events["count"].to_numpy()[inside],
        minlength=len(units.size),
    ).astype(np.int64)
