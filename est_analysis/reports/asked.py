"""Which period a report is about: as it was asked for, or the latest whole one delivered."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from est_analysis import periods
from est_analysis.errors import PeriodError
from est_analysis.municipality import Municipality
from est_analysis.periods import Period

if TYPE_CHECKING:
    import pandas as pd

BETWEEN_MEETINGS: Final = "meeting"
SINCE_MEETING: Final = "since-meeting"
"""Periods by the register's meetings: between the two latest, and since the latest."""


def period_of(
    text: str | None,
    events: pd.DataFrame,
    municipality: Municipality,
    *,
    public: bool = False,
) -> Period:
    """
    Return the period asked for, or the latest whole one of what was delivered.

    Parameters
    ----------
    text
        As `periods.parse` reads it, `BETWEEN_MEETINGS` or `SINCE_MEETING`; None takes the latest of
        the kind that the settings name.
    events
        All accepted events.
    municipality
        Gives the kind, and the register with the meetings.
    public
        Whether it must end with a quarter; the latest is then a quarter unless it is a year.

    Raises
    ------
    PeriodError
        If the text cannot be read, nothing was delivered for the period, or the register tells of
        too few meetings.
    """
    from est_analysis.patterns.coverage import in_period, last_day, latest_of

    if events.empty:
        raise PeriodError(
            "Ingen rad i leveranserna går att använda.",
            mend="Kör est check för att se varför.",
        )
    kind = municipality.reports.period
    if text is None and public and kind != "year":
        kind = "quarter"
    if text is None and kind != BETWEEN_MEETINGS:
        return latest_of(events, kind)
    if text is None or text.strip() in {BETWEEN_MEETINGS, SINCE_MEETING}:
        whole = text is None or text.strip() == BETWEEN_MEETINGS
        return _of_meetings(meetings(municipality), last_day(events), whole=whole)
    period = periods.parse(text)
    if in_period(events, period).empty:
        start = events["start"]
        raise PeriodError(
            f"Det finns inga uppgifter för {text}.",
            where=f"leveranserna täcker {start.min():%Y-%m-%d} till {start.max():%Y-%m-%d}",
            mend="Välj en period inom den tiden, eller lägg in leveransen.",
        )
    return period


def meetings(municipality: Municipality) -> list[date]:
    """Return the days of the group's meetings, as the register's decisions tell them."""
    from est_analysis.measures.register import read

    return [day.date() for day in read(municipality).decisions["motesdatum"].dropna().unique()]


def _of_meetings(held: list[date], last: date, *, whole: bool) -> Period:
    between = periods.between_meetings(held, last)
    found = next(iter(between), None) if whole else periods.since_meeting(held, last)
    if found is None:
        raise PeriodError(
            "Registret har inte de möten som behövs för perioden.",
            mend="Fyll i motesdatum i listan över beslut, eller skriv första och sista dag.",
        )
    return found
