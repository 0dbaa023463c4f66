"""Periods of analysis and what each is compared with: its own season in earlier years."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Literal

from est_analysis.errors import PeriodError

Kind = Literal["week", "fortnight", "month", "tertial", "quarter", "year", "interval"]

FORTNIGHT = timedelta(days=14)
_YEAR_OF_WEEKS = timedelta(weeks=52)
_MONTHS: dict[str, int] = {"month": 1, "tertial": 4, "quarter": 3, "year": 12}
_WEEKS = {"week": timedelta(weeks=1), "fortnight": FORTNIGHT}
_FIRST_MONDAY = date(2024, 1, 1)
_FORMS = "2026Q3, 2026T2, 2026-09, 2026-W36, 2026 eller 2026-09-17--2026-09-30"


@dataclass(frozen=True, order=True)
class Period:
    """
    Whole local days from `start` up to, but not including, `end`.

    Parameters
    ----------
    start
        First day.
    end
        The day after the last day.
    kind
        What sort of period; it decides what "the same season" means.
    """

    start: date
    end: date
    kind: Kind

    def __str__(self) -> str:
        """Return the form that `parse` reads."""
        year = self.start.year
        match self.kind:
            case "quarter":
                return f"{year}Q{(self.start.month + 2) // 3}"
            case "tertial":
                return f"{year}T{(self.start.month + 3) // 4}"
            case "month":
                return f"{year}-{self.start.month:02d}"
            case "year":
                return str(year)
            case "week":
                iso = self.start.isocalendar()
                return f"{iso.year}-W{iso.week:02d}"
        return f"{self.start}--{self.last}"

    @property
    def last(self) -> date:
        """The last day of the period."""
        return self.end - timedelta(days=1)

    @property
    def days(self) -> int:
        """Length in days."""
        return (self.end - self.start).days

    def years_earlier(self, years: int) -> Period:
        """
        Return the same season `years` years earlier.

        Calendar periods move by calendar years; weeks, fortnights and free intervals by 52 weeks
        a year, so that weekdays meet weekdays.
        """
        if self.kind in _MONTHS:
            start = self.start.replace(year=self.start.year - years)
            return _months(start, self.kind)
        shift = years * _YEAR_OF_WEEKS
        return Period(self.start - shift, self.end - shift, self.kind)

    def same_season(self, years: int = 3) -> list[Period]:
        """Return the same season of up to `years` earlier years, nearest first."""
        return [self.years_earlier(k) for k in range(1, years + 1)]

    def preceding(self) -> Period:
        """Return the period of the same kind that ends where this one starts."""
        if self.kind in _MONTHS:
            month0 = self.start.year * 12 + self.start.month - 1 - _MONTHS[self.kind]
            return _months(date(month0 // 12, month0 % 12 + 1, 1), self.kind)
        return Period(self.start - (self.end - self.start), self.start, self.kind)

    def year_to_end(self) -> Period:
        """Return the twelve months that end where this period ends."""
        try:
            start = self.end.replace(year=self.end.year - 1)
        except ValueError:  # 29 February
            start = date(self.end.year - 1, 3, 1)
        return Period(start, self.end, "interval")

    def last_fortnight(self) -> Period:
        """Return the last fourteen days of this period, or the period itself if it is shorter."""
        if self.end - self.start < FORTNIGHT:
            return self
        return Period(max(self.start, self.end - FORTNIGHT), self.end, "fortnight")


def _months(start: date, kind: Kind) -> Period:
    month0 = start.year * 12 + start.month - 1 + _MONTHS[kind]
    return Period(start, date(month0 // 12, month0 % 12 + 1, 1), kind)


def parse(text: str) -> Period:
    """
    Read a period as people write it.

    Parameters
    ----------
    text
        ``2026Q3`` (quarter), ``2026T2`` (tertial), ``2026-09`` (month), ``2026-W36`` (ISO week),
        ``2026`` (year), or first and last day ``2026-09-17--2026-09-30`` (from meeting to
        meeting; fourteen days make a fortnight).

    Returns
    -------
    Period

    Raises
    ------
    PeriodError
        If the text is none of these forms or names a day that does not exist.

    Examples
    --------
    >>> parse("2026Q3").same_season(1)[0].start
    datetime.date(2025, 7, 1)
    """
    text = text.strip()
    try:
        if m := re.fullmatch(r"(\d{4})[ -]?[QqKk]([1-4])", text):
            return _months(date(int(m[1]), 3 * int(m[2]) - 2, 1), "quarter")
        if m := re.fullmatch(r"(\d{4})[ -]?[Tt]([1-3])", text):
            return _months(date(int(m[1]), 4 * int(m[2]) - 3, 1), "tertial")
        if m := re.fullmatch(r"(\d{4})-(\d{2})", text):
            return _months(date(int(m[1]), int(m[2]), 1), "month")
        if m := re.fullmatch(r"(\d{4})-?[WwVv](\d{1,2})", text):
            start = date.fromisocalendar(int(m[1]), int(m[2]), 1)
            return Period(start, start + timedelta(days=7), "week")
        if re.fullmatch(r"\d{4}", text):
            return _months(date(int(text), 1, 1), "year")
        if m := re.fullmatch(r"(\d{4}-\d{2}-\d{2})(?:--|/)(\d{4}-\d{2}-\d{2})", text):
            start, end = date.fromisoformat(m[1]), date.fromisoformat(m[2]) + timedelta(days=1)
            if end > start:
                return _free(start, end)
    except (ValueError, OverflowError) as error:
        raise PeriodError(
            f"Perioden ”{text}” finns inte i kalendern ({error}).",
            mend=f"Skriv till exempel {_FORMS}.",
        ) from error
    raise PeriodError(f"Perioden ”{text}” går inte att läsa.", mend=f"Skriv till exempel {_FORMS}.")


def latest_quarter(last_day: date) -> Period:
    """Return the latest quarter that is whole when data reach up to and including `last_day`."""
    return latest_whole(last_day, "quarter")


def latest_whole(last_day: date, kind: Kind) -> Period:
    """
    Return the latest period of a kind that is whole when data reach up to `last_day`.

    Parameters
    ----------
    last_day
        The last day that there are data of.
    kind
        All but ``interval``, whose ends nobody can guess. A fortnight is two ISO weeks, counted
        from a Monday that never moves, so that they lie end to end across a week 53.

    Raises
    ------
    PeriodError
        If the kind is ``interval``.
    """
    day_after = last_day + timedelta(days=1)
    if kind in _MONTHS:
        first = (day_after.month - 1) // _MONTHS[kind] * _MONTHS[kind] + 1
        return _months(date(day_after.year, first, 1), kind).preceding()
    if kind not in _WEEKS:
        raise PeriodError("En fri period har ingen senaste: skriv första och sista dag.")
    length = _WEEKS[kind]
    end = day_after - (day_after - _FIRST_MONDAY) % length
    return Period(end - length, end, kind)


def between_meetings(meetings: Iterable[date], last_day: date) -> list[Period]:
    """
    Return the periods from meeting to meeting that are whole, newest first.

    Parameters
    ----------
    meetings
        The days of the group's meetings, in any order.
    last_day
        The last day that there are data of. A meeting's own day belongs to the period after it.

    Returns
    -------
    list of Period
        Empty where there have not been two meetings.
    """
    held = sorted({day for day in meetings if day <= last_day + timedelta(days=1)})
    return [_free(first, end) for first, end in pairwise(held)][::-1]


def since_meeting(meetings: Iterable[date], last_day: date) -> Period | None:
    """Return the days from the latest meeting up to `last_day`; None where there is none."""
    held = [day for day in meetings if day <= last_day]
    return _free(max(held), last_day + timedelta(days=1)) if held else None


def _free(start: date, end: date) -> Period:
    return Period(start, end, "fortnight" if end - start == FORTNIGHT else "interval")
