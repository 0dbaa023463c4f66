"""Whether this year's events lie otherwise over the areas than those of the year before."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import pandas as pd

from est_analysis.municipality import Municipality
from est_analysis.patterns.change import known_then
from est_analysis.patterns.coverage import first_covered, in_period, silent_since
from est_analysis.patterns.ranked import year_before
from est_analysis.patterns.shifts import shift
from est_analysis.periods import Period

FEWEST = 30
"""So many events in each year, at least, are worth laying side by side."""


@dataclass(frozen=True)
class Moved:
    """
    Shares of the areas in two years.

    Parameters
    ----------
    table
        One row an area: ``area``, ``before``, ``now`` (events), ``share_before``, ``share_now``,
        ``q`` (Benjamini-Hochberg over the areas); empty where there is too little.
    kind
        What is counted.
    why_not
        ``years``, ``few`` or ``areas`` where nothing is compared.
    """

    table: pd.DataFrame
    kind: str
    why_not: str = ""


def moved(
    events: pd.DataFrame,
    period: Period,
    municipality: Municipality,
    *,
    kind: str = "reported_crime",
    missing: Collection[str] = (),
) -> Moved:
    """
    Lay twelve months beside the twelve months before, area by area.

    Parameters
    ----------
    events
        Accepted events of all periods.
    period
        The twelve months end where it ends.
    municipality
        What its sources cover, and what may be shown.
    kind
        What is counted.
    missing
        Kinds of which a file could not be read.

    Returns
    -------
    Moved
        Shares of all that is known to an area; a rise of the whole is no move.
    """
    own = events[(events["kind"] == kind) & (events["area"] != "")]
    year = period.year_to_end()
    earlier = year_before(year)
    first = first_covered(events, kind, municipality)
    columns = ["area", "before", "now", "share_before", "share_now", "q"]
    nothing = pd.DataFrame(columns=columns)
    silent = silent_since(events, kind, period, municipality)
    if first is None or first > earlier.start or kind in missing or silent is not None:
        return Moved(nothing, kind, "years")
    now = in_period(own, year).groupby("area")["count"].sum()
    before = in_period(known_then(own, earlier, year), earlier).groupby("area")["count"].sum()
    areas = now.index.union(before.index)
    if min(now.sum(), before.sum()) < FEWEST:
        return Moved(nothing, kind, "few")
    if len(areas) < 2:
        return Moved(nothing, kind, "areas")
    now, before = (part.reindex(areas, fill_value=0).astype(int) for part in (now, before))
    found = shift(before.to_numpy(), now.to_numpy())
    table = pd.DataFrame(
        {
            "area": areas.to_numpy(object),
            "before": before.to_numpy(),
            "now": now.to_numpy(),
            "share_before": found.share_base,
            "share_now": found.share_test,
            "q": found.q,
        }
    )
    order = (table["share_now"] - table["share_before"]).abs()
    index = table.assign(order=-order.round(12)).sort_values(["order", "area"]).index
    return Moved(table.loc[index].reset_index(drop=True), kind)
