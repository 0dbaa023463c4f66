"""Atoms: the counts that every released number is a sum of, quarter by area by group."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from est_analysis import periods
from est_analysis.errors import PeriodError
from est_analysis.patterns.coverage import in_period
from est_analysis.periods import Period

UNKNOWN_AREA = "okänt område"
PARTS = (
    *("vardag, dag", "vardag, kväll", "vardag, natt"),
    *("helg, dag", "helg, kväll", "helg, natt"),
)
"""Day is 06-18, evening 18-24, night 00-06; the weekend is Saturday and Sunday."""
UNKNOWN_PART = "går inte att säga"
_DAY, _EVENING = 6, 18
_SATURDAY = 5


@dataclass(frozen=True)
class Atoms:
    """
    The counts of one kind of record in one quarter.

    Parameters
    ----------
    kind, quarter
        For example ``reported_crime`` and ``2026Q3``.
    what
        ``(area, group)`` to the count and the partners who told of it; no zeros.
    when
        Part of the week to the same. Both add up to all events of the kind and quarter.
    """

    kind: str
    quarter: str
    what: dict[tuple[str, str], tuple[int, frozenset[str]]]
    when: dict[str, tuple[int, frozenset[str]]]

    def entry(self) -> dict[str, Any]:
        """Return the atoms as a line of the ledger."""
        return {
            "kind": self.kind,
            "quarter": self.quarter,
            "what": [[*key, n, sorted(who)] for key, (n, who) in sorted(self.what.items())],
            "when": [[key, n, sorted(who)] for key, (n, who) in sorted(self.when.items())],
        }

    @staticmethod
    def of_entry(entry: dict[str, Any]) -> Atoms:
        """Return what `entry` wrote."""
        return Atoms(
            entry["kind"],
            entry["quarter"],
            {(area, group): (n, frozenset(who)) for area, group, n, who in entry["what"]},
            {part: (n, frozenset(who)) for part, n, who in entry["when"]},
        )


def quarters_to(period: Period, years: int) -> list[list[str]]:
    """
    Return the quarters of the twelve months up to the period's end, and of the years before.

    Parameters
    ----------
    period
        It ends where a quarter ends.
    years
        How many windows of twelve months.

    Returns
    -------
    list of list of str
        Newest window first; within it oldest quarter first.

    Raises
    ------
    PeriodError
        If the period does not end where a quarter ends.
    """
    last = periods.latest_quarter(period.last)
    if last.end != period.end:
        raise PeriodError(
            f"Den publika utgåvan kan inte göras för {period}: den slutar inte med ett kvartal.",
            mend="Välj ett kvartal eller ett år, till exempel 2026Q3.",
        )
    names: list[str] = []
    for _ in range(4 * years):
        names.append(str(last))
        last = last.preceding()
    return [names[4 * i : 4 * i + 4][::-1] for i in range(years)]


def count(events: pd.DataFrame, kind: str, quarters: Iterable[str]) -> dict[str, Atoms]:
    """
    Count accepted events of one kind.

    Parameters
    ----------
    events
        Accepted events of all periods, each counted once.
    kind
        Kind of record.
    quarters
        As `periods.parse` reads them.

    Returns
    -------
    dict
        Quarter to its atoms.
    """
    own = events[events["kind"] == kind]
    found = {}
    for quarter in quarters:
        rows = in_period(own, periods.parse(quarter))
        area = rows["area"].mask(rows["area"] == "", UNKNOWN_AREA)
        plain = rows.assign(area=area, part=part_of_week(rows))
        found[quarter] = Atoms(
            kind,
            quarter,
            {tuple(key): value for key, value in _tally(plain, ["area", "group"])},
            {key[0]: value for key, value in _tally(plain, ["part"])},
        )
    return found


def _tally(rows: pd.DataFrame, by: list[str]) -> list[tuple[Any, tuple[int, frozenset[str]]]]:
    return [
        (key, (int(part["count"].sum()), frozenset(part["partner"])))
        for key, part in rows.groupby(by, sort=True)
    ]


def part_of_week(events: pd.DataFrame) -> np.ndarray:
    """
    Return the part of the week of each event, or that it cannot be told.

    What began in one part and may have ended in another, or has no clock, cannot be told: an
    event is never divided, so that every released number is a whole count.
    """
    start = events["start"]
    end = events["end"].fillna(start)
    first, last = _part(start), _part(end)
    same = (first == last) & (end - start < timedelta(hours=24)).to_numpy()
    known = events["time_precision"].isin(["minute", "hour"]).to_numpy()
    names = np.array([*PARTS, UNKNOWN_PART], dtype=object)
    chosen = np.where(same & known, first, len(PARTS))
    return np.asarray(names[chosen.astype(int)])


def _part(moment: pd.Series) -> np.ndarray:
    hour = moment.dt.hour.to_numpy()
    within = np.where(hour < _DAY, 2, np.where(hour < _EVENING, 0, 1))
    return np.asarray(within + 3 * (moment.dt.day_of_week.to_numpy() >= _SATURDAY))
