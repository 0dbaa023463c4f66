"""The year wheel (årshjul): what the months usually bring, and what the calendar says is coming."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pandas as pd

from est_analysis.municipality import Municipality
from est_analysis.patterns.coverage import first_covered
from est_analysis.periods import Period

MONTHS = 12
MOST_GROUPS = 6
"""So many groups are shown, those with most events."""

_NEEDED = ["source", "file", "kind", "group", "start", "end", "time_precision", "count"]


@dataclass(frozen=True)
class YearWheel:
    """
    Twelve coming months, with what they brought on average.

    Parameters
    ----------
    months
        The coming months, the first one after the period first.
    means
        One row a month in that order; ``all`` and one column a group: events on average a year.
    n
        Events that it rests on.
    years
        Whole years that it rests on; 0 when less than one is covered.
    marks
        What the calendar holds in those months: ``first``, ``last`` (dates), ``kind``, ``name``
        (the kind where nothing else is known), in order of the first day.
    """

    months: list[Period]
    means: pd.DataFrame
    n: int
    years: int
    marks: pd.DataFrame


def year_wheel(
    events: pd.DataFrame,
    period: Period,
    municipality: Municipality,
    calendar: pd.DataFrame,
    *,
    kind: str = "reported_crime",
) -> YearWheel:
    """
    Return the year wheel of one kind of record.

    Parameters
    ----------
    events
        Accepted events of all periods, each counted once.
    period
        Now; the wheel begins with the first whole month after the last that is over.
    municipality
        Says how many years count.
    calendar
        The register's: ``namn``, ``slag``, ``datum_fran``, ``datum_till``. Upcoming events that
        are delivered from other files are added to it, under their group's name.
    kind
        Of record; kinds are never summed.

    Returns
    -------
    YearWheel
        Whole years only, so that each month is counted as often as the others. What is known to
        the month takes part; what is known to the year does not.
    """
    events = events[_NEEDED]
    months = [_month(period.end, ahead) for ahead in range(MONTHS)]
    end = months[0].start
    own = events[(events["kind"] == kind) & (events["time_precision"] != "unknown")]
    first = first_covered(events, kind, municipality)
    years = 0
    if first is not None:
        asked = range(1, municipality.thresholds.history_years + 1)
        years = sum(end.replace(year=end.year - back) >= first for back in asked)
    begin = end.replace(year=end.year - years)
    own = own[(own["start"] >= pd.Timestamp(begin)) & (own["start"] < pd.Timestamp(end))]
    table = own.pivot_table(
        index=own["start"].dt.month, columns="group", values="count", aggfunc="sum", fill_value=0
    )
    groups = table.sum().sort_index().sort_values(ascending=False, kind="stable")
    shown = [
        name for name in groups.index if groups[name] >= municipality.thresholds.minimum_rhythm
    ]
    means = table[shown[:MOST_GROUPS]].assign(all=table.sum(axis=1)) / max(years, 1)
    means = means.reindex([month.start.month for month in months], fill_value=0.0)
    means = means[["all", *shown[:MOST_GROUPS]]].reset_index(drop=True)
    coming = Period(months[0].start, months[-1].end, "interval")
    listed = marks(events, coming, municipality, calendar)
    return YearWheel(months, means, int(groups.sum()), years, listed)


def _month(day: date, ahead: int) -> Period:
    number = day.year * MONTHS + day.month - 1 + ahead
    after = number + 1
    return Period(
        date(number // MONTHS, number % MONTHS + 1, 1),
        date(after // MONTHS, after % MONTHS + 1, 1),
        "month",
    )


def marks(
    events: pd.DataFrame, coming: Period, municipality: Municipality, calendar: pd.DataFrame
) -> pd.DataFrame:
    """
    Return what the calendar and the partners' notices hold for some days to come.

    Returns
    -------
    DataFrame
        ``first``, ``last`` (days), ``kind`` and ``name``, earliest first.
    """
    listed = pd.DataFrame(
        {
            "first": calendar["datum_fran"],
            "last": calendar["datum_till"],
            "kind": calendar["slag"],
            "name": calendar["namn"].where(calendar["namn"] != "", calendar["slag"]),
        }
    )
    told = events[events["kind"] == "upcoming"]
    told = told[told["file"] != (municipality.registers.calendar or "")]
    last = (told["end"] - pd.Timedelta(minutes=1)).fillna(told["start"])
    delivered = pd.DataFrame(
        {"first": told["start"], "last": last, "kind": told["group"], "name": told["group"]}
    )
    both = pd.concat([part for part in (listed, delivered) if len(part)] or [listed])
    both = both.assign(
        **{end: pd.to_datetime(both[end]).dt.normalize() for end in ("first", "last")}
    )
    inside = (both["first"] < pd.Timestamp(coming.end)) & (
        both["last"] >= pd.Timestamp(coming.start)
    )
    return both[inside].sort_values(["first", "kind", "name"], ignore_index=True)
