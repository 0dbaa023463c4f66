"""Crime beside unsafety, place by place: two counts, two ranks and a class, never a sum."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from est_analysis import counts
from est_analysis.patterns.coverage import in_period
from est_analysis.patterns.hotspots import located
from est_analysis.periods import Period

CRIME, FEAR = "reported_crime", "unsafe_place"
FEWEST = 5
"""Below so many of a kind a place is never called high in it."""
WORDS = {
    "both": "både och",
    "fear": "otrygghet ensam",
    "crime": "brott ensamt",
    "unclear": "oklart",
    "neither": "ingetdera",
    "too_few": "för få",
}
"""The classes, and what they are called."""


def beside(
    events: pd.DataFrame, period: Period, *, by: str, smallest: int, level: float = 0.95
) -> pd.DataFrame:
    """
    Set reported crimes beside reports of unsafe places, twelve months.

    Parameters
    ----------
    events
        Accepted events of all periods.
    period
        The twelve months end where it ends.
    by
        ``place`` (located events only) or ``area``.
    smallest
        Places where neither count reaches it are left out; a count below it is NaN.
    level
        Of the intervals that the classes rest on.

    Returns
    -------
    DataFrame
        ``name``, ``crime``, ``fear`` (counts; NaN below `smallest`, but for zero), ``crime_rank``,
        ``fear_rank`` (1 is most, ties share the better rank; NaN as the count), ``state`` (of
        `WORDS`). Those high in either first, then by fear and crime.

    Notes
    -----
    High is at least `FEWEST`, and more than a place's mean even at the lower end of its interval
    (Garwood); the mean is over all places that hold either kind. Both: high in both. One alone:
    high in it, and its part of all of its kind larger than the place's part of the other kind,
    exactly (binomial); if that cannot be told, it is unclear. Under `FEWEST` of both there are too
    few to tell: most places are, and it does not mean that they are safe. A sorting of places one
    by one, not corrected for their number.
    """
    own = in_period(events, period.year_to_end())
    own = own[own["kind"].isin([CRIME, FEAR])]
    own = located(own) if by == "place" else own[own["area"] != ""]
    table = own.pivot_table(index=by, columns="kind", values="count", aggfunc="sum", fill_value=0)
    table = table.reindex(columns=[CRIME, FEAR], fill_value=0).astype(int)
    totals = table.sum()
    states = [
        _state(int(crime), int(fear), totals, len(table), level)
        for crime, fear in zip(table[CRIME], table[FEAR], strict=True)
    ]
    ranks = table.rank(ascending=False, method="min")
    shown = table.where((table == 0) | (table >= smallest)).astype(float)
    seen = shown.notna() & (table > 0)
    found = pd.DataFrame(
        {
            "name": table.index.to_numpy(object),
            "crime": shown[CRIME].to_numpy(),
            "fear": shown[FEAR].to_numpy(),
            "crime_rank": ranks[CRIME].where(seen[CRIME]).to_numpy(),
            "fear_rank": ranks[FEAR].where(seen[FEAR]).to_numpy(),
            "state": np.array(states, dtype=object),
        }
    )
    found = found[(table >= smallest).any(axis=1).to_numpy()]
    plain = found["state"].isin(["neither", "too_few"])
    order = np.lexsort((found["name"], -found["crime"].fillna(0), -found["fear"].fillna(0), plain))
    return found.iloc[order].reset_index(drop=True)


def _state(crime: int, fear: int, totals: pd.Series, places: int, level: float) -> str:
    high_crime = _is_high(crime, int(totals[CRIME]) / places, level)
    high_fear = _is_high(fear, int(totals[FEAR]) / places, level)
    if high_crime and high_fear:
        return "both"
    if not (high_crime or high_fear):
        return "too_few" if max(crime, fear) < FEWEST else "neither"
    if not totals.all():
        return "unclear"
    parts = counts.compare_rates(
        fear, int(totals[FEAR]), crime, int(totals[CRIME]), level=level
    ).interval
    if high_fear and parts.low > 1:
        return "fear"
    if high_crime and not math.isinf(parts.high) and parts.high < 1:
        return "crime"
    return "unclear"


def _is_high(n: int, mean: float, level: float) -> bool:
    return n >= FEWEST and counts.poisson_interval(n, level=level).low > mean
