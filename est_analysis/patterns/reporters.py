"""Who reported in which fortnight: rows, a nil report, or silence; a rise is read beside it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from est_analysis.municipality import Municipality
from est_analysis.patterns.coverage import SILENT_DAYS
from est_analysis.periods import FORTNIGHT, Period

FORTNIGHTS = 12
REPORTED, NIL, SILENT, UNREAD = "reported", "nil", "silent", "unread"
STATES = (REPORTED, NIL, SILENT)
"""What is counted; ``unread`` is neither: a file of theirs could not be read."""


@dataclass(frozen=True)
class Reporters:
    """
    Who reported in the last fortnights.

    Parameters
    ----------
    fortnights
        The fortnights, oldest first; the last ends where the reported period ends.
    table
        One row a partner and fortnight, partners in the order of the settings: ``partner`` (with
        its source where it reports in several ways), ``fortnight`` (its number from 0), ``n``
        (rows reported), ``state`` (one of `STATES`, or `UNREAD` instead of silence).
    partners
        One row a partner: ``partner``, ``reported``, ``nil``, ``silent`` (fortnights of each
        state), ``last`` (the last day on which anything was heard of, None for never), ``fallen``
        (it has been silent longer than ever before, and at least `SILENT_DAYS`).
    activity
        One row a fortnight, of the reporters who are listed by name in the settings only: ``n``
        (rows), ``active`` (reporters with rows), ``each`` (rows per active reporter, NaN without
        any). Empty where no source lists its reporters.
    listed
        How many reporters are listed by name.
    """

    fortnights: tuple[Period, ...]
    table: pd.DataFrame
    partners: pd.DataFrame
    activity: pd.DataFrame
    listed: int


def reporters(
    events: pd.DataFrame,
    period: Period,
    municipality: Municipality,
    *,
    unread: Collection[str] = (),
) -> Reporters:
    """
    Tell who reported in each of the last `FORTNIGHTS` fortnights of a period.

    A row counts on the day it was registered, or began where no such day is told: what matters
    here is when the partner was heard of. What is known to the month only is a report for each
    fortnight that touches the month. A nil report counts in the fortnight that holds its middle.

    Parameters
    ----------
    events
        Accepted events of all periods.
    period
        Its last day ends the last fortnight.
    municipality
        Its sources name the partners; a source of upcoming events only is no reporter.
    unread
        Sources with a file that could not be read: their silence says nothing.

    Returns
    -------
    Reporters
    """
    fortnights = _fortnights(period)
    who = _who(municipality)
    heard = _heard(events[events["kind"] != "upcoming"], municipality)
    heard = heard[heard["first"] < pd.Timestamp(period.end)]
    of = {key: rows for key, rows in heard.groupby(["source", "partner"])}
    unheard = {municipality.first_form(source) for source in unread}
    rows, lines = [], []
    for key, name in who.items():
        own = of.get(key, heard.iloc[:0])
        nothing = UNREAD if key[0] in unheard else SILENT
        states = []
        for number, fortnight in enumerate(fortnights):
            start, end = pd.Timestamp(fortnight.start), pd.Timestamp(fortnight.end)
            here = own.loc[(own["first"] < end) & (own["last"] >= start), "nil"]
            n = int((~here).sum())
            states.append(REPORTED if n else NIL if len(here) else nothing)
            rows.append((name, number, n, states[-1]))
        last, fallen = _last(own, period)
        fallen = fallen and nothing == SILENT
        lines.append((name, *map(states.count, STATES), last, fallen))
    table = pd.DataFrame(rows, columns=["partner", "fortnight", "n", "state"])
    partners = pd.DataFrame(lines, columns=["partner", *STATES, "last", "fallen"])
    listed = {
        name
        for (source, _), name in who.items()
        if municipality.sources[source].columns.partner is not None
    }
    return Reporters(
        fortnights, table, partners, _activity(table[table["partner"].isin(listed)]), len(listed)
    )


def _fortnights(period: Period) -> tuple[Period, ...]:
    last = Period(period.end - FORTNIGHT, period.end, "fortnight")
    found = [last]
    while len(found) < FORTNIGHTS:
        found.append(found[-1].preceding())
    return tuple(reversed(found))


def _who(municipality: Municipality) -> dict[tuple[str, str], str]:
    """Return what to call everyone who should be heard of, by first source and partner."""
    keys = []
    for name, source in municipality.sources.items():
        if source.record_kinds != {"upcoming"}:
            partners = source.partners if source.columns.partner else [source.partner]
            keys += [(municipality.first_form(name), partner) for partner in partners]
    keys = list(dict.fromkeys(keys))
    several = [partner for _, partner in keys]
    return {
        (source, partner): f"{partner} ({source})" if several.count(partner) > 1 else partner
        for source, partner in keys
    }


def _heard(events: pd.DataFrame, municipality: Municipality) -> pd.DataFrame:
    """Return whose each row is, whether it is a nil report, and the days it speaks for."""
    nil = events["kind"] == "nil_report"
    middle = events["start"] + (events["end"] - events["start"]) / 2
    began = events["start"].where(~nil | events["end"].isna(), middle)
    registered = events["registered"].where(~nil)
    day = registered.fillna(began).dt.normalize()
    month = (events["time_precision"] == "month") & registered.isna()
    last = day.where(~month, day + pd.offsets.MonthEnd(0))
    source = events["source"].map(municipality.first_form)
    return pd.DataFrame(
        {"source": source, "partner": events["partner"], "nil": nil, "first": day, "last": last}
    )


def _last(own: pd.DataFrame, period: Period) -> tuple[date | None, bool]:
    """Return the last day that a partner was heard of, and whether it has fallen silent."""
    if own.empty:
        return None, False
    end = pd.Timestamp(period.end)
    spans = own[["first", "last"]].drop_duplicates().sort_values(["first", "last"])
    until = spans["last"].cummax()
    pauses = (spans["first"] - until.shift()).dt.days
    usual = 0 if pauses.isna().all() else int(np.nanmax(pauses))
    last = min(until.iloc[-1], end - pd.Timedelta(days=1))
    day: date = last.date()
    return day, (end - last).days > max(SILENT_DAYS, usual)


def _activity(table: pd.DataFrame) -> pd.DataFrame:
    by = table.assign(active=table["n"] > 0).groupby("fortnight")[["n", "active"]].sum()
    by = by.astype(int)
    return by.assign(each=by["n"] / by["active"].where(by["active"] > 0)).reset_index(drop=True)
