"""The coming fortnight: what is in the calendar, and what the same days brought the last time."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd

from est_analysis.municipality import Municipality
from est_analysis.patterns.coverage import first_covered
from est_analysis.patterns.year_wheel import marks
from est_analysis.periods import FORTNIGHT, Period

WEEKS_BESIDE = 4
"""So many weeks on either side of the former days tell what is usual."""
_FEWEST_USUAL = 5


def ahead(
    events: pd.DataFrame, period: Period, municipality: Municipality, calendar: pd.DataFrame
) -> pd.DataFrame:
    """
    Return the calendar of the fortnight after a period, with what each brought the last time.

    Parameters
    ----------
    events
        Accepted events of all periods, each counted once.
    period
        The fortnight after its last day is looked at.
    municipality
        Names the file of the calendar.
    calendar
        As the register gives it.

    Returns
    -------
    DataFrame
        ``first``, ``last``, ``kind``, ``name``, ``before`` (first day of the last time that the
        calendar had the same name), ``n`` (reported crimes of those days) and ``usual`` (as many
        days of the four weeks on either side, on average). The last three are missing where there
        was no such time, or too few crimes around it to say what is usual.
    """
    coming = Period(period.end, period.end + FORTNIGHT, "fortnight")
    listed = marks(events, coming, municipality, calendar)
    covered = first_covered(events, "reported_crime", municipality)
    crimes = events[events["kind"] == "reported_crime"]
    day, count = crimes["start"].dt.normalize(), crimes["count"]
    over = calendar[calendar["datum_till"] + pd.Timedelta(weeks=WEEKS_BESIDE) < str(period.end)]
    rows = []
    for name in listed["name"]:
        before = over[over["namn"] == name].sort_values("datum_fran").tail(1)
        rows.append(_brought(before, day, count, covered))
    told = pd.DataFrame(rows, columns=["before", "n", "usual"], index=listed.index)
    return listed.join(told.astype({"before": "datetime64[s]", "n": "Int64", "usual": "float64"}))


def _brought(
    before: pd.DataFrame, day: pd.Series, count: pd.Series, covered: date | None
) -> tuple[Any, Any, float]:
    nothing = (pd.NaT, pd.NA, float("nan"))
    beside = pd.Timedelta(weeks=WEEKS_BESIDE)
    if before.empty or covered is None:
        return nothing
    first, last = before["datum_fran"].iloc[0], before["datum_till"].iloc[0]
    within = day.between(first, last)
    around = int(count[day.between(first - beside, last + beside) & ~within].sum())
    if first - beside < pd.Timestamp(covered) or around < _FEWEST_USUAL:
        return nothing
    days = (last - first).days + 1
    return first, int(count[within].sum()), around * days / (2 * 7 * WEEKS_BESIDE)
