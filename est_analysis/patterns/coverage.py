"""What the deliveries cover: which days of which kind of record can be compared at all."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from est_analysis.municipality import Municipality
from est_analysis.periods import Kind, Period, latest_whole

if TYPE_CHECKING:
    from est_analysis.gather.deliveries import Unread


COARSE = ("month", "unknown")
"""Precisions of time that do not tell the day."""


def in_period(events: pd.DataFrame, period: Period) -> pd.DataFrame:
    """
    Return the events that began within `period`, in the same order.

    What is known to the month only takes part in periods of whole months, and what is known to
    the year only (``unknown``) in whole years: in a fortnight nobody can say that it happened.
    """
    return events[_began_in(events, period) & ~_too_coarse(events, period)]


def undated(events: pd.DataFrame, period: Period) -> int:
    """Count the events that may belong to `period` but whose time is known too coarsely to say."""
    first = period.start.replace(day=1)
    year = Period(first.replace(month=1), period.end, "interval")
    month = Period(first, period.end, "interval")
    coarse = events[_too_coarse(events, period)]
    near = _began_in(coarse, month) | (
        (coarse["time_precision"] == "unknown") & _began_in(coarse, year)
    )
    return int(coarse.loc[near, "count"].sum())


def _began_in(events: pd.DataFrame, period: Period) -> pd.Series:
    start = events["start"]
    return (start >= pd.Timestamp(period.start)) & (start < pd.Timestamp(period.end))


def too_coarse(period: Period) -> list[str]:
    """Return the precisions of time that cannot say whether an event belongs to a period."""
    of_months = period.start.day == period.end.day == 1
    of_years = of_months and period.start.month == period.end.month == 1
    return ([] if of_months else ["month"]) + ([] if of_years else ["unknown"])


def _too_coarse(events: pd.DataFrame, period: Period) -> pd.Series:
    return events["time_precision"].isin(too_coarse(period))


def by_source(events: pd.DataFrame, municipality: Municipality) -> pd.DataFrame:
    """
    Return the first and last day that each source covers.

    Parameters
    ----------
    events
        Accepted events.
    municipality
        Its sources may state ``covers_from``; otherwise the first event's day counts.

    Returns
    -------
    DataFrame
        One row a source with accepted rows: ``source``, ``partner``, ``first``, ``last`` (dates),
        ``n`` (rows), in the order of the settings.
    """
    found = events.groupby("source", observed=True)["start"].agg(["min", "max", "size"])
    rows = []
    for name, source in municipality.sources.items():
        if name in found.index:
            first, last, n = found.loc[name]
            rows.append((name, source.partner, source.covers_from or first.date(), last.date(), n))
    return pd.DataFrame(rows, columns=["source", "partner", "first", "last", "n"])


def first_covered(
    events: pd.DataFrame, kind: str, municipality: Municipality, *, by_place: bool = False
) -> date | None:
    """
    Return the first day that every source of `kind` covers; None where there is no source.

    A source that continues another covers from the other's first day. `by_place` asks from when
    events are told with coordinates: an earlier form without them cannot be counted at a place.
    """
    sources = by_source(events.loc[events["kind"] == kind, ["source", "start"]], municipality)
    if by_place:
        mended = {
            municipality.first_form(name)
            for name in sources["source"]
            if municipality.sources[name].columns.x is not None
        }
        unplaced = [
            municipality.sources[name].columns.x is None and municipality.first_form(name) in mended
            for name in sources["source"]
        ]
        sources = sources[~np.array(unplaced, dtype=bool)]
    if sources.empty:
        return None
    series = sources["source"].map(municipality.first_form)
    return sources.groupby(series)["first"].min().max()


def silent_since(
    events: pd.DataFrame, kind: str, period: Period, municipality: Municipality
) -> date | None:
    """
    Return the last day of a source of `kind` that has stopped delivering before the period's end.

    A source is silent when its last row lies further before the end than `SILENT_DAYS` and than
    any earlier pause of its own; None where every source goes on. A source that another continues
    goes on with it. Without this, a partner that stopped reporting would look like fewer events.
    """
    own = events.loc[events["kind"] == kind, ["source", "start"]]
    own = own.assign(start=own["start"].dt.normalize()).drop_duplicates()
    stopped = []
    for _, rows in own.groupby(own["source"].map(municipality.first_form)):
        days = rows["start"].drop_duplicates().sort_values()
        days = days[days < pd.Timestamp(period.end)]
        if days.empty:
            continue
        pause = days.diff().max()
        usual = 0 if pd.isna(pause) else pause.days
        if (pd.Timestamp(period.end) - days.iloc[-1]).days > max(SILENT_DAYS, usual):
            stopped.append(days.iloc[-1].date())
    return min(stopped, default=None)


def kinds_with_unread(unread: Iterable[Unread], municipality: Municipality) -> dict[str, str]:
    """
    Return the kinds of record that some file would have told of, had it been read, and that file.

    Such a kind is compared with nothing: a missing file must never look like a fall.
    """
    found: dict[str, str] = {}
    for one in unread:
        for kind in sorted(municipality.sources[one.source].record_kinds):
            found.setdefault(kind, one.file)
    return found


SILENT_DAYS = 28
"""A source is not called silent before so many days without a row."""


def covered_seasons(
    events: pd.DataFrame, kind: str, period: Period, municipality: Municipality
) -> list[Period]:
    """
    Return the same season of earlier years that every source of `kind` covers, nearest first.

    At most ``thresholds.history_years`` of them.
    """
    first = first_covered(events, kind, municipality)
    seasons = period.same_season(municipality.thresholds.history_years)
    return [] if first is None else [season for season in seasons if season.start >= first]


def last_day(events: pd.DataFrame) -> date:
    """Return the last day on which an event of any kind but an upcoming one began."""
    past = events[~events["kind"].isin(["upcoming"])]
    last: date = (past if len(past) else events)["start"].max().date()
    return last


def latest_of(events: pd.DataFrame, kind: Kind) -> Period:
    """Return the latest whole period of a kind delivered; of no events the first of all."""
    if events.empty:
        return latest_whole(date(1970, 3, 31), kind)
    return latest_whole(last_day(events) + _SLACK.get(kind, timedelta(0)), kind)


_SLACK: dict[str, timedelta] = {
    "month": timedelta(days=2),
    **dict.fromkeys(("tertial", "quarter", "year"), timedelta(days=7)),
}
"""A period counts as delivered when events reach this near to its end; weeks have no slack."""
